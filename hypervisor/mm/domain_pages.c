/* SPDX-License-Identifier: MIT */
/*
 * The frames of a domain: how they come, how they are shared, and how they go. Each allocated frame
 * is on its owner's list and counted until its last reference is gone, wherever that reference is
 * (a mapping in another domain, a grant), and keeps the domain structure alive for as long.
 *
 * Frames are cleared when they come, and when they go no TLB knows them any more.
 * Lock: d->page_lock for list and count.
 */
#include "domain.h"
#include "errno.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"
#include "pt.h"

static void link_frame(uint32_t *head, struct frame *f)
{
	uint32_t n = mfn_x(frame_mfn(f));

	f->prev = 0;
	f->next = *head;
	if (*head)
		mfn_to_frame(mfn(*head))->prev = n;
	*head = n;
}

static void unlink_frame(struct domain *d, struct frame *f)
{
	uint32_t n = mfn_x(frame_mfn(f));

	if (f->prev)
		mfn_to_frame(mfn(f->prev))->next = f->next;
	else if (d->page_head == n)
		d->page_head = f->next;
	else
		d->page_left = f->next;
	if (f->next)
		mfn_to_frame(mfn(f->next))->prev = f->prev;
	f->next = f->prev = 0;
}

bool domain_room_take(struct domain *d, unsigned n)
{
	bool ok;

	spin_lock(&d->page_lock);
	ok = !d->dying && (uint64_t)d->tot_pages + d->pages_coming + n <= d->max_pages;
	if (ok)
		d->pages_coming += n;
	spin_unlock(&d->page_lock);
	return ok;
}

void domain_room_drop(struct domain *d, unsigned n)
{
	spin_lock(&d->page_lock);
	d->pages_coming -= n;
	spin_unlock(&d->page_lock);
}

/* n frames come into the room that was taken for them; false: d is dying, and the room is there still. */
static bool count_in(struct domain *d, unsigned n)
{
	if (d->dying)
		return false;
	if (!d->tot_pages)
		domain_ref(d);
	d->pages_coming -= n;
	d->tot_pages += n;
	return true;
}

/* A frame with the caller's reference, which becomes the allocation's; a frame_hold may add another at any moment. */
static void own(struct domain *d, struct frame *f)
{
	uint64_t s = READ_ONCE(f->state);

	f->owner = d;
	link_frame(&d->page_head, f);
	while (!__atomic_compare_exchange_n(&f->state, &s, MAX(frame_refs(s), 1u) | FRAME_ALLOCATED, false,
					    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		;
}

/* One that nobody knows yet. Its name comes first: once it is d's, a vcpu of d may give it back, and then it is another's. */
static inline void own_fresh(struct domain *d, struct frame *f, uint64_t pfn)
{
	m2p_set(frame_mfn(f), pfn);
	f->owner = d;
	link_frame(&d->page_head, f);
	__atomic_store_n(&f->state, 1 | FRAME_ALLOCATED, __ATOMIC_RELEASE);
}

/* Off the list and out of the count; so much room stays taken. */
static __force_inline void disown(struct frame *f, unsigned room)
{
	struct domain *d = f->owner;
	bool last;

	spin_lock(&d->page_lock);
	unlink_frame(d, f);
	f->owner = NULL;
	d->pages_coming += room;
	last = !--d->tot_pages;
	spin_unlock(&d->page_lock);
	if (last)
		domain_put(d);
}

mfn_t domain_pages_fresh(struct domain *d, unsigned order)
{
	mfn_t m = claim_page_alloc(d, order);

	if (!mfn_eq(m, MFN_NONE))
		clear_pages(mfn_to_virt(m), 1u << order);
	return m;
}

bool domain_pages_own(struct domain *d, mfn_t m, unsigned order, uint64_t pfn)
{
	unsigned n = 1u << order;
	bool ok;

	spin_lock(&d->page_lock);
	ok = count_in(d, n);
	for (unsigned i = 0; ok && i < n; i++)
		own_fresh(d, mfn_to_frame(mfn(mfn_x(m) + i)), pfn == INVALID_M2P_ENTRY ? pfn : pfn + i);
	spin_unlock(&d->page_lock);
	if (unlikely(!ok))
		page_free(m, order);
	else if (unlikely(d->claimed))
		claim_used(d, n);
	return ok;
}

/* What d may not have is not taken, not for a moment: it could be what another domain asks for in that moment. */
__attribute__((flatten)) mfn_t domain_page_alloc(struct domain *d, unsigned order, uint64_t pfn)
{
	mfn_t m;

	if (order > MAX_ORDER || !domain_room_take(d, 1u << order))
		return MFN_NONE;
	m = domain_pages_fresh(d, order);
	if (!mfn_eq(m, MFN_NONE) && domain_pages_own(d, m, order, pfn))
		return m;
	domain_room_drop(d, 1u << order);
	return MFN_NONE;
}

/* A stale translation would let the last owner see, or write, what the frame serves next. */
void frame_free(struct frame *f)
{
	tlb_filter(f);
	if (!(f->state & FRAME_HV) && f->owner)
		disown(f, 0);
	m2p_set(frame_mfn(f), INVALID_M2P_ENTRY);
	f->nr_done = f->work = 0;
	f->state = 0;
	page_free(frame_mfn(f), 0);
}

void domain_share_page(struct domain *d, void *page, bool writable)
{
	struct frame *f = virt_to_frame(page);
	enum frame_type t = writable ? FT_WRITABLE : FT_SHARED;

	f->owner = d;
	__atomic_store_n(&f->state, 1 | 1ULL << FRAME_TCOUNT_SHIFT | FRAME_VALID | FRAME_HV |
			 (uint64_t)t << FRAME_TYPE_SHIFT, __ATOMIC_RELEASE);
}

void domain_unshare_page(void *page)
{
	struct frame *f = virt_to_frame(page);

	f->owner = NULL;	/* nobody can take new references; old ones go one by one */
	__atomic_fetch_and(&f->state, ~FRAME_HV, __ATOMIC_ACQ_REL);
	frame_put_both(f);
}

bool domain_page_release(struct domain *d, struct frame *f)
{
	if (f->owner != d ||
	    !(__atomic_fetch_and(&f->state, ~FRAME_ALLOCATED, __ATOMIC_ACQ_REL) & FRAME_ALLOCATED))
		return false;
	frame_put(f);
	return true;
}

int domain_page_steal(struct domain *d, struct frame *f)
{
	uint64_t s = READ_ONCE(f->state), keep = s & ~(FRAME_ALLOCATED | FRAME_REF_MASK);

	if (f->owner != d || frame_refs(s) != 2 || frame_tcount(s) || !(s & FRAME_ALLOCATED) ||
	    !__atomic_compare_exchange_n(&f->state, &s, keep | 1, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED))
		return -EBUSY;
	tlb_filter(f);
	disown(f, 1);
	return 0;
}

void domain_page_assign(struct domain *d, struct frame *f)
{
	bool ok;

	spin_lock(&d->page_lock);
	ok = count_in(d, 1);
	if (ok)
		own(d, f);
	else
		d->pages_coming--;
	spin_unlock(&d->page_lock);
	if (!ok)
		frame_put(f);
}

/* Gives up what the domain itself holds on a frame: pin, unfinished validation, allocation. */
static int relinquish(struct domain *d, struct frame *f)
{
	if (__atomic_fetch_and(&f->state, ~FRAME_PINNED, __ATOMIC_ACQ_REL) & FRAME_PINNED) {
		if (frame_put_type(f, true))
			return -ERESTART;
		frame_put(f);
	}
	if (frame_finish(f, true))
		return -ERESTART;
	spin_lock(&d->page_lock);
	if (f->owner == d) {		/* not stolen meanwhile, for the control domain's XENMEM_exchange */
		unlink_frame(d, f);
		link_frame(&d->page_left, f);
	}
	spin_unlock(&d->page_lock);
	domain_page_release(d, f);
	return 0;
}

/* The first frame not looked at, held; frames that another CPU is just freeing are passed over. */
static struct frame *next_frame(struct domain *d)
{
	struct frame *f = NULL;

	spin_lock(&d->page_lock);
	while (d->page_head) {
		f = mfn_to_frame(mfn(d->page_head));
		if (frame_hold(f))
			break;
		unlink_frame(d, f);
		link_frame(&d->page_left, f);
		f = NULL;
	}
	spin_unlock(&d->page_lock);
	return f;
}

int domain_pages_relinquish(struct domain *d)
{
	struct frame *f;
	int rc = 0;

	spin_lock(&d->mm_lock);
	while (!rc && (f = next_frame(d))) {
		rc = relinquish(d, f);
		frame_put(f);
		if (!rc && preempt_needed_holding(&d->mm_lock))
			rc = -ERESTART;
	}
	spin_unlock(&d->mm_lock);
	if (!rc) {
		(void)domain_claim(d, 0);
		hv_free(d->memory_map);
		d->memory_map = NULL;
	}
	return rc;
}
