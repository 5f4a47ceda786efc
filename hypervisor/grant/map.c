/* SPDX-License-Identifier: MIT */
/*
 * Mapping granted frames. A handle stands for one pin and the entry or bus address it serves; it is freed only after
 * the page-table entry is gone from tables and TLBs, for that entry's access lives on the handle's references. A TLB
 * flush costs more than all else here: a hypercall's unmaps share one, and until then their handles are busy.
 * Handles are guarded by the mapper's grant_lock; mm_lock (entries) and the granter's lock (pins) are taken
 * one after another, never together with it.
 */
#include "internal.h"
#include "pt.h"

#define KINDS (GNTMAP_host_map | GNTMAP_device_map)

/* The mapping of a guest-given handle, NULL if out of range. grant_lock held. */
static struct mapping *find(const struct grant_table *t, uint32_t handle)
{
	uint64_t nr = t->nr_map_pages * MAPPINGS_PER_PAGE;

	if (unlikely(handle >= nr))
		return NULL;
	handle = index_nospec(handle, nr);
	return &t->map[handle / MAPPINGS_PER_PAGE][handle % MAPPINGS_PER_PAGE];
}

static void push_free(struct grant_table *t, struct mapping *m, uint32_t handle)
{
	m->rd = NULL;
	m->next_free = t->free_handle;
	t->free_handle = handle;
}

/* Another page of free handles. */
static void add_page(struct grant_table *t)
{
	if (t->nr_map_pages == MAP_PAGES_MAX)
		return;
	if (!t->map)
		t->map = hv_alloc(MAP_PAGES_MAX * sizeof(*t->map));
	if (!t->map)
		return;
	t->map[t->nr_map_pages] = hv_alloc(PAGE_SIZE);
	if (!t->map[t->nr_map_pages])
		return;
	t->nr_map_pages++;
	for (unsigned i = MAPPINGS_PER_PAGE; i-- > 0; )
		push_free(t, &t->map[t->nr_map_pages - 1][i], (t->nr_map_pages - 1) * MAPPINGS_PER_PAGE + i);
}

/* A handle of our own to fill in, HANDLE_NONE if there are no more. */
static uint32_t handle_get(struct domain *d, struct mapping **m)
{
	struct grant_table *t = d->grant;
	uint32_t handle;

	spin_lock(&d->grant_lock);
	if (unlikely(t->free_handle == HANDLE_NONE))
		add_page(t);
	handle = t->free_handle;
	if (likely(handle != HANDLE_NONE)) {
		*m = find(t, handle);
		t->free_handle = (*m)->next_free;
	}
	spin_unlock(&d->grant_lock);
	return handle;
}

static void handle_put(struct domain *d, struct mapping *m, uint32_t handle)
{
	spin_lock(&d->grant_lock);
	push_free(d->grant, m, handle);
	spin_unlock(&d->grant_lock);
}

static int map_host(const gnttab_map_grant_ref_t *op, uint64_t frame, maddr_t *entry)
{
	struct vcpu *v = current;
	uint64_t flags = PTE_P | PTE_US | PTE_A | PTE_D | (op->flags & GNTMAP_readonly ? 0 : PTE_RW);
	int err;

	flags |= ((uint64_t)op->flags >> _GNTMAP_guest_avail0 << 9) & PTE_AVAIL;
	spin_lock(&v->domain->mm_lock);
	err = pt_grant_map(v, op->host_addr, op->flags & GNTMAP_contains_pte, pte_make(mfn(frame), flags), entry);
	spin_unlock(&v->domain->mm_lock);
	return err;
}

static int16_t map(struct domain *d, struct domain *rd, gnttab_map_grant_ref_t *op)
{
	bool rw = !(op->flags & GNTMAP_readonly);
	struct mapping *m;
	uint32_t handle = handle_get(d, &m);
	uint64_t frame;
	int16_t st;

	if (unlikely(handle == HANDLE_NONE))
		return GNTST_no_device_space;
	st = grant_pin(rd, d->id, op->ref, rw, &frame);
	if (unlikely(st))
		goto no_pin;
	if (likely(op->flags & GNTMAP_host_map) && unlikely(map_host(op, frame, &m->entry))) {
		st = GNTST_general_error;
		goto no_entry;
	}
	domain_ref(rd);
	m->rd = rd;
	m->ref = op->ref;
	/* From here on a sibling may unmap it. */
	__atomic_store_n(&m->flags, (uint16_t)op->flags, __ATOMIC_RELEASE);
	op->handle = handle;
	op->dev_bus_addr = mfn_to_maddr(mfn(frame));
	return GNTST_okay;
no_entry:
	grant_unpin(rd, op->ref, rw);
no_pin:
	handle_put(d, m, handle);
	return st;
}

void grant_map_one(struct grant_batch *b, void *arg)
{
	gnttab_map_grant_ref_t *op = arg;

	if (unlikely(!(op->flags & KINDS))) {
		op->status = GNTST_bad_gntref;
		return;
	}
	if (!b->rd || b->rd->id != op->dom) {
		if (b->rd)
			domain_put(b->rd);
		b->rd = op->dom == DOMID_SELF ? NULL : domain_get(op->dom);	/* own grants by own number only */
	}
	op->status = likely(b->rd) ? map(current->domain, b->rd, op) : GNTST_bad_domain;
}

/* Takes away what the mapping serves: *kinds in, what is really there out. The entry is left alone on errors. */
static int16_t unmap_kinds(const struct mapping *m, uint64_t host, uint64_t bus, uint64_t new_va, uint16_t kinds)
{
	struct vcpu *v = current;
	mfn_t frame = mfn(grant_active(m->rd->grant, m->ref)->frame);
	bool pte = m->flags & GNTMAP_contains_pte;
	int err;

	if ((kinds & GNTMAP_device_map) && bus != mfn_to_maddr(frame))
		return GNTST_general_error;
	if (!(kinds & GNTMAP_host_map))
		return GNTST_okay;
	if (pte && new_va)
		return GNTST_general_error;
	spin_lock(&v->domain->mm_lock);
	err = pt_grant_unmap(v, host, pte, frame, !(m->flags & GNTMAP_readonly), new_va, m->entry);
	spin_unlock(&v->domain->mm_lock);
	return err ? GNTST_general_error : GNTST_okay;
}

void grant_unmap_finish(struct grant_batch *b)
{
	struct domain *d = current->domain;
	const struct unmapped *u, *end = b->unmapped + b->nr_unmapped;

	tlb_flush_domain(d);
	for (u = b->unmapped; u < end; u++)
		if (likely(!u->left)) {
			grant_unpin(u->m->rd, u->m->ref, !(u->m->flags & GNTMAP_readonly));
			domain_put(u->m->rd);
		}
	spin_lock(&d->grant_lock);
	for (u = b->unmapped; u < end; u++) {
		u->m->busy = false;
		u->m->flags = u->left;
		if (likely(!u->left))
			push_free(d->grant, u->m, u->handle);
	}
	spin_unlock(&d->grant_lock);
	b->nr_unmapped = 0;
}

static int16_t unmap(struct grant_batch *b, uint32_t handle, uint64_t host, uint64_t bus, uint64_t new_va)
{
	struct domain *d = current->domain;
	struct mapping *m;
	uint16_t kinds, left;
	int16_t st;

	spin_lock(&d->grant_lock);
	m = find(d->grant, handle);
	if (unlikely(!m || !m->flags || m->busy)) {
		spin_unlock(&d->grant_lock);
		domain_log(d, LOG_WARN, "grant unmap refused: handle %u maps nothing\n", handle);
		return GNTST_bad_handle;
	}
	m->busy = true;
	spin_unlock(&d->grant_lock);

	kinds = m->flags & ((host ? GNTMAP_host_map : 0) | (bus ? GNTMAP_device_map : 0));
	st = unmap_kinds(m, host, bus, new_va, kinds);
	left = likely(st == GNTST_okay) ? m->flags & ~kinds : m->flags;
	b->unmapped[b->nr_unmapped++] = (struct unmapped){ m, handle, left & KINDS ? left : 0 };
	if (unlikely(b->nr_unmapped == UNMAP_BATCH))
		grant_unmap_finish(b);
	return st;
}

void grant_unmap_one(struct grant_batch *b, void *arg)
{
	gnttab_unmap_grant_ref_t *op = arg;

	op->status = unmap(b, op->handle, op->host_addr, op->dev_bus_addr, 0);
}

void grant_replace_one(struct grant_batch *b, void *arg)
{
	gnttab_unmap_and_replace_t *op = arg;

	op->status = unmap(b, op->handle, op->host_addr, 0, op->new_addr);
}

int grant_release_mappings(struct domain *d)
{
	struct grant_table *t = d->grant;

	if (!t)
		return 0;
	while (t->release_next < t->nr_map_pages * MAPPINGS_PER_PAGE) {
		struct mapping *m = find(t, t->release_next++);

		if (m->flags) {
			grant_unpin(m->rd, m->ref, !(m->flags & GNTMAP_readonly));
			domain_put(m->rd);
			m->flags = 0;
		}
		if (t->release_next % 64 == 0 && preempt_needed())
			return -ERESTART;
	}
	return 0;
}
