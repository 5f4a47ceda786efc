/* SPDX-License-Identifier: MIT */
/*
 * Packets: structures from a free list, memory for copies from a pool of pages that grows on demand up to
 * POOL_PAGES. All but net_packet_put runs in the switch's thread, hence no lock; a packet that is given up, wherever,
 * goes on the stack `dead`, which is pushed to and taken whole by atomic exchange.
 */
#include "net/packet.h"
#include <stdlib.h>
#include <string.h>
#include <kit/gnttab.h>
#include <kit/os.h>
#include <kit/pt.h>

#define POOL_PAGES 4096			/* 16 MB: what copies may occupy in all */

void (*net_packet_wake)(void);

static struct net_packet *spare, *dead;
static struct page { struct page *next; } *pages;	/* free pages of the pool, chained inside */
static unsigned int nr_pages;				/* in the pool, free or not */

struct net_packet *net_packet_alloc(void)
{
	struct net_packet *p = spare;

	if (p)
		spare = p->next;
	else
		p = malloc(sizeof(*p));
	if (p) {
		memset(p, 0, offsetof(struct net_packet, frag));
		p->release = net_packet_free;
		p->owner = NULL;
		p->parent = NULL;
		p->pooled = false;
		p->refs = 1;
	}
	return p;
}

void net_packet_free(struct net_packet *p)
{
	p->next = spare;
	spare = p;
}

void net_packet_put(struct net_packet *p)
{
	struct net_packet *head;

	if (__atomic_sub_fetch(&p->refs, 1, __ATOMIC_ACQ_REL))
		return;
	head = __atomic_load_n(&dead, __ATOMIC_RELAXED);
	do {
		p->next = head;
	} while (!__atomic_compare_exchange_n(&dead, &head, p, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
	if (!head && net_packet_wake)
		net_packet_wake();
}

bool net_packet_reap(void)
{
	struct net_packet *p, *next;
	bool any = false;

	while ((p = __atomic_exchange_n(&dead, NULL, __ATOMIC_ACQUIRE))) {
		for (; p; p = next) {
			next = p->next;
			p->release(p);
		}
		any = true;
	}
	return any;
}

static void release_clone(struct net_packet *p)
{
	net_packet_put(p->parent);
	net_packet_free(p);
}

struct net_packet *net_packet_clone(struct net_packet *p)
{
	struct net_packet *c = net_packet_alloc();

	if (!c)
		return NULL;
	memcpy(c, p, offsetof(struct net_packet, frag));
	memcpy(c->frag, p->frag, p->nr_frags * sizeof(p->frag[0]));
	c->parent = p->parent ? p->parent : p;
	c->pooled = p->pooled;
	c->release = release_clone;
	__atomic_add_fetch(&c->parent->refs, 1, __ATOMIC_RELAXED);
	return c;
}

/* --- Fragments -------------------------------------------------------------------------------- */

struct net_frag net_cursor_next(struct net_cursor *c, uint32_t max)
{
	const struct net_packet *p = c->packet;
	struct net_frag piece = { .va = NULL, .len = 0 };
	const struct net_frag *f;

	while (c->frag < p->nr_frags && c->at == p->frag[c->frag].len) {
		c->frag++;
		c->at = 0;
	}
	if (c->frag == p->nr_frags)
		return piece;
	f = &p->frag[c->frag];
	piece = *f;
	piece.len = f->len - c->at < max ? f->len - c->at : max;
	if (f->va) {
		piece.va = (char *)f->va + c->at;
		piece.maddr = f->maddr + c->at;
	} else {
		piece.offset = f->offset + c->at;
	}
	c->at += piece.len;
	return piece;
}

static void side(struct gnttab_copy_ptr *ptr, const struct net_frag *f)
{
	if (f->va) {
		ptr->u.gmfn = maddr_to_mfn(f->maddr);
		ptr->domid = DOMID_SELF;
		ptr->offset = f->maddr & ~PAGE_MASK;
	} else {
		ptr->u.ref = f->gref;
		ptr->domid = f->domid;
		ptr->offset = f->offset;
	}
}

void net_copies_add(struct net_copies *c, const struct net_frag *from, const struct net_frag *to, bool *bad)
{
	gnttab_copy_t *op;

	if (from->va && to->va) {
		memcpy(to->va, from->va, from->len);
		return;
	}
	if (c->n == NET_COPIES)
		net_copies_run(c);
	c->bad[c->n] = bad;
	op = &c->op[c->n++];
	side(&op->source, from);
	side(&op->dest, to);
	op->len = from->len;
	op->flags = (from->va ? 0 : GNTCOPY_source_gref) | (to->va ? 0 : GNTCOPY_dest_gref);
	op->status = GNTST_general_error;
}

void net_copies_run(struct net_copies *c)
{
	if (c->n)
		gnttab_batch(GNTTABOP_copy, c->op, c->n);
	for (unsigned int i = 0; i < c->n; i++)
		if (c->op[i].status != GNTST_okay)
			*c->bad[i] = true;
	c->n = 0;
}

/* --- Copies in the pool ----------------------------------------------------------------------- */

static void *page_get(void)
{
	struct page *page = pages;

	if (page) {
		pages = page->next;
		return page;
	}
	page = nr_pages < POOL_PAGES ? os_pages_alloc(1) : NULL;
	nr_pages += page != NULL;
	return page;
}

static void release_pooled(struct net_packet *p)
{
	for (unsigned int i = 0; i < p->nr_frags; i++) {
		struct page *page = p->frag[i].va;

		page->next = pages;
		pages = page;
	}
	net_packet_free(p);
}

/* A packet like p with memory for as many bytes, but not the bytes. */
static struct net_packet *like(const struct net_packet *p)
{
	struct net_packet *n = net_packet_alloc();
	uint32_t left = p->len;

	if (!n)
		return NULL;
	memcpy(n, p, offsetof(struct net_packet, frag));
	n->nr_frags = 0;
	n->pooled = true;
	n->release = release_pooled;
	while (left) {
		struct net_frag *f = &n->frag[n->nr_frags];

		f->va = page_get();
		if (!f->va) {
			release_pooled(n);
			return NULL;
		}
		f->maddr = virt_to_maddr(f->va);
		f->len = left < PAGE_SIZE ? left : PAGE_SIZE;
		left -= f->len;
		n->nr_frags++;
	}
	return n;
}

static void fill(struct net_packet *to, const struct net_packet *from, struct net_copies *copies, bool *bad)
{
	struct net_cursor c = { .packet = from };

	for (unsigned int i = 0; i < to->nr_frags; i++)
		for (uint32_t at = 0; at < to->frag[i].len; ) {
			struct net_frag dest = to->frag[i];
			struct net_frag src = net_cursor_next(&c, dest.len - at);

			dest.va = (char *)dest.va + at;
			dest.maddr += at;
			at += src.len;
			net_copies_add(copies, &src, &dest, bad);
		}
}

static struct net_copies copies;	/* of this file: only ever between two calls of run */

struct net_packet *net_packet_copy(struct net_packet *p)
{
	struct net_packet *n = like(p);
	bool bad = false;

	if (!n)
		return NULL;
	fill(n, p, &copies, &bad);
	net_copies_run(&copies);
	if (!bad)
		return n;
	release_pooled(n);
	return NULL;
}

/* A guest's, wherever it lies: the guest may go, and its backend's memory with it, while we hold it. */
static bool is_guests(const struct net_packet *p)
{
	return !p->pooled && p->from && p->from->flags & NET_PORT_GUEST;
}

#define PULLED 64			/* packets of one batch of copies */

unsigned int net_packet_pull(struct net_queue *q)
{
	struct net_queue done;
	unsigned int dropped = 0;

	net_queue_init(&done);
	while (q->first) {
		struct net_packet *made[PULLED];
		bool bad[PULLED] = { false };
		unsigned int n = 0;

		for (struct net_packet *p; n < PULLED && (p = net_queue_pop(q)); n++) {
			made[n] = is_guests(p) ? like(p) : p;
			if (made[n] == p)
				continue;
			bad[n] = !made[n];
			if (made[n])
				fill(made[n], p, &copies, &bad[n]);
			net_packet_put(p);
		}
		net_copies_run(&copies);
		for (unsigned int i = 0; i < n; i++) {
			if (!bad[i]) {
				net_queue_push(&done, made[i]);
				continue;
			}
			dropped++;
			if (made[i])
				net_packet_put(made[i]);
		}
	}
	*q = done;
	if (!q->first)
		q->end = &q->first;
	return dropped;
}
