/* SPDX-License-Identifier: MIT */
/*
 * The guest's ring page. The guest may write anything into it at any moment: each index is read
 * once and checked, bytes are copied once into memory of our own, and a guest that breaks the
 * rules (impossible indices, a message too long) finds the reason in the page's error field and
 * is not served until it asks for a new connection. Nobody else is affected.
 *
 * A request is taken only when every earlier answer has left, so a guest that does not read
 * costs one message. The rings need no barrier pairs beyond acquire and release, for each side
 * notifies the other after every move.
 */
#include "ring.h"

#include <stdlib.h>
#include <string.h>

#define HDR sizeof(struct xsd_sockmsg)

void ring_init(struct ring *r, struct xenstore_domain_interface *page, struct conn *conn)
{
	memset(r, 0, sizeof(*r));
	r->page = page;
	r->conn = conn;
	page->server_features = XENSTORE_SERVER_FEATURE_RECONNECTION |
				XENSTORE_SERVER_FEATURE_ERROR;
}

static void forget_messages(struct ring *r)
{
	struct msg *m;

	free(r->out);
	r->out = NULL;
	r->out_used = 0;
	r->in_used = 0;
	while ((m = conn_pop(r->conn)))
		free(m);
}

void ring_fini(struct ring *r)
{
	forget_messages(r);
}

static void fail(struct ring *r, uint32_t why)
{
	r->broken = true;
	__atomic_store_n(&r->page->error, why, __ATOMIC_RELEASE);
}

/* Bytes that may be moved between indices cons and prod, up to the end of the array. */
static size_t stretch(uint32_t from, uint32_t n)
{
	size_t to_end = XENSTORE_RING_SIZE - MASK_XENSTORE_IDX(from);

	return n < to_end ? n : to_end;
}

/* Copies up to n bytes of the request ring; how many there were. */
static size_t pull(struct ring *r, void *to, size_t n)
{
	struct xenstore_domain_interface *page = r->page;
	uint32_t prod = __atomic_load_n(&page->req_prod, __ATOMIC_ACQUIRE);
	uint32_t cons = __atomic_load_n(&page->req_cons, __ATOMIC_RELAXED);
	size_t len;

	if (prod - cons > XENSTORE_RING_SIZE) {
		fail(r, XENSTORE_ERROR_RINGIDX);
		return 0;
	}
	len = stretch(cons, prod - cons);
	if (len > n)
		len = n;
	memcpy(to, page->req + MASK_XENSTORE_IDX(cons), len);
	__atomic_store_n(&page->req_cons, cons + len, __ATOMIC_RELEASE);
	return len;
}

/* Copies up to n bytes to the response ring; how many there was room for. */
static size_t push(struct ring *r, const void *from, size_t n)
{
	struct xenstore_domain_interface *page = r->page;
	uint32_t cons = __atomic_load_n(&page->rsp_cons, __ATOMIC_ACQUIRE);
	uint32_t prod = __atomic_load_n(&page->rsp_prod, __ATOMIC_RELAXED);
	size_t len;

	if (prod - cons > XENSTORE_RING_SIZE) {
		fail(r, XENSTORE_ERROR_RINGIDX);
		return 0;
	}
	len = stretch(prod, XENSTORE_RING_SIZE - (prod - cons));
	if (len > n)
		len = n;
	memcpy(page->rsp + MASK_XENSTORE_IDX(prod), from, len);
	__atomic_store_n(&page->rsp_prod, prod + len, __ATOMIC_RELEASE);
	return len;
}

/* Sends queued messages while there is room. True: some bytes went. */
static bool send(struct ring *r)
{
	bool moved = false;

	while (!r->broken && (r->out || (r->out = conn_pop(r->conn)))) {
		size_t total = HDR + r->out->hdr.len;
		size_t n = push(r, (char *)&r->out->hdr + r->out_used, total - r->out_used);

		if (!n)
			return moved;
		moved = true;
		r->out_used += n;
		if (r->out_used == total) {
			free(r->out);
			r->out = NULL;
			r->out_used = 0;
		}
	}
	return moved;
}

/* Length of the request being received, as far as that is known yet. */
static size_t wanted(const struct ring *r)
{
	return r->in_used < HDR ? HDR : HDR + r->in.hdr.len;
}

static bool receive(struct ring *r)
{
	bool moved = false;

	while (!r->broken && r->in_used < wanted(r)) {
		size_t n = pull(r, (char *)&r->in + r->in_used, wanted(r) - r->in_used);

		if (!n)
			return moved;
		moved = true;
		r->in_used += n;
		if (r->in_used == HDR && r->in.hdr.len > XENSTORE_PAYLOAD_MAX)
			fail(r, XENSTORE_ERROR_PROTO);
	}
	return moved;
}

static int reconnect(struct ring *r)
{
	struct xenstore_domain_interface *page = r->page;

	conn_reset(r->conn);
	forget_messages(r);
	r->broken = false;
	page->req_cons = page->req_prod = page->rsp_cons = page->rsp_prod = 0;
	page->error = XENSTORE_ERROR_NONE;
	__atomic_store_n(&page->connection, XENSTORE_CONNECTED, __ATOMIC_RELEASE);
	return RING_NOTIFY;
}

int ring_pump(struct ring *r)
{
	int did = 0;

	if (__atomic_load_n(&r->page->connection, __ATOMIC_ACQUIRE) == XENSTORE_RECONNECT)
		return reconnect(r);
	if (r->broken)
		return 0;
	if (send(r))
		did |= RING_NOTIFY;
	if (receive(r))
		did |= RING_NOTIFY;
	if (!r->broken && !r->out && r->in_used == wanted(r) &&
	    conn_request(r->conn, &r->in.hdr, r->in.body)) {
		r->in_used = 0;
		send(r);
		did |= RING_NOTIFY | RING_AGAIN;
	}
	return did;
}
