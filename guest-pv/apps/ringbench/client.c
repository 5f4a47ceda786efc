/* SPDX-License-Identifier: MIT */
/*
 * The raw ring's client: it puts a batch of requests on the ring, pushes once, sleeps until all of them are answered, and
 * does so again. Requests a second and events a request follow from the size of the batch alone: what an event and
 * the change of domains cost is shared by the batch.
 */
#include "ringbench.h"
#include "raw.h"

static const char *const works[] = {
	[RAW_ECHO] = "echo", [RAW_MAP] = "map", [RAW_COPY] = "copy", [RAW_PERSISTENT] = "persistent",
};

#define MIN_ROUNDS 256			/* so that large batches too take some milliseconds */

static raw_front_ring_t ring;
static evtchn_port_t port;
static grant_ref_t data[RAW_REQUESTS];
static struct os_wait wait;
static uint64_t events;

static void on_event(evtchn_port_t p, void *arg)
{
	(void)p;
	(void)arg;
	events++;
	os_wake(&wait);
}

static bool answered(void *arg)
{
	return ring.sring->rsp_prod - ring.rsp_cons >= *(unsigned int *)arg;
}

/* One batch; the event is asked for with its last answer. */
static void round_of(enum raw_work work, unsigned int batch)
{
	bool notify;

	for (unsigned int i = 0; i < batch; i++) {
		struct raw_request *r = RING_GET_REQUEST(&ring, ring.req_prod_pvt);

		r->id = ring.req_prod_pvt++;
		r->work = work;
		r->ref = data[i];
	}
	ring.sring->rsp_event = ring.rsp_cons + batch;
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&ring, notify);
	if (notify) {
		events++;
		evtchn_send(port);
	}
	os_wait_until(&wait, answered, &batch, OS_FOREVER);
	for (unsigned int i = 0; i < batch; i++)
		if (RING_GET_RESPONSE(&ring, ring.rsp_cons++)->status)
			os_panic("ringbench: the server failed at %s", works[work]);
}

static void measure(enum raw_work work, unsigned int batch, unsigned int n)
{
	unsigned int rounds = n / batch > MIN_ROUNDS ? n / batch : MIN_ROUNDS;
	char name[40];
	uint64_t ns;

	round_of(work, batch);
	events = 0;
	ns = stamp();
	for (unsigned int i = 0; i < rounds; i++)
		round_of(work, batch);
	ns = stamp() - ns;
	snprintf(name, sizeof(name), "raw.%s.b%u", works[work], batch);
	report(name, rounds * batch, ns, events);
}

static int prepare(domid_t server)
{
	struct raw_sring *page = pages_alloc(1);
	int ref = page ? gnttab_grant(server, virt_to_mfn(page), false) : -1;

	if (ref < 0 || evtchn_alloc_unbound(server, &port))
		return 1;
	SHARED_RING_INIT(page);
	FRONT_RING_INIT(&ring, page, PAGE_SIZE);
	for (unsigned int i = 0; i < RAW_REQUESTS; i++) {
		void *p = pages_alloc(1);
		int r = p ? gnttab_grant(server, virt_to_mfn(p), false) : -1;

		if (r < 0)
			return 1;
		data[i] = r;
	}
	os_wait_init(&wait);
	evtchn_set_handler(port, on_event, NULL);
	printf("ringbench: client=%u ref=%d port=%u\n", start_info_domid(), ref, port);
	return 0;
}

int run_client(int argc, char **argv)
{
	unsigned int n = argument(argc, argv, "n", 2048);
	struct raw_request *last;

	if (prepare(argument(argc, argv, "server", 0)))
		return 1;
	round_of(RAW_ECHO, 1);		/* until the server is there */
	for (enum raw_work work = RAW_ECHO; work < RAW_END; work++)
		for (unsigned int batch = 1; batch <= RAW_REQUESTS; batch *= 2)
			measure(work, batch, n);
	last = RING_GET_REQUEST(&ring, ring.req_prod_pvt++);
	last->work = RAW_END;
	RING_PUSH_REQUESTS(&ring);
	evtchn_send(port);
	return 0;
}
