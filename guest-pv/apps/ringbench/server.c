/* SPDX-License-Identifier: MIT */
/* The raw ring's server: takes what is on the ring, does the work of all of it in one go, answers, notifies once. */
#include "ringbench.h"
#include "raw.h"

static raw_back_ring_t ring;
static domid_t client;
static char *area, *own[RAW_REQUESTS];		/* addresses to map at; pages to copy to */
static struct { grant_ref_t ref; char *va; } kept[RAW_REQUESTS];
static unsigned int nr_kept;
static struct os_wait wait;

static void on_event(evtchn_port_t p, void *arg)
{
	(void)p;
	(void)arg;
	os_wake(&wait);
}

static bool has_work(void *arg)
{
	bool more;

	(void)arg;
	RING_FINAL_CHECK_FOR_REQUESTS(&ring, more);
	return more;
}

static struct raw_request batch[RAW_REQUESTS];

static int map(unsigned int n)
{
	static struct gnttab_map_grant_ref m[RAW_REQUESTS];
	static struct gnttab_unmap_grant_ref u[RAW_REQUESTS];
	int status = 0;

	for (unsigned int i = 0; i < n; i++)
		m[i] = (struct gnttab_map_grant_ref){
			.host_addr = (uintptr_t)area + i * PAGE_SIZE, .flags = GNTMAP_host_map,
			.ref = batch[i].ref, .dom = client,
		};
	gnttab_batch(GNTTABOP_map_grant_ref, m, n);
	for (unsigned int i = 0; i < n; i++) {
		status |= m[i].status;
		if (!m[i].status)
			(void)*(volatile char *)(area + i * PAGE_SIZE);
		u[i] = (struct gnttab_unmap_grant_ref){ .host_addr = m[i].host_addr, .handle = m[i].handle };
	}
	gnttab_batch(GNTTABOP_unmap_grant_ref, u, n);
	return status;
}

static int copy(unsigned int n)
{
	static struct gnttab_copy c[RAW_REQUESTS];
	int status = 0;

	for (unsigned int i = 0; i < n; i++) {
		c[i] = (struct gnttab_copy){ .flags = GNTCOPY_source_gref, .len = PAGE_SIZE };
		c[i].source.u.ref = batch[i].ref;
		c[i].source.domid = client;
		c[i].dest.u.gmfn = virt_to_mfn(own[i]);
		c[i].dest.domid = DOMID_SELF;
	}
	gnttab_batch(GNTTABOP_copy, c, n);
	for (unsigned int i = 0; i < n; i++)
		status |= c[i].status;
	return status;
}

/* Where a page stays mapped that was seen before. */
static char *find(grant_ref_t ref)
{
	struct gnttab_mapping m;

	for (unsigned int i = 0; i < nr_kept; i++)
		if (kept[i].ref == ref)
			return kept[i].va;
	if (nr_kept == RAW_REQUESTS || gnttab_map(&m, client, ref, false))
		return NULL;
	kept[nr_kept].ref = ref;
	kept[nr_kept].va = m.va;
	return kept[nr_kept++].va;
}

static int persistent(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		char *va = find(batch[i].ref);

		if (!va)
			return -1;
		memcpy(own[i], va, PAGE_SIZE);
	}
	return 0;
}

static int echo(unsigned int n)
{
	(void)n;
	return 0;
}

static int (*const works[])(unsigned int n) = {
	[RAW_ECHO] = echo, [RAW_MAP] = map, [RAW_COPY] = copy, [RAW_PERSISTENT] = persistent,
};

static unsigned int take(void)
{
	unsigned int n = 0;

	for (RING_IDX prod = ring.sring->req_prod; ring.req_cons != prod && n < RAW_REQUESTS; n++) {
		xen_rmb();
		RING_COPY_REQUEST(&ring, ring.req_cons, &batch[n]);
		ring.req_cons++;
	}
	return n;
}

static bool answer(unsigned int n, int status)
{
	bool notify;

	for (unsigned int i = 0; i < n; i++) {
		struct raw_response *r = RING_GET_RESPONSE(&ring, ring.rsp_prod_pvt++);

		r->id = batch[i].id;
		r->status = status;
	}
	RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&ring, notify);
	return notify;
}

static void serve(evtchn_port_t port)
{
	for (;;) {
		unsigned int n;

		os_wait_until(&wait, has_work, NULL, OS_FOREVER);
		n = take();
		if (n && batch[0].work >= RAW_END)
			return;
		if (n && answer(n, works[batch[0].work](n)))
			evtchn_send(port);
	}
}

int run_server(int argc, char **argv)
{
	struct gnttab_mapping page;
	evtchn_port_t port;

	client = argument(argc, argv, "client", 0);
	area = os_va_alloc(RAW_REQUESTS);
	for (unsigned int i = 0; i < RAW_REQUESTS; i++)
		own[i] = pages_alloc(1);
	if (!area || gnttab_map(&page, client, argument(argc, argv, "ref", 0), false) ||
	    evtchn_bind_interdomain(client, argument(argc, argv, "port", 0), &port))
		return 1;
	BACK_RING_INIT(&ring, (struct raw_sring *)page.va, PAGE_SIZE);
	os_wait_init(&wait);
	evtchn_set_handler(port, on_event, NULL);
	serve(port);
	for (unsigned int i = 0; i < nr_kept; i++)
		kept[i].va = NULL;
	return 0;
}
