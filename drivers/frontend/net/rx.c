/* SPDX-License-Identifier: MIT */
/*
 * Receiving. A page is granted while it is posted, and before a frame is handed up its pages are granted no more, so
 * nobody changes what is being read. A backend that holds on to a page breaks the connection. Flipping, the
 * page's frame was given up before, and the one that the backend gave instead is put in its place.
 */
#include "impl.h"
#include <kit/pt.h>

#define REFILL 64			/* buffers missing before new ones are posted */

void netfront_page_put(struct netfront *nf, void *va)
{
	struct page *page = va, *head = __atomic_load_n(&nf->pages, __ATOMIC_RELAXED);

	do {
		page->next = head;
	} while (!__atomic_compare_exchange_n(&nf->pages, &head, page, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

/* Only one thread takes, so the head cannot come back changed in between. */
static void *page_get(struct netfront *nf)
{
	struct page *page = __atomic_load_n(&nf->pages, __ATOMIC_ACQUIRE);

	while (page && !__atomic_compare_exchange_n(&nf->pages, &page, page->next, true, __ATOMIC_ACQUIRE,
						    __ATOMIC_ACQUIRE))
		;
	return page ? page : os_pages_alloc(1);
}

/* A reference for the buffer's page, or a negative error; the page is not ours to touch then. */
static int lend(struct netfront *nf, void *page)
{
	int rc;

	if (!nf->flip)
		return gnttab_grant(nf->back_id, virt_to_mfn(page), false);
	rc = netfront_flip_out(page);
	if (rc)
		return rc;
	rc = gnttab_grant_transfer(nf->back_id);
	if (rc < 0 && netfront_flip_refill(page))
		os_panic("no frame for a page of the network's");
	return rc;
}

/* Ends that. 0: the page may be read; 1: it is ours, but nothing came (flipping); negative: the backend has it. */
static int take_back(struct netfront *nf, struct rx_buffer *b)
{
	mfn_t mfn;
	int rc;

	if (!nf->flip)
		return gnttab_end(b->ref);
	rc = gnttab_end_transfer(b->ref, &mfn);
	if (rc < 0)
		return rc;
	if (rc ? netfront_flip_in(b->page, mfn) : netfront_flip_refill(b->page))
		os_panic("no frame for a page of the network's");
	return !rc;
}

static bool post(struct netfront *nf)
{
	uint16_t id = nf->rx_free[nf->nr_rx_free - 1];
	struct rx_buffer *b = &nf->rx_buffer[id];
	netif_rx_request_t *q = RING_GET_REQUEST(&nf->rx, nf->rx.req_prod_pvt);
	void *page = page_get(nf);
	int ref = page ? lend(nf, page) : -XEN_ENOMEM;

	if (ref < 0) {
		if (page)
			netfront_page_put(nf, page);
		return false;
	}
	*b = (struct rx_buffer){ page, ref };
	nf->nr_rx_free--;
	q->id = id;
	q->pad = 0;
	q->gref = ref;
	nf->rx_slot_id[nf->rx.req_prod_pvt % SLOTS] = id;
	nf->rx.req_prod_pvt++;
	return true;
}

bool netfront_rx_refill(struct netfront *nf)
{
	bool notify;

	if (nf->nr_rx_free < REFILL)
		return false;
	while (nf->nr_rx_free && post(nf))
		;
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&nf->rx, notify);
	return notify;
}

int netfront_rx_init(struct netfront *nf)
{
	/* Without those that an earlier connection's backend did not let go of. */
	nf->nr_rx_free = 0;
	for (unsigned int i = 0; i < SLOTS; i++)
		if (!nf->rx_buffer[i].page)
			nf->rx_free[nf->nr_rx_free++] = i;
	netfront_rx_refill(nf);
	return nf->nr_rx_free < SLOTS ? 0 : -XEN_ENOMEM;
}

bool netfront_rx_fini(struct netfront *nf)
{
	bool all = true;

	for (unsigned int i = 0; i < SLOTS; i++) {
		struct rx_buffer *b = &nf->rx_buffer[i];

		if (!b->page)
			continue;
		if (take_back(nf, b) < 0) {
			all = false;
			continue;
		}
		netfront_page_put(nf, b->page);
		b->page = NULL;
	}
	return all;
}

/* --- Responses -------------------------------------------------------------------------------- */

/* The next response before prod, copied. Breaks the connection where the frame goes on and there is none. */
static bool next_response(struct netfront *nf, RING_IDX prod, netif_rx_response_t *r)
{
	if (nf->rx.rsp_cons == prod) {
		netfront_break(nf);
		return false;
	}
	RING_COPY_RESPONSE(&nf->rx, nf->rx.rsp_cons, r);
	nf->rx.rsp_cons++;
	return true;
}

/* The buffer of a slot that carried none of the frame's bytes goes back to be posted. The backend says nothing of
 * its id there: it is the one that was posted in this slot. */
static void give_back(struct netfront *nf, uint16_t id)
{
	struct rx_buffer *b = &nf->rx_buffer[id];

	if (take_back(nf, b) < 0) {
		netfront_break(nf);
		return;
	}
	netfront_page_put(nf, b->page);
	b->page = NULL;
	nf->rx_free[nf->nr_rx_free++] = id;
}

/* The id is believed only as far as that a buffer of that number is posted. */
static bool take_piece(struct netfront *nf, const netif_rx_response_t *r, struct netfront_frame *f)
{
	struct rx_buffer *b = r->id < SLOTS ? &nf->rx_buffer[r->id] : NULL;
	bool good = r->status > 0 && r->offset + r->status <= (int)PAGE_SIZE && f->nr_pieces < NETFRONT_PIECES;
	struct netfront_piece *p = &f->piece[f->nr_pieces];
	int rc;

	if (!b || !b->page) {
		netfront_break(nf);
		return false;
	}
	rc = take_back(nf, b);
	if (rc < 0) {
		netfront_break(nf);
		return false;
	}
	nf->rx_free[nf->nr_rx_free++] = r->id;
	if (good && !rc) {
		*p = (struct netfront_piece){ b->page, (uint8_t *)b->page + r->offset, r->status };
		f->nr_pieces++;
		f->len += r->status;
	} else {
		netfront_page_put(nf, b->page);
	}
	b->page = NULL;
	return good && !rc;
}

/* Extra-info slots: their requests' buffers are unused. Ids go with the slots: request and response of one
 * index are the same slot, and ids are posted in turn. */
static bool take_extras(struct netfront *nf, RING_IDX prod, struct netfront_frame *f)
{
	netif_rx_response_t r;
	struct netif_extra_info e;
	uint16_t id;

	do {
		id = nf->rx_slot_id[nf->rx.rsp_cons % SLOTS];
		if (!next_response(nf, prod, &r))
			return false;
		__builtin_memcpy(&e, &r, sizeof(e));
		if (nf->rx_buffer[id].page)
			give_back(nf, id);
		if (e.type == XEN_NETIF_EXTRA_TYPE_GSO)
			f->gso_size = e.u.gso.size;
	} while (e.flags & XEN_NETIF_EXTRA_FLAG_MORE && !nf->broken);
	return !nf->broken;
}

static void drop(struct netfront *nf, struct netfront_frame *f)
{
	for (unsigned int i = 0; i < f->nr_pieces; i++)
		netfront_page_put(nf, f->piece[i].page);
	f->nr_pieces = 0;
	nf->counters.rx_errors++;
}

/* One frame; false: it was none, or the connection is broken. */
static bool take_frame(struct netfront *nf, RING_IDX prod, struct netfront_frame *f)
{
	netif_rx_response_t r;
	bool good = true, first = true;

	*f = (struct netfront_frame){ .nr_pieces = 0 };
	do {
		if (!next_response(nf, prod, &r))
			break;
		good &= take_piece(nf, &r, f);
		if (first) {
			f->csum_blank = r.flags & NETRXF_csum_blank;
			f->sound = r.flags & (NETRXF_csum_blank | NETRXF_data_validated);
			if (!nf->broken && r.flags & NETRXF_extra_info && !take_extras(nf, prod, f))
				break;
		}
		first = false;
	} while (!nf->broken && r.flags & NETRXF_more_data);
	if (!nf->broken && good && f->len >= 14 && f->len <= NETFRONT_FRAME_MAX)
		return true;
	drop(nf, f);
	return false;
}

bool netfront_rx_next(struct netfront *nf, struct netfront_frame *f)
{
	RING_IDX prod = *(volatile RING_IDX *)&nf->rx.sring->rsp_prod;

	if (prod - nf->rx.rsp_cons > nf->rx.req_prod_pvt - nf->rx.rsp_cons)
		netfront_break(nf);
	xen_rmb();
	while (!nf->broken && nf->rx.rsp_cons != prod)
		if (take_frame(nf, prod, f)) {
			nf->counters.rx_frames++;
			nf->counters.rx_bytes += f->len;
			return true;
		}
	return false;
}
