/* SPDX-License-Identifier: MIT */
/*
 * The store's side of a guest's ring: the input is what the guest sends, with marks (0xff, length)
 * where it looks for answers or breaks its indices. Whatever it does, the store's accounts are
 * right at the end.
 */
#include "fixture.h"
#include "xenstore/ring.h"

static void send(struct xenstore_domain_interface *p, struct ring *r, uint8_t byte)
{
	if (p->req_prod - p->req_cons >= XENSTORE_RING_SIZE)
		while (ring_pump(r) & RING_AGAIN)
			p->rsp_cons = p->rsp_prod;
	if (p->req_prod - p->req_cons < XENSTORE_RING_SIZE)
		p->req[MASK_XENSTORE_IDX(p->req_prod++)] = byte;
}

static void mark(struct xenstore_domain_interface *p, struct ring *r, uint8_t how)
{
	while (ring_pump(r) & RING_AGAIN)
		if (how & 1)
			p->rsp_cons = p->rsp_prod;
	if (how == 0xfe)
		p->req_prod += 5000;
	if (how == 0xfd)
		p->rsp_cons = p->rsp_prod + 7;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct xenstore_domain_interface page;
	struct ring ring;
	struct fixture *f;
	void *state;

	memset(&page, 0, sizeof(page));
	fixture_setup(&state);
	f = state;
	ring_init(&ring, &page, f->one);
	for (size_t i = 0; i < size; i++) {
		if (data[i] == 0xff && i + 1 < size)
			mark(&page, &ring, data[++i]);
		else
			send(&page, &ring, data[i]);
	}
	mark(&page, &ring, 1);
	ring_fini(&ring);
	fixture_teardown(&state);
	return 0;
}
