/* SPDX-License-Identifier: MIT */
/*
 * What the function-like macros of the public headers do, as a text: the same source is compiled
 * with our headers and with Debian's, and the two outputs must be equal. Rings are driven by a
 * fixed pseudo-random sequence of produce, consume, push and check; every decision the macros make
 * is printed.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define mb() __sync_synchronize()
#define rmb() __sync_synchronize()
#define wmb() __sync_synchronize()

#include <xen/xen.h>
#if __XEN_INTERFACE_VERSION__ >= 0x00030208
#define xen_mb() mb()
#define xen_rmb() rmb()
#define xen_wmb() wmb()
#endif

#include <xen/grant_table.h>
#include <xen/vcpu.h>
#include <xen/io/blkif.h>
#include <xen/io/console.h>
#include <xen/io/netif.h>
#include <xen/io/ring.h>
#include <xen/io/xs_wire.h>

struct req {
	uint32_t id;
	uint8_t more[20];
};
struct rsp {
	uint32_t id;
	int16_t status;
};
DEFINE_RING_TYPES(demo, struct req, struct rsp);
DEFINE_RING_TYPES(wide, struct { uint8_t bytes[130]; }, struct rsp);

static uint8_t page[16384] __attribute__((aligned(4096)));

static unsigned int next(unsigned int *state)
{
	*state = *state * 1103515245 + 12345;
	return *state >> 16;
}

static void ring_sizes(void)
{
	struct demo_sring *d = (void *)page;
	struct wide_sring *w = (void *)page;
	struct netif_tx_sring *tx = (void *)page;

	for (unsigned int size = 128; size <= sizeof(page); size *= 2)
		printf("size %u: %u %u %u\n", size, (unsigned int)__RING_SIZE(d, size),
		       (unsigned int)__RING_SIZE(w, size), (unsigned int)__RING_SIZE(tx, size));
	printf("constant sizes: %u %u %u\n", (unsigned int)__CONST_RING_SIZE(blkif, 4096),
	       (unsigned int)__CONST_RING_SIZE(netif_rx, 4096),
	       (unsigned int)__CONST_RING_SIZE(demo, 8192));
}

static void front_step(struct demo_front_ring *f, unsigned int what, unsigned int *made)
{
	struct rsp rsp;
	int flag = 0;

	switch (what % 4) {
	case 0:
		if (!RING_FULL(f)) {
			RING_GET_REQUEST(f, f->req_prod_pvt)->id = (*made)++;
			f->req_prod_pvt++;
		}
		break;
	case 1:
		RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(f, flag);
		break;
	case 2:
		RING_FINAL_CHECK_FOR_RESPONSES(f, flag);
		break;
	case 3:
		if (RING_HAS_UNCONSUMED_RESPONSES(f)) {
			RING_COPY_RESPONSE(f, f->rsp_cons, &rsp);
			f->rsp_cons++;
			flag = (int)rsp.id;
		}
		break;
	}
	printf("f%u %d %u %u;", what % 4, flag, RING_FREE_REQUESTS(f),
	       !!RING_RESPONSE_PROD_OVERFLOW(f, f->sring->rsp_prod + what % 64));
}

static void back_step(struct demo_back_ring *b, unsigned int what)
{
	struct req req;
	int flag = 0;

	switch (what % 3) {
	case 0:
		if (RING_HAS_UNCONSUMED_REQUESTS(b)) {
			RING_COPY_REQUEST(b, b->req_cons, &req);
			b->req_cons++;
			RING_GET_RESPONSE(b, b->rsp_prod_pvt)->id = req.id;
			b->rsp_prod_pvt++;
		}
		break;
	case 1:
		RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(b, flag);
		break;
	case 2:
		RING_FINAL_CHECK_FOR_REQUESTS(b, flag);
		break;
	}
	printf("b%u %d %u %u %u\n", what % 3, flag, XEN_RING_NR_UNCONSUMED_REQUESTS(b),
	       !!RING_REQUEST_CONS_OVERFLOW(b, b->req_cons + what % 64),
	       !!RING_REQUEST_PROD_OVERFLOW(b, b->sring->req_prod + what % 64));
}

/* From start, so that indices wrap around 2^32 too. */
static void ring_traffic(RING_IDX start)
{
	struct demo_sring *sring = (void *)page;
	struct demo_front_ring front;
	struct demo_back_ring back;
	unsigned int state = 4 + start, made = 0;

	memset(page, 0xa5, sizeof(page));
	SHARED_RING_INIT(sring);
	sring->req_prod = sring->rsp_prod = start;
	sring->req_event = sring->rsp_event = start + 1;
	FRONT_RING_ATTACH(&front, sring, start, 512);
	BACK_RING_ATTACH(&back, sring, start, 512);
	printf("ring of %u at %u\n", RING_SIZE(&front), start);
	for (int step = 0; step < 2000; step++) {
		front_step(&front, next(&state), &made);
		back_step(&back, next(&state));
	}
	RING_PUSH_REQUESTS(&front);
	RING_PUSH_RESPONSES(&back);
	printf("end: %u %u %u %u\n", sring->req_prod, sring->rsp_prod,
	       sring->req_event, sring->rsp_event);
}

static void initial_state(void)
{
	struct demo_sring *sring = (void *)page;
	struct demo_front_ring front;
	struct demo_back_ring back;

	memset(page, 0xa5, sizeof(page));
	XEN_FRONT_RING_INIT(&front, sring, 4096);
	BACK_RING_INIT(&back, sring, 4096);
	printf("fresh: %u %u %u %u %u %u\n", front.nr_ents, back.nr_ents, front.req_prod_pvt,
	       front.rsp_cons, back.rsp_prod_pvt, back.req_cons);
	for (unsigned int i = 0; i < 80; i++)
		printf("%02x", page[i]);
	puts("");
}

static void small_macros(void)
{
	struct trap_info trap = { .vector = 3, .flags = 0, .cs = FLAT_KERNEL_CS, .address = 0 };
	XEN_GUEST_HANDLE(xen_pfn_t) handle;
	xen_pfn_t pfn = 7;
	const char *messages[] = GNTTABOP_error_msgs;
	xen_uuid_t uuid = XEN_DEFINE_UUID(0x12345678, 0x9abc, 0xdef0, 0x1122, 1, 2, 3, 4, 5, 6);
	struct xencons_interface console;

	TI_SET_DPL(&trap, 3);
	TI_SET_IF(&trap, 1);
	set_xen_guest_handle(handle, &pfn);
	printf("trap %u %u %u\n", trap.flags, TI_GET_DPL(&trap), TI_GET_IF(&trap));
	printf("handle %lu, %zu messages\n", *handle.p, sizeof(messages) / sizeof(messages[0]));
	for (unsigned int i = 0; i < sizeof(uuid); i++)
		printf("%02x", uuid.a[i]);
	printf(" masks %u %u\n", (unsigned int)MASK_XENCONS_IDX(5000u, console.in),
	       (unsigned int)MASK_XENCONS_IDX(5000u, console.out));
	for (unsigned int i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
		printf("%d %s\n", xsd_errors[i].errnum, xsd_errors[i].errstring);
}

int main(void)
{
	ring_sizes();
	initial_state();
	ring_traffic(0);
	ring_traffic(0xffffff00u);
	small_macros();
	return 0;
}
