/* SPDX-License-Identifier: MIT */
/*
 * Shared rings of split drivers: one page where the frontend puts requests and the backend
 * responses, in the same slots. Indices run freely modulo 2^32; a slot is index modulo the ring's
 * size.
 *
 * req_event and rsp_event say which index the other side wants to be notified about: the producer
 * sends an event only if its new index passes it. The producer publishes entries before the index
 * (wmb), the consumer reads the index before the entries (rmb): the user supplies xen_mb, xen_rmb
 * and xen_wmb.
 *
 * Both sides are hostile. Copy an entry before looking at it (RING_COPY_*), and check the peer's
 * index (RING_*_OVERFLOW): the shared page may change at any moment.
 */
#ifndef __XEN_PUBLIC_IO_RING_H__
#define __XEN_PUBLIC_IO_RING_H__

#include "../xen.h"

#if __XEN_INTERFACE_VERSION__ < 0x00030208
#define xen_mb() mb()
#define xen_rmb() rmb()
#define xen_wmb() wmb()
#endif

#ifndef __ASSEMBLY__
typedef unsigned int RING_IDX;
#endif

/* The highest power of two not above a 32-bit number; 0 for 0. */
#define __RD32(x) ((x) ? 1u << (31 - __builtin_clz(x)) : 0u)

/* Slots of a ring in sz bytes: by type name (a constant), by pointer to the shared ring. */
#define __CONST_RING_SIZE(_s, sz) \
	__RD32((unsigned int)(((sz) - offsetof(struct _s ## _sring, ring)) / \
			      sizeof(union _s ## _sring_entry)))
#define __RING_SIZE(_s, sz) \
	__RD32((unsigned int)(((sz) - ((char *)(_s)->ring - (char *)(_s))) / sizeof((_s)->ring[0])))

/*
 * name_sring is the shared page; name_front_ring and name_back_ring are each side's private view.
 */
#define DEFINE_RING_TYPES(__name, __req_t, __rsp_t)				\
union __name ## _sring_entry {							\
	__req_t req;								\
	__rsp_t rsp;								\
};										\
struct __name ## _sring {							\
	RING_IDX req_prod, req_event;						\
	RING_IDX rsp_prod, rsp_event;						\
	union {									\
		struct {							\
			uint8_t smartpoll_active;				\
		} netif;							\
		struct {							\
			uint8_t msg;						\
		} tapif_user;							\
		uint8_t pvt_pad[4];						\
	} pvt;									\
	uint8_t __pad[44];							\
	union __name ## _sring_entry ring[1];					\
};										\
struct __name ## _front_ring {							\
	RING_IDX req_prod_pvt;							\
	RING_IDX rsp_cons;							\
	unsigned int nr_ents;							\
	struct __name ## _sring *sring;						\
};										\
struct __name ## _back_ring {							\
	RING_IDX rsp_prod_pvt;							\
	RING_IDX req_cons;							\
	unsigned int nr_ents;							\
	struct __name ## _sring *sring;						\
};										\
typedef struct __name ## _sring __name ## _sring_t;				\
typedef struct __name ## _front_ring __name ## _front_ring_t;			\
typedef struct __name ## _back_ring __name ## _back_ring_t

/* The frontend sets up the page, then each side its view; ATTACH takes over at index i. */
#define SHARED_RING_INIT(_s) do {						\
	memset((_s), 0, offsetof(__typeof__(*(_s)), ring));			\
	(_s)->req_event = 1;							\
	(_s)->rsp_event = 1;							\
} while (0)

#define FRONT_RING_ATTACH(_r, _s, _i, __size) do {				\
	(_r)->sring = (_s);							\
	(_r)->nr_ents = __RING_SIZE(_s, __size);				\
	(_r)->req_prod_pvt = (_i);						\
	(_r)->rsp_cons = (_i);							\
} while (0)
#define FRONT_RING_INIT(_r, _s, __size) FRONT_RING_ATTACH(_r, _s, 0, __size)
#define XEN_FRONT_RING_INIT(r, s, size) do {					\
	SHARED_RING_INIT(s);							\
	FRONT_RING_INIT(r, s, size);						\
} while (0)

#define BACK_RING_ATTACH(_r, _s, _i, __size) do {				\
	(_r)->sring = (_s);							\
	(_r)->nr_ents = __RING_SIZE(_s, __size);				\
	(_r)->rsp_prod_pvt = (_i);						\
	(_r)->req_cons = (_i);							\
} while (0)
#define BACK_RING_INIT(_r, _s, __size) BACK_RING_ATTACH(_r, _s, 0, __size)

#define RING_SIZE(_r) ((_r)->nr_ents)

/* Frontend: slots without a request that waits for its response. */
#define RING_FREE_REQUESTS(_r) (RING_SIZE(_r) + (_r)->rsp_cons - (_r)->req_prod_pvt)
#define RING_FULL(_r) (!RING_FREE_REQUESTS(_r))

#define XEN_RING_NR_UNCONSUMED_RESPONSES(_r) ((_r)->sring->rsp_prod - (_r)->rsp_cons)
/* Never more than the slots whose requests have no response yet. */
#define XEN_RING_NR_UNCONSUMED_REQUESTS(_r) (__extension__ ({			\
	unsigned int __told = (_r)->sring->req_prod - (_r)->req_cons;		\
	unsigned int __room = RING_SIZE(_r) + (_r)->rsp_prod_pvt - (_r)->req_cons; \
	__told > __room ? __room : __told;					\
}))

#ifdef XEN_RING_HAS_UNCONSUMED_IS_BOOL
#define RING_HAS_UNCONSUMED_RESPONSES(_r) (XEN_RING_NR_UNCONSUMED_RESPONSES(_r) != 0)
#define RING_HAS_UNCONSUMED_REQUESTS(_r) (XEN_RING_NR_UNCONSUMED_REQUESTS(_r) != 0)
#else
#define RING_HAS_UNCONSUMED_RESPONSES(_r) XEN_RING_NR_UNCONSUMED_RESPONSES(_r)
#define RING_HAS_UNCONSUMED_REQUESTS(_r) XEN_RING_NR_UNCONSUMED_REQUESTS(_r)
#endif

/* Pointer into the shared page; its contents are the peer's to change. */
#define RING_GET_REQUEST(_r, _idx) (&(_r)->sring->ring[(_idx) & (RING_SIZE(_r) - 1)].req)
#define RING_GET_RESPONSE(_r, _idx) (&(_r)->sring->ring[(_idx) & (RING_SIZE(_r) - 1)].rsp)

/* A private copy, read from the page once. */
#define RING_COPY_(type, r, idx, dest) do {					\
	*(dest) = *(volatile __typeof__(dest))RING_GET_ ## type(r, idx);	\
} while (0)
#define RING_COPY_REQUEST(r, idx, req) RING_COPY_(REQUEST, r, idx, req)
#define RING_COPY_RESPONSE(r, idx, rsp) RING_COPY_(RESPONSE, r, idx, rsp)

/*
 * Backend: cons would overtake the responses owed; the peer's prod claims more than the ring holds.
 */
#define RING_REQUEST_CONS_OVERFLOW(_r, _cons) ((_cons) - (_r)->rsp_prod_pvt >= RING_SIZE(_r))
#define RING_REQUEST_PROD_OVERFLOW(_r, _prod) ((_prod) - (_r)->rsp_prod_pvt > RING_SIZE(_r))
/* Frontend: the same for responses. */
#define RING_RESPONSE_PROD_OVERFLOW(_r, _prod) ((_prod) - (_r)->rsp_cons > RING_SIZE(_r))

/* Publish what was produced. */
#define RING_PUSH_REQUESTS(_r) do {						\
	xen_wmb();								\
	(_r)->sring->req_prod = (_r)->req_prod_pvt;				\
} while (0)
#define RING_PUSH_RESPONSES(_r) do {						\
	xen_wmb();								\
	(_r)->sring->rsp_prod = (_r)->rsp_prod_pvt;				\
} while (0)

/* Publish, and set _notify if the peer asked to hear of an index just passed. */
#define RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(_r, _notify) do {			\
	RING_IDX __was = (_r)->sring->req_prod, __is = (_r)->req_prod_pvt;	\
	RING_PUSH_REQUESTS(_r);							\
	xen_mb();								\
	(_notify) = (RING_IDX)(__is - (_r)->sring->req_event) < (RING_IDX)(__is - __was); \
} while (0)
#define RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(_r, _notify) do {			\
	RING_IDX __was = (_r)->sring->rsp_prod, __is = (_r)->rsp_prod_pvt;	\
	RING_PUSH_RESPONSES(_r);						\
	xen_mb();								\
	(_notify) = (RING_IDX)(__is - (_r)->sring->rsp_event) < (RING_IDX)(__is - __was); \
} while (0)

/* Before sleeping: if nothing waits, ask for an event at the next entry, and look once more. */
#define RING_FINAL_CHECK_FOR_REQUESTS(_r, _work_to_do) do {			\
	(_work_to_do) = RING_HAS_UNCONSUMED_REQUESTS(_r);			\
	if (!(_work_to_do)) {							\
		(_r)->sring->req_event = (_r)->req_cons + 1;			\
		xen_mb();							\
		(_work_to_do) = RING_HAS_UNCONSUMED_REQUESTS(_r);		\
	}									\
} while (0)
#define RING_FINAL_CHECK_FOR_RESPONSES(_r, _work_to_do) do {			\
	(_work_to_do) = RING_HAS_UNCONSUMED_RESPONSES(_r);			\
	if (!(_work_to_do)) {							\
		(_r)->sring->rsp_event = (_r)->rsp_cons + 1;			\
		xen_mb();							\
		(_work_to_do) = RING_HAS_UNCONSUMED_RESPONSES(_r);		\
	}									\
} while (0)

#endif
