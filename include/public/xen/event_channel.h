/* SPDX-License-Identifier: MIT */
/*
 * Event channels. A port is one end of a channel: to another domain, a virtual IRQ, a physical IRQ
 * or another vcpu. A send sets the peer's pending bit; if it is not masked, the vcpu the port is
 * bound to gets an upcall. Port 0 is never valid. IN and OUT mark the fields of an argument.
 */
#ifndef __XEN_PUBLIC_EVENT_CHANNEL_H__
#define __XEN_PUBLIC_EVENT_CHANNEL_H__

#include "xen.h"

#define EVTCHNOP_bind_interdomain 0
#define EVTCHNOP_bind_virq 1
#define EVTCHNOP_bind_pirq 2
#define EVTCHNOP_close 3
#define EVTCHNOP_send 4
#define EVTCHNOP_status 5
#define EVTCHNOP_alloc_unbound 6
#define EVTCHNOP_bind_ipi 7
#define EVTCHNOP_bind_vcpu 8
#define EVTCHNOP_unmask 9
#define EVTCHNOP_reset 10
#define EVTCHNOP_init_control 11	/* FIFO interface, with 12 and 13 */
#define EVTCHNOP_expand_array 12
#define EVTCHNOP_set_priority 13

#define BIND_PIRQ__WILL_SHARE 1

#define EVTCHNSTAT_closed 0
#define EVTCHNSTAT_unbound 1		/* waits for the remote domain to bind */
#define EVTCHNSTAT_interdomain 2
#define EVTCHNSTAT_pirq 3
#define EVTCHNSTAT_virq 4
#define EVTCHNSTAT_ipi 5

#define EVTCHN_FIFO_PRIORITY_MAX 0
#define EVTCHN_FIFO_PRIORITY_DEFAULT 7
#define EVTCHN_FIFO_PRIORITY_MIN 15
#define EVTCHN_FIFO_MAX_QUEUES (EVTCHN_FIFO_PRIORITY_MIN + 1)
#define EVTCHN_FIFO_PENDING 31		/* bit numbers of an event_word_t */
#define EVTCHN_FIFO_MASKED 30
#define EVTCHN_FIFO_LINKED 29
#define EVTCHN_FIFO_BUSY 28
#define EVTCHN_FIFO_LINK_BITS 17
#define EVTCHN_FIFO_LINK_MASK ((1 << EVTCHN_FIFO_LINK_BITS) - 1)
#define EVTCHN_FIFO_NR_CHANNELS (1 << EVTCHN_FIFO_LINK_BITS)

#ifndef __ASSEMBLY__

/* Ports of the two-level interface: one bit each in shared_info's 64 words. */
#define EVTCHN_2L_NR_CHANNELS (sizeof(xen_ulong_t) * sizeof(xen_ulong_t) * 64)

typedef uint32_t evtchn_port_t;
DEFINE_XEN_GUEST_HANDLE(evtchn_port_t);

/* A new port of dom to which remote_dom may bind. dom other than SELF needs privilege. */
struct evtchn_alloc_unbound {
	domid_t dom, remote_dom;	/* IN */
	evtchn_port_t port;		/* OUT */
};
typedef struct evtchn_alloc_unbound evtchn_alloc_unbound_t;

/* A new local port joined to an unbound one that was made for the caller. It is pending at once. */
struct evtchn_bind_interdomain {
	domid_t remote_dom;		/* IN */
	evtchn_port_t remote_port;	/* IN */
	evtchn_port_t local_port;	/* OUT */
};
typedef struct evtchn_bind_interdomain evtchn_bind_interdomain_t;

/* -EEXIST when already bound; virqs of the domain kind need vcpu 0. */
struct evtchn_bind_virq {
	uint32_t virq;			/* IN */
	uint32_t vcpu;			/* IN */
	evtchn_port_t port;		/* OUT */
};
typedef struct evtchn_bind_virq evtchn_bind_virq_t;

struct evtchn_bind_pirq {
	uint32_t pirq;			/* IN */
	uint32_t flags;			/* IN: BIND_PIRQ__* */
	evtchn_port_t port;		/* OUT */
};
typedef struct evtchn_bind_pirq evtchn_bind_pirq_t;

/* A port of the caller that, sent to, raises an event on vcpu. */
struct evtchn_bind_ipi {
	uint32_t vcpu;			/* IN */
	evtchn_port_t port;		/* OUT */
};
typedef struct evtchn_bind_ipi evtchn_bind_ipi_t;

/* The far end of an interdomain channel becomes unbound. */
struct evtchn_close {
	evtchn_port_t port;		/* IN */
};
typedef struct evtchn_close evtchn_close_t;

struct evtchn_send {
	evtchn_port_t port;		/* IN: a local port */
};
typedef struct evtchn_send evtchn_send_t;

struct evtchn_status {
	domid_t dom;			/* IN */
	evtchn_port_t port;		/* IN */
	uint32_t status;		/* OUT: EVTCHNSTAT_*, choosing the arm of u */
	uint32_t vcpu;			/* OUT: vcpu the port is bound to */
	union {
		struct {
			domid_t dom;
		} unbound;
		struct {
			domid_t dom;
			evtchn_port_t port;
		} interdomain;
		uint32_t pirq;
		uint32_t virq;
	} u;				/* OUT */
};
typedef struct evtchn_status evtchn_status_t;

/*
 * Choose the vcpu that gets the port's upcalls. Ipi and per-vcpu virq ports cannot move: -EINVAL.
 */
struct evtchn_bind_vcpu {
	evtchn_port_t port;		/* IN */
	uint32_t vcpu;			/* IN */
};
typedef struct evtchn_bind_vcpu evtchn_bind_vcpu_t;

/* Clear the mask bit and give the upcall if the port is pending. */
struct evtchn_unmask {
	evtchn_port_t port;		/* IN */
};
typedef struct evtchn_unmask evtchn_unmask_t;

/* Close every port of dom. */
struct evtchn_reset {
	domid_t dom;			/* IN */
};
typedef struct evtchn_reset evtchn_reset_t;

struct evtchn_init_control {
	uint64_t control_gfn;		/* IN */
	uint32_t offset;		/* IN: of the control block in that page */
	uint32_t vcpu;			/* IN */
	uint8_t link_bits;		/* OUT */
	uint8_t _pad[7];
};
typedef struct evtchn_init_control evtchn_init_control_t;

struct evtchn_expand_array {
	uint64_t array_gfn;		/* IN */
};
typedef struct evtchn_expand_array evtchn_expand_array_t;

struct evtchn_set_priority {
	evtchn_port_t port;		/* IN */
	uint32_t priority;		/* IN */
};
typedef struct evtchn_set_priority evtchn_set_priority_t;

/* Argument of the old hypercall, event_channel_op_compat. */
struct evtchn_op {
	uint32_t cmd;			/* EVTCHNOP_* */
	union {
		evtchn_alloc_unbound_t alloc_unbound;
		evtchn_bind_interdomain_t bind_interdomain;
		evtchn_bind_virq_t bind_virq;
		evtchn_bind_pirq_t bind_pirq;
		evtchn_bind_ipi_t bind_ipi;
		evtchn_close_t close;
		evtchn_send_t send;
		evtchn_status_t status;
		evtchn_bind_vcpu_t bind_vcpu;
		evtchn_unmask_t unmask;
	} u;
};
typedef struct evtchn_op evtchn_op_t;
DEFINE_XEN_GUEST_HANDLE(evtchn_op_t);

typedef uint32_t event_word_t;

struct evtchn_fifo_control_block {
	uint32_t ready;			/* bit p: queue p has events */
	uint32_t _rsvd;
	uint32_t head[EVTCHN_FIFO_MAX_QUEUES];
};
typedef struct evtchn_fifo_control_block evtchn_fifo_control_block_t;

#endif /* __ASSEMBLY__ */

#endif
