/* SPDX-License-Identifier: MIT */
/*
 * A frontend that lies to the backend: it makes a ring by hand, over the kit, and breaks one rule of the protocol. Whatever
 * happens to its own requests, the backend must go on to serve; afterwards the disk is given up as honestly as
 * the lie allows, and the test looks whether other guests and the next frontend get what they should.
 */
#include "guest.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define xen_mb() __sync_synchronize()
#define xen_rmb() __asm__ volatile("" : : : "memory")
#define xen_wmb() __asm__ volatile("" : : : "memory")
#include <xen/io/blkif.h>
#include <xen/io/xenbus.h>

static char node[64], back[128];
static domid_t backend;
static struct blkif_sring *sring;
static blkif_front_ring_t ring;
static grant_ref_t ring_ref, data_ref;
static char *data;
static evtchn_port_t port;

static void put(const char *key, unsigned long n)
{
	char path[128], text[24];

	snprintf(path, sizeof(path), "%s/%s", node, key);
	snprintf(text, sizeof(text), "%lu", n);
	if (xenbus_write(XENBUS_NO_TX, path, text))
		wrong("cannot write %s", path);
}

static int back_state(void)
{
	char path[160], text[16];

	snprintf(path, sizeof(path), "%s/state", back);
	return xenbus_read(XENBUS_NO_TX, path, text, sizeof(text)) < 0 ? -1 : atoi(text);
}

static void await_state(unsigned int states)
{
	uint64_t end = time_now_ns() + 20000000000ull;

	while (back_state() < 0 || !(states & 1u << back_state())) {
		if (time_now_ns() > end)
			wrong("the backend stays in state %d", back_state());
		thread_sleep_ns(5000000);
	}
}

#define IS(s) (1u << XenbusState##s)

static void find(const char *name)
{
	char path[160], text[16];

	if (blkfront_find(name, node, sizeof(node)))
		wrong("no disk %s", name);
	snprintf(path, sizeof(path), "%s/backend", node);
	xenbus_read(XENBUS_NO_TX, path, back, sizeof(back));
	snprintf(path, sizeof(path), "%s/backend-id", node);
	xenbus_read(XENBUS_NO_TX, path, text, sizeof(text));
	backend = atoi(text);
}

static void make(void)
{
	put("state", XenbusStateInitialising);
	await_state(IS(InitWait));
	sring = (struct blkif_sring *)pages_alloc(1);
	data = pages_alloc(1);
	SHARED_RING_INIT(sring);
	FRONT_RING_INIT(&ring, sring, PAGE_SIZE);
	ring_ref = gnttab_grant(backend, virt_to_mfn(sring), false);
	data_ref = gnttab_grant(backend, virt_to_mfn(data), false);
	if (evtchn_alloc_unbound(backend, &port))
		wrong("no port");
	put("ring-ref", ring_ref);
	put("event-channel", port);
}

static void connect(void)
{
	make();
	put("state", XenbusStateInitialised);
	await_state(IS(Connected));
	put("state", XenbusStateConnected);
}

static void send(void)
{
	bool notify;

	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&ring, notify);
	(void)notify;
	evtchn_send(port);
}

static struct blkif_request *next(uint8_t op)
{
	struct blkif_request *r = RING_GET_REQUEST(&ring, ring.req_prod_pvt);

	memset(r, 0, sizeof(*r));
	r->operation = op;
	r->nr_segments = 1;
	r->id = 1000 + ring.req_prod_pvt++;
	r->seg[0] = (struct blkif_request_segment){ .gref = data_ref, .first_sect = 0, .last_sect = 7 };
	return r;
}

/* The next response's status; ids must come back as they were sent. */
static int answer(void)
{
	uint64_t end = time_now_ns() + 20000000000ull;
	struct blkif_response *rsp;

	while (*(volatile RING_IDX *)&sring->rsp_prod == ring.rsp_cons) {
		if (time_now_ns() > end)
			wrong("no answer");
		thread_sleep_ns(1000000);
	}
	rsp = RING_GET_RESPONSE(&ring, ring.rsp_cons++);
	if (rsp->id < 1000 || rsp->id >= 1000 + ring.req_prod_pvt)
		wrong("an answer to %llu", (unsigned long long)rsp->id);
	return rsp->status;
}

static void expect(int status)
{
	int got;

	send();
	got = answer();
	if (got != status)
		wrong("status %d, not %d", got, status);
}

/* After whatever was refused, a sound request is served. */
static void sound(void)
{
	next(BLKIF_OP_READ);
	expect(BLKIF_RSP_OKAY);
}

static void leave(void)
{
	put("state", XenbusStateClosing);
	await_state(IS(Closing) | IS(Closed));
	put("state", XenbusStateClosed);
	await_state(IS(Closed));
}

/* --- Lies --------------------------------------------------------------------------------------- */

static void lie_requests(void)
{
	struct blkif_request_indirect *in;

	connect();
	sound();
	next(77);
	expect(BLKIF_RSP_EOPNOTSUPP);
	next(BLKIF_OP_RESERVED_1);
	expect(BLKIF_RSP_EOPNOTSUPP);
	next(BLKIF_OP_READ)->nr_segments = 0;
	expect(BLKIF_RSP_ERROR);
	next(BLKIF_OP_WRITE)->nr_segments = 12;
	expect(BLKIF_RSP_ERROR);
	next(BLKIF_OP_READ)->nr_segments = 255;
	expect(BLKIF_RSP_ERROR);
	next(BLKIF_OP_READ)->sector_number = ~0ull;
	expect(BLKIF_RSP_ERROR);
	next(BLKIF_OP_WRITE)->sector_number = 1ull << 55;
	expect(BLKIF_RSP_ERROR);
	next(BLKIF_OP_READ)->seg[0].last_sect = 8;
	expect(BLKIF_RSP_ERROR);
	next(BLKIF_OP_READ)->seg[0].first_sect = 255;
	expect(BLKIF_RSP_ERROR);
	next(BLKIF_OP_READ)->seg[0].gref = 0xffffffff;
	expect(BLKIF_RSP_ERROR);
	next(BLKIF_OP_READ)->seg[0].gref = 7;		/* reserved, and never granted */
	expect(BLKIF_RSP_ERROR);
	in = (void *)next(BLKIF_OP_INDIRECT);
	in->indirect_op = BLKIF_OP_READ;
	in->nr_segments = 65535;
	expect(BLKIF_RSP_ERROR);
	in = (void *)next(BLKIF_OP_INDIRECT);
	in->indirect_op = BLKIF_OP_FLUSH_DISKCACHE;
	in->nr_segments = 12;
	expect(BLKIF_RSP_ERROR);
	in = (void *)next(BLKIF_OP_INDIRECT);
	in->indirect_op = BLKIF_OP_READ;
	in->nr_segments = 20;
	in->indirect_grefs[0] = 0x7fffffff;
	expect(BLKIF_RSP_ERROR);
	in = (void *)next(BLKIF_OP_INDIRECT);		/* its list of segments is anything */
	in->indirect_op = BLKIF_OP_WRITE;
	in->nr_segments = 20;
	in->indirect_grefs[0] = data_ref;
	memset(data, 0xa5, PAGE_SIZE);
	expect(BLKIF_RSP_ERROR);
	sound();
	leave();
}

/* A read into a frame granted read-only: only the hypervisor can know. */
static void lie_readonly_grant(void)
{
	connect();
	next(BLKIF_OP_READ)->seg[0].gref = gnttab_grant(backend, virt_to_mfn(data), true);
	expect(BLKIF_RSP_ERROR);
	sound();
	leave();
}

/* The producer's index runs away; the device stops, and the frontend that comes next is served. */
static void lie_index(void)
{
	connect();
	sound();
	sring->req_prod = ring.req_prod_pvt + 1000;
	evtchn_send(port);
	await_state(IS(Closing) | IS(Closed));
	leave();
}

/* It runs back. */
static void lie_index_back(void)
{
	connect();
	sound();
	sound();
	sring->req_prod = 0;
	evtchn_send(port);
	await_state(IS(Closing) | IS(Closed));
	leave();
}

/* The indices that the backend owns are overwritten, with requests in flight. */
static void lie_scribble(void)
{
	connect();
	for (unsigned int i = 0; i < 500; i++) {
		memset(sring, (int)i, 64);
		next(BLKIF_OP_READ);
		sring->req_prod = ring.req_prod_pvt;
		evtchn_send(port);
	}
	leave();
}

/* A grant that ends while the backend has the request. */
static void lie_grant_goes(void)
{
	connect();
	for (unsigned int i = 0; i < 200; i++) {
		grant_ref_t ref = gnttab_grant(backend, virt_to_mfn(data), false);
		int status, busy;

		next(BLKIF_OP_READ)->seg[0].gref = ref;
		send();
		busy = gnttab_end(ref);
		status = answer();
		if (status != BLKIF_RSP_OKAY && status != BLKIF_RSP_ERROR)
			wrong("status %d", status);
		if (busy && gnttab_end(ref))
			wrong("answered, and still held");
	}
	sound();
	leave();
}

static void refuse(const char *key, unsigned long n)
{
	make();
	put(key, n);
	put("state", XenbusStateInitialised);
	await_state(IS(Closing) | IS(Closed));
	put("state", XenbusStateClosed);
	await_state(IS(Closed));
}

/* Handshakes with nonsense in them. */
static void lie_handshake(void)
{
	char path[128];

	refuse("ring-ref", 4000000000ul);
	refuse("ring-ref", 1);
	refuse("event-channel", 4000000000ul);
	refuse("event-channel", 0);
	refuse("ring-page-order", 30);
	put("ring-page-order", 0);
	snprintf(path, sizeof(path), "%s/protocol", node);
	make();
	xenbus_write(XENBUS_NO_TX, path, "vax-abi");
	put("state", XenbusStateInitialised);
	await_state(IS(Closing) | IS(Closed));
	xenbus_write(XENBUS_NO_TX, path, "x86_64-abi");
	put("state", XenbusStateClosed);
	await_state(IS(Closed));
}

/* States in any order, as fast as the store takes them, nonsense among them. */
static void lie_states(void)
{
	uint64_t x = 1;

	make();
	for (unsigned int i = 0; i < 400; i++) {
		x = x * 6364136223846793005ull + 1;
		put("state", (x >> 40) % 11);
		if (x >> 63) {
			next(BLKIF_OP_READ);
			ring.sring->req_prod = ring.req_prod_pvt;
			evtchn_send(port);
		}
	}
	put("state", XenbusStateClosed);
	await_state(IS(Closed));
}

/* Gone with requests in flight: the domain ends in the middle. */
static void lie_vanish(void)
{
	connect();
	for (unsigned int i = 0; i < 30; i++)
		next(BLKIF_OP_WRITE);
	send();
	printf("vanishing\n");
	hypercall_shutdown(SHUTDOWN_crash);
}

static const struct { const char *name; void (*lie)(void); } lies[] = {
	{ "requests", lie_requests }, { "readonly-grant", lie_readonly_grant }, { "index", lie_index },
	{ "index-back", lie_index_back }, { "scribble", lie_scribble }, { "grant-goes", lie_grant_goes },
	{ "handshake", lie_handshake }, { "states", lie_states }, { "vanish", lie_vanish },
};

void act_hostile(const char *arg)
{
	char name[32];
	const char *lie = strchr(arg, ',');

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(arg, ","), arg);
	find(name);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		if (lie ? !strcmp(lies[i].name, lie + 1) : lies[i].lie != lie_vanish) {
			lies[i].lie();
			printf("lie %s: told\n", lies[i].name);
		}
}
