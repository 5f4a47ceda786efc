/* SPDX-License-Identifier: MIT */
/*
 * Reference counts and types of frames: the transitions of struct frame's state word (frame.h has
 * the rule). Every transition is one compare-and-exchange. Plain types (writable, shared) are taken
 * and dropped without a lock; page-table and descriptor types change under the owner's mm_lock, so
 * whoever meets such a frame not FRAME_VALID there has met a partial one.
 *
 * A frame that changes its type may still be known by its old one to a TLB or paging-structure
 * cache: tlb_filter comes between taking the new type and calling it valid.
 *
 * Pure: no hardware, no globals; the host tests drive this very file.
 */
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "pt.h"

#define TCOUNT_ONE (1ULL << FRAME_TCOUNT_SHIFT)
#define TYPE_MASK (15ULL << FRAME_TYPE_SHIFT)
#define TYPE(t) ((uint64_t)(t) << FRAME_TYPE_SHIFT)

static inline bool swap(struct frame *f, uint64_t *old, uint64_t new)
{
	return __atomic_compare_exchange_n(&f->state, old, new, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}

static inline bool tcount_full(uint64_t s) { return (s & FRAME_TCOUNT_MASK) == FRAME_TCOUNT_MASK; }

const char *frame_type_name(uint64_t state)
{
	static const char *const name[16] = {
		"untyped", "an L1 page table", "an L2 page table", "an L3 page table",
		"an L4 page table", "a descriptor table", "writable", "a read-only shared page",
		[FT_FREE] = "free", [FT_NOT_RAM] = "not RAM",
	};

	return name[frame_type(state)];
}

/* What a frame's state becomes with one more writable mapping, if no type stands in the way that it
 * would have to lose first; else 0. */
static inline uint64_t one_more_writer(uint64_t s)
{
	uint64_t type = s & TYPE_MASK;

	if (!frame_tcount(s) && (type == TYPE(FT_WRITABLE) || type == TYPE(FT_NONE)))
		return ((s & ~TYPE_MASK) | TYPE(FT_WRITABLE) | FRAME_VALID) + TCOUNT_ONE + 1;
	if ((s & (TYPE_MASK | FRAME_VALID)) == (TYPE(FT_WRITABLE) | FRAME_VALID) && !tcount_full(s))
		return s + TCOUNT_ONE + 1;
	return 0;
}

/* One step for the two counts if the type allows; else the type is taken separately. */
int frame_map_slow(struct frame *f, const struct domain *d, bool rw)
{
	uint64_t s = __atomic_load_n(&f->state, __ATOMIC_RELAXED), both;
	int rc;

	do {
		if (unlikely(f->owner != d || !(s & (FRAME_ALLOCATED | FRAME_HV))))
			return -EPERM;
		if (unlikely((uint32_t)s == FRAME_REF_MASK))
			return -EBUSY;
		both = rw ? one_more_writer(s) : 0;
	} while (unlikely(!swap(f, &s, both ? both : s + 1)));
	/* Freed and given to another owner while we looked? */
	if (unlikely(f->owner != d)) {
		frame_unmap_slow(f, both != 0);
		return -EPERM;
	}
	if (likely(both || !rw))
		return 0;
	rc = frame_get_type(f, FT_WRITABLE, false);
	if (rc)
		frame_put(f);
	return rc ? -EBUSY : 0;
}

void frame_unmap_slow(struct frame *f, bool rw)
{
	uint64_t s = __atomic_load_n(&f->state, __ATOMIC_RELAXED), n;

	tlb_stamp(f);
	do {
		n = s - (rw ? TCOUNT_ONE + 1 : 1);
		if (rw && !frame_tcount(n))
			n &= ~FRAME_VALID;
	} while (unlikely(!swap(f, &s, n)));
	if (unlikely(!frame_refs(n)))
		frame_free(f);
}

bool frame_get(struct frame *f, const struct domain *d) { return frame_map(f, d, false) == 0; }

struct frame *frame_get_mfn(mfn_t m, const struct domain *d)
{
	struct frame *f = mfn_to_frame_nospec(m);

	return likely(mfn_in_table(m)) && likely(!frame_map(f, d, false)) ? f : NULL;
}

bool frame_hold(struct frame *f)
{
	uint64_t s = __atomic_load_n(&f->state, __ATOMIC_RELAXED);

	do {
		if (!frame_refs(s) || frame_refs(s) == FRAME_REF_MASK)
			return false;
	} while (!swap(f, &s, s + 1));
	return true;
}

void frame_put(struct frame *f)
{
	if (unlikely(!(uint32_t)__atomic_sub_fetch(&f->state, 1, __ATOMIC_ACQ_REL)))
		frame_free(f);
}

/* The last type reference of a table goes: its own entries first. */
static int undo(struct frame *f, bool preemptible)
{
	int rc = pt_devalidate(f, frame_level(f->state), preemptible);

	if (rc)
		return rc;
	tlb_stamp(f);
	__atomic_sub_fetch(&f->state, TCOUNT_ONE, __ATOMIC_ACQ_REL);
	return 0;
}

/* tcount is 1, not valid; on success the type reference is the caller's. */
static int validate(struct frame *f, bool preemptible)
{
	int rc = pt_validate(f, frame_level(f->state), preemptible);

	if (!rc) {
		__atomic_or_fetch(&f->state, FRAME_VALID, __ATOMIC_RELEASE);
	} else if (rc != -ERESTART) {
		f->work = WORK_REFUSED;
		f->refusal = -rc;
		return undo(f, preemptible) ? -ERESTART : rc;
	}
	return rc;
}

/* Someone wants the type of a partial frame: goes on with it. -EAGAIN: undone, begin anew. On every
 * outcome but -ERESTART the partial state's reference has been given up. */
static int resume(struct frame *f, bool preemptible)
{
	enum frame_work work = f->work;
	int rc = work == WORK_VALIDATE ? validate(f, preemptible) : undo(f, preemptible);

	frame_put(f); /* two were held, the caller's and the partial state's; one is too many now */
	if (rc || work == WORK_VALIDATE)
		return rc;
	return work == WORK_REFUSED ? -f->refusal : -EAGAIN;
}

/* The first type reference: tcount went from 0 to 1, FRAME_VALID is clear. */
static int establish(struct frame *f, enum frame_type t, enum frame_type old, bool preemptible)
{
	int rc = 0;

	if (old != t && old != FT_NONE)
		tlb_filter(f);
	f->nr_done = 0;
	f->work = WORK_VALIDATE;
	if (frame_type_is_pt(t))
		return validate(f, preemptible);
	if (t == FT_SEGDESC)
		rc = segdesc_validate(f);
	if (rc)
		__atomic_sub_fetch(&f->state, TCOUNT_ONE, __ATOMIC_ACQ_REL);
	else
		__atomic_or_fetch(&f->state, FRAME_VALID, __ATOMIC_RELEASE);
	return rc;
}

int frame_get_type(struct frame *f, enum frame_type t, bool preemptible)
{
	uint64_t s = __atomic_load_n(&f->state, __ATOMIC_RELAXED);

	for (;;) {
		if (!frame_tcount(s)) {
			uint64_t n = (s & ~(TYPE_MASK | FRAME_VALID)) | TYPE(t) | TCOUNT_ONE;

			if (swap(f, &s, n))
				return establish(f, t, frame_type(s), preemptible);
		} else if (frame_type(s) != t || tcount_full(s)) {
			return frame_type(s) != t ? -EINVAL : -EBUSY;
		} else if (s & FRAME_VALID) {
			if (swap(f, &s, s + TCOUNT_ONE))
				return 0;
		} else if (frame_type_is_pt(t)) {
			int rc = resume(f, preemptible);

			if (rc != -EAGAIN)
				return rc;
			s = __atomic_load_n(&f->state, __ATOMIC_RELAXED);
		} else {	/* another CPU is between taking and establishing it: a moment */
			cpu_relax();
			s = __atomic_load_n(&f->state, __ATOMIC_RELAXED);
		}
	}
}

int frame_put_type(struct frame *f, bool preemptible)
{
	uint64_t s = __atomic_load_n(&f->state, __ATOMIC_RELAXED), n;
	bool table;

	tlb_stamp(f);
	do {
		bool last = frame_tcount(s) == 1;

		table = last && frame_type_is_pt(frame_type(s));
		n = table ? s : s - TCOUNT_ONE;
		if (last)
			n &= ~FRAME_VALID;
	} while (unlikely(!swap(f, &s, n)));
	if (!table)
		return 0;
	f->nr_done = PT_ENTRIES;
	f->work = WORK_UNDO;
	return undo(f, preemptible);
}

int frame_finish(struct frame *f, bool preemptible)
{
	uint64_t s = f->state;
	int rc;

	if (!frame_type_is_pt(frame_type(s)) || !frame_tcount(s) || (s & FRAME_VALID))
		return 0;
	rc = undo(f, preemptible);
	if (!rc)
		frame_put(f);
	return rc;
}

int frame_get_both(mfn_t m, struct domain *d, enum frame_type t, struct frame **out)
{
	struct frame *f = frame_get_mfn(m, d);
	int rc;

	if (!f)
		return -EPERM;
	rc = frame_get_type(f, t, false);
	if (rc)
		frame_put(f);
	else if (out)
		*out = f;
	return rc;
}

void frame_put_both(struct frame *f)
{
	frame_put_type(f, false);
	frame_put(f);
}
