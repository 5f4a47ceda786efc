/* SPDX-License-Identifier: MIT */
/*
 * Mapping granted frames. A handle stands for one pin and the entry or bus address it serves; it is freed only after
 * the page-table entry is gone from tables and TLBs, for that entry's access lives on the handle's references. A TLB
 * flush costs more than all else here: a hypercall's unmaps share one, and until then their handles are busy.
 * The list of free mappings is guarded by the mapper's grant_lock, one in use belongs to whoever claims it; mm_lock (entries)
 * and the granter's lock (pins) are taken one after another, never together with it.
 */
#include "array.h"
#include "pt.h"

#define KINDS (GNTMAP_host_map | GNTMAP_device_map)

/* The mapping of a guest-given handle, NULL if out of range. No lock: pages of mappings stay where they are. */
static inline struct mapping *find(const struct grant_table *t, uint32_t handle)
{
	uint64_t nr = (uint64_t)__atomic_load_n(&t->nr_map_pages, __ATOMIC_ACQUIRE) * MAPPINGS_PER_PAGE;

	if (unlikely(handle >= nr))
		return NULL;
	handle = index_nospec(handle, nr);
	return &t->map[handle / MAPPINGS_PER_PAGE][handle % MAPPINGS_PER_PAGE];
}

/* Another page of free mappings. */
static __attribute__((cold)) void add_page(struct grant_table *t)
{
	struct mapping *page;

	if (t->nr_map_pages == MAP_PAGES_MAX)
		return;
	if (!t->map)
		t->map = hv_alloc(MAP_PAGES_MAX * sizeof(*t->map));
	page = t->map ? hv_alloc(PAGE_SIZE) : NULL;
	if (!page)
		return;
	for (unsigned i = MAPPINGS_PER_PAGE; i-- > 0; ) {
		page[i].handle = t->nr_map_pages * MAPPINGS_PER_PAGE + i;
		page[i].next_free = t->free;
		t->free = &page[i];
	}
	t->map[t->nr_map_pages] = page;
	__atomic_store_n(&t->nr_map_pages, t->nr_map_pages + 1, __ATOMIC_RELEASE);
}

/* One of our own to fill in, NULL if there are no more. */
static struct mapping *mapping_get(struct domain *d)
{
	struct grant_table *t = d->grant;
	struct mapping *m;

	spin_lock(&d->grant_lock);
	if (unlikely(!t->free))
		add_page(t);
	m = t->free;
	if (likely(m))
		t->free = m->next_free;
	spin_unlock(&d->grant_lock);
	return m;
}

/* A list of them, back again. */
static inline void mappings_put(struct domain *d, struct mapping *first, struct mapping *last)
{
	spin_lock(&d->grant_lock);
	last->next_free = d->grant->free;
	d->grant->free = first;
	spin_unlock(&d->grant_lock);
}

static __force_inline int map_host(struct domain *d, const gnttab_map_grant_ref_t *op, uint64_t frame, maddr_t *entry)
{
	uint32_t kinds = op->flags;
	uint64_t flags = PTE_P | PTE_US | PTE_A | PTE_D | (kinds & GNTMAP_readonly ? 0 : PTE_RW);
	int err;

	flags |= ((uint64_t)kinds >> _GNTMAP_guest_avail0 << 9) & PTE_AVAIL;
	spin_lock(&d->mm_lock);
	err = pt_grant_map(current, op->host_addr, kinds & GNTMAP_contains_pte, pte_make(mfn(frame), flags), entry);
	spin_unlock(&d->mm_lock);
	return err;
}

static __force_inline int16_t map(struct domain *d, struct domain *rd, gnttab_map_grant_ref_t *op)
{
	bool rw = !(op->flags & GNTMAP_readonly);
	struct mapping *m = mapping_get(d);
	int64_t frame;

	if (unlikely(!m))
		return GNTST_no_device_space;
	frame = grant_pin(rd, d->id, op->ref, rw);
	if (unlikely(frame < 0))
		goto no_pin;
	if (likely(op->flags & GNTMAP_host_map) && unlikely(map_host(d, op, frame, &m->entry)))
		goto no_entry;
	domain_ref(rd);
	m->rd = rd;
	m->ref = op->ref;
	m->frame = frame;
	op->handle = m->handle;
	op->dev_bus_addr = mfn_to_maddr(mfn(frame));
	/* From here on a sibling may unmap it. */
	__atomic_store_n(&m->flags, (uint16_t)op->flags, __ATOMIC_RELEASE);
	return GNTST_okay;
no_entry:
	grant_unpin(rd, op->ref, rw);
	frame = GNTST_general_error;
no_pin:
	mappings_put(d, m, m);
	return frame;
}

static __force_inline void map_one(struct grant_batch *b, void *arg)
{
	gnttab_map_grant_ref_t *op = arg;
	struct domain *rd;

	if (unlikely(!(op->flags & KINDS))) {
		op->status = GNTST_bad_gntref;
		return;
	}
	rd = likely(op->dom != DOMID_SELF) ? grant_batch_domain(b, op->dom) : NULL;	/* own grants by own number only */
	op->status = likely(rd) ? map(current->domain, rd, op) : GNTST_bad_domain;
}

/* Takes away what of these kinds the mapping serves, all of them there. On errors its entry is left alone. */
static __force_inline int16_t unmap_kinds(struct domain *d, const struct mapping *m, uint64_t host, uint64_t bus,
					  uint64_t new_va, uint16_t kinds)
{
	maddr_t frame = mfn_to_maddr(mfn(m->frame));
	bool pte = m->flags & GNTMAP_contains_pte;
	int err;

	if (unlikely(kinds & GNTMAP_device_map) && bus != frame)
		return GNTST_general_error;
	if (unlikely(!(kinds & GNTMAP_host_map)))
		return GNTST_okay;
	if (unlikely(new_va) && pte)
		return GNTST_general_error;
	spin_lock(&d->mm_lock);
	err = pt_grant_unmap(current, host, pte, frame | (m->flags & GNTMAP_readonly ? 0 : PTE_RW), new_va, m->entry);
	spin_unlock(&d->mm_lock);
	return err ? GNTST_general_error : GNTST_okay;
}

/* What was unmapped since the last flush: handles that serve nothing any more are over. */
static __force_inline void finish(struct domain *d, struct mapping *unmapped)
{
	struct mapping *m, *first = NULL, *last = NULL;

	tlb_flush_domain(d);
	while ((m = unmapped)) {
		uint16_t left = m->flags;

		unmapped = m->next_unmapped;
		if (likely(!(left & KINDS))) {
			struct domain *rd = m->rd;

			grant_unpin(rd, m->ref, !(left & GNTMAP_readonly));
			domain_put(rd);
			m->next_free = first;
			first = m;
			last = last ? last : m;
			left = 0;
		}
		__atomic_store_n(&m->flags_busy, left, __ATOMIC_RELEASE);
	}
	if (likely(first))
		mappings_put(d, first, last);
}

/* In use, and no other unmap at work on it? Then it is ours until finish. */
static __force_inline bool claim(struct mapping *m)
{
	uint32_t flags = __atomic_load_n(&m->flags_busy, __ATOMIC_RELAXED);

	return likely(flags && flags <= UINT16_MAX) &&
	       __atomic_compare_exchange_n(&m->flags_busy, &flags, flags | (current->id + 1) << 16, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Its address was unmapped earlier in this batch, its bus address is still there. */
static bool claimed(const struct mapping *m)
{
	uint32_t flags = __atomic_load_n(&m->flags_busy, __ATOMIC_RELAXED);

	return flags >> 16 == current->id + 1 && flags & KINDS;
}

static __force_inline int16_t unmap(struct grant_batch *b, uint32_t handle, uint64_t host, uint64_t bus, uint64_t new_va)
{
	struct domain *d = current->domain;
	struct mapping *m = find(d->grant, handle);
	uint16_t kinds, left;
	bool again = false;
	int16_t st;

	if (unlikely(!m || !(claim(m) || (again = claimed(m))))) {
		domain_log(d, LOG_WARN, "grant unmap refused: handle %u maps nothing\n", handle);
		return GNTST_bad_handle;
	}
	kinds = m->flags & ((host ? GNTMAP_host_map : 0) | (bus ? GNTMAP_device_map : 0));
	st = unmap_kinds(d, m, host, bus, new_va, kinds);
	left = likely(st == GNTST_okay) ? m->flags & ~kinds : m->flags;
	if (unlikely(left & GNTMAP_host_map)) {		/* its entry is still there */
		__atomic_store_n(&m->flags_busy, left, __ATOMIC_RELEASE);
		return st;
	}
	m->flags = left;
	if (likely(!again)) {
		m->next_unmapped = b->unmapped;
		b->unmapped = m;
	}
	return st;
}

static __force_inline void unmap_one(struct grant_batch *b, void *arg)
{
	gnttab_unmap_grant_ref_t *op = arg;

	op->status = unmap(b, op->handle, op->host_addr, op->dev_bus_addr, 0);
}

static __force_inline void replace_one(struct grant_batch *b, void *arg)
{
	gnttab_unmap_and_replace_t *op = arg;

	op->status = unmap(b, op->handle, op->host_addr, 0, op->new_addr);
}

static __force_inline void end_unmaps(struct grant_batch *b)
{
	if (likely(b->unmapped))
		finish(current->domain, b->unmapped);
}

ARRAY(grant_map_all, map_one, end_granter, gnttab_map_grant_ref_t, 16)
ARRAY_IN_PIECES(grant_unmap_all, unmap_one, end_unmaps, gnttab_unmap_grant_ref_t, 16, UNMAPPED_MOST)
ARRAY_IN_PIECES(grant_replace_all, replace_one, end_unmaps, gnttab_unmap_and_replace_t, 16, UNMAPPED_MOST)

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
	/* Not with the last reference, for which another domain that maps a page of this one can have us wait. */
	t->free = NULL;
	while (t->nr_map_pages) {
		hv_free(t->map[--t->nr_map_pages]);
		if (t->nr_map_pages % 64 == 0 && preempt_needed())
			return -ERESTART;
	}
	return 0;
}
