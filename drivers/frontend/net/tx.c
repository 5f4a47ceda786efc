/* SPDX-License-Identifier: MIT */
/*
 * Sending. Each of the ring's slots has a page that stays granted as long as the connection lasts, so a frame costs
 * a copy and no grant. Responses are collected when room runs short, hence no event is asked for unless
 * somebody waits.
 */
#include "impl.h"
#include <kit/evtchn.h>
#include <kit/pt.h>

#define LOW (SLOTS / 2)			/* free slots below which responses are looked for */

int netfront_tx_init(struct netfront *nf)
{
	nf->tx_free = SLOTS;
	nf->nr_tx_free = 0;
	for (unsigned int i = 0; i < SLOTS; i++) {
		struct tx_slot *s = &nf->tx_slot[i];
		int ref;

		if (!s->page)
			s->page = os_pages_alloc(1);
		if (!s->page)
			return -XEN_ENOMEM;
		ref = s->ref == NO_REF ? gnttab_grant(nf->back_id, virt_to_mfn(s->page), true) : (int)s->ref;
		if (ref < 0)
			return ref;
		s->ref = ref;
		s->in_flight = false;
		s->next_free = nf->tx_free;
		nf->tx_free = i;
		nf->nr_tx_free++;
	}
	return 0;
}

bool netfront_tx_fini(struct netfront *nf)
{
	bool all = true;

	for (unsigned int i = 0; i < SLOTS; i++) {
		struct tx_slot *s = &nf->tx_slot[i];

		if (s->ref == NO_REF)
			continue;
		if (gnttab_end(s->ref))
			all = false;
		else
			s->ref = NO_REF;
	}
	return all;
}

/* The backend names slots by id: one that is not in flight is a lie. */
void netfront_tx_collect_locked(struct netfront *nf)
{
	RING_IDX prod = *(volatile RING_IDX *)&nf->tx.sring->rsp_prod;
	netif_tx_response_t r;

	if (prod - nf->tx.rsp_cons > nf->tx.req_prod_pvt - nf->tx.rsp_cons) {
		netfront_break(nf);
		return;
	}
	xen_rmb();
	while (nf->tx.rsp_cons != prod) {
		RING_COPY_RESPONSE(&nf->tx, nf->tx.rsp_cons, &r);
		nf->tx.rsp_cons++;
		if (r.status == NETIF_RSP_NULL)
			continue;
		if (r.id >= SLOTS || !nf->tx_slot[r.id].in_flight) {
			netfront_break(nf);
			return;
		}
		nf->tx_slot[r.id].in_flight = false;
		nf->tx_slot[r.id].next_free = nf->tx_free;
		nf->tx_free = r.id;
		nf->nr_tx_free++;
		nf->counters.tx_errors += r.status != NETIF_RSP_OKAY;
	}
}

static uint16_t take_slot(struct netfront *nf)
{
	uint16_t id = nf->tx_free;

	nf->tx_free = nf->tx_slot[id].next_free;
	nf->tx_slot[id].in_flight = true;
	nf->nr_tx_free--;
	return id;
}

/* Pieces as one row of bytes. */
struct reader {
	const struct netfront_out *out;
	uint32_t at;
};

static void read_bytes(struct reader *r, uint8_t *to, uint32_t n)
{
	while (n) {
		uint32_t left = r->out->len - r->at, part = left < n ? left : n;

		__builtin_memcpy(to, (const uint8_t *)r->out->data + r->at, part);
		to += part;
		n -= part;
		r->at += part;
		if (r->at == r->out->len) {
			r->out++;
			r->at = 0;
		}
	}
}

/* There are slots enough. */
static void put_frame(struct netfront *nf, const struct netfront_out *out, uint32_t len, unsigned int flags)
{
	struct reader r = { out, 0 };

	for (uint32_t done = 0, n; done < len; done += n) {
		uint16_t id = take_slot(nf);
		netif_tx_request_t *q = RING_GET_REQUEST(&nf->tx, nf->tx.req_prod_pvt);

		n = len - done < PAGE_SIZE ? len - done : PAGE_SIZE;
		read_bytes(&r, nf->tx_slot[id].page, n);
		q->gref = nf->tx_slot[id].ref;
		q->offset = 0;
		q->id = id;
		q->size = done ? n : len;
		q->flags = (done + n < len ? NETTXF_more_data : 0) |
			   (!done && flags & NETFRONT_CSUM_BLANK ? NETTXF_csum_blank | NETTXF_data_validated : 0);
		nf->tx.req_prod_pvt++;
	}
	nf->counters.tx_frames++;
	nf->counters.tx_bytes += len;
}

static void push(struct netfront *nf)
{
	bool notify;

	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&nf->tx, notify);
	if (notify) {
		nf->counters.tx_events++;
		evtchn_send(nf->port);
	}
}

static int send(struct netfront *nf, const struct netfront_out *out, uint32_t len, unsigned int flags)
{
	unsigned int need = bytes_to_pages(len);

	if (!nf->up || nf->broken)
		return -XEN_ENODEV;
	if (need > 1 && !nf->sg)
		return -XEN_EINVAL;
	if (nf->nr_tx_free < LOW)
		netfront_tx_collect_locked(nf);
	if (nf->broken)
		return -XEN_ENODEV;
	if (nf->nr_tx_free < need) {
		push(nf);		/* what was held back with NETFRONT_MORE */
		return -XEN_EAGAIN;
	}
	put_frame(nf, out, len, flags);
	if (!(flags & NETFRONT_MORE))
		push(nf);
	return 0;
}

int netfront_send(struct netfront *nf, const struct netfront_out *out, unsigned int n, unsigned int flags)
{
	uint32_t len = 0;
	int rc;

	for (unsigned int i = 0; i < n; i++)
		if (__builtin_add_overflow(len, out[i].len, &len))
			return -XEN_EINVAL;
	if (len < 14 || len > NETFRONT_FRAME_MAX)
		return -XEN_EINVAL;
	os_lock(&nf->lock);
	rc = send(nf, out, len, flags);
	os_unlock(&nf->lock);
	return rc;
}

void netfront_flush(struct netfront *nf)
{
	os_lock(&nf->lock);
	if (nf->up && !nf->broken)
		push(nf);
	os_unlock(&nf->lock);
}

/* Looks without the lock, so it is a hint; the rings stay mapped for good. */
static bool has_room(void *arg)
{
	struct netfront *nf = arg;

	return !nf->up || nf->broken || nf->nr_tx_free >= LOW ||
	       *(volatile RING_IDX *)&nf->tx_shared->rsp_prod - nf->tx.rsp_cons >= LOW - nf->nr_tx_free;
}

bool netfront_wait_room(struct netfront *nf, uint64_t deadline_ns)
{
	os_lock(&nf->lock);
	if (nf->up && !nf->broken) {
		netfront_tx_collect_locked(nf);
		if (nf->nr_tx_free < LOW) {
			nf->tx.sring->rsp_event = nf->tx.rsp_cons + LOW - nf->nr_tx_free;
			xen_mb();
		}
	}
	os_unlock(&nf->lock);
	return os_wait_until(&nf->room, has_room, nf, deadline_ns) && nf->up && !nf->broken;
}
