/* SPDX-License-Identifier: MIT */
/*
 * The frame table: one entry for each frame of RAM, and the rule on which isolation rests:
 *
 *   A frame has one type at a time, and may change it only when nobody holds it by the old one.
 *
 * A frame carries two counts. *References* (ref) say "somebody needs this frame to stay this
 * owner's"; the owner's own allocation holds one (FRAME_ALLOCATED). *Type references* (tcount)
 * say "somebody relies on the type": each page-table entry that maps it writable, each entry
 * that links a page table, a pin, a GDT slot. A type reference always goes with a reference.
 *
 * state is one 64-bit word, changed only by compare-and-exchange, so get and put need no lock.
 * Types L1..L4 additionally pass validation when their tcount leaves 0 and devalidation when it
 * returns to 0; that happens under the owner's mm_lock (all page-table operations of a domain do).
 *
 * An L2..L4 frame whose (de)validation was preempted is *partial*: tcount is 1, FRAME_VALID is
 * clear, and its first nr_done entries hold their references. The one type reference and one
 * reference belong to the partial state itself, not to whoever began the work; the next who
 * takes the type, or frame_finish, goes on with it.
 *
 * Pure: compiles for the host (tests/unit/mm) together with pt_validate.c.
 */
#ifndef HV_FRAME_H
#define HV_FRAME_H

#include "lib.h"
#include "page.h"

struct domain;

enum frame_type {
	FT_NONE,		/* tcount 0, never typed since allocation */
	FT_L1, FT_L2, FT_L3, FT_L4,
	FT_SEGDESC,		/* a page of GDT or LDT: no call gates, no DPL < 3 */
	FT_WRITABLE,		/* mapped writable somewhere, or used as such (grant, vcpu_info) */
	FT_SHARED,		/* hypervisor page shown to guests: shared_info, grant table */
	FT_FREE = 14,		/* first frame of a free block: page_alloc.c only */
	FT_NOT_RAM = 15,	/* a hole that the frame table happens to cover */
};

#define FRAME_REF_MASK		0x00000000ffffffffULL
#define FRAME_TCOUNT_SHIFT	32
#define FRAME_TCOUNT_MASK	0x00ffffff00000000ULL
#define FRAME_VALID		BIT(56)	/* the type is established */
#define FRAME_PINNED		BIT(57)	/* guest pinned it: one reference and type reference */
#define FRAME_ALLOCATED		BIT(58)	/* the owner's allocation: one reference */
#define FRAME_HV		BIT(59)	/* our own page, that its owner may map */
#define FRAME_TYPE_SHIFT	60
#define FRAME_FREE	((uint64_t)FT_FREE << FRAME_TYPE_SHIFT)
#define FRAME_NOT_RAM	((uint64_t)FT_NOT_RAM << FRAME_TYPE_SHIFT)

enum frame_work {
	WORK_VALIDATE,		/* entries from nr_done on are still to be checked */
	WORK_UNDO,		/* entries below nr_done are still to be put */
	WORK_REFUSED,		/* the same, because a later entry was refused */
};

struct frame {
	uint64_t state;
	struct domain *owner;		/* stable while ref > 0; NULL: ours or free */
	uint32_t next, prev;		/* links of the owner's list or the free list (mfn) */
	union {
		struct {		/* state: typed L1..L4 */
			uint16_t nr_done;	/* partial: entries holding references */
			uint8_t work;		/* partial: enum frame_work */
			uint8_t refusal;	/* WORK_REFUSED: the errno it will be */
		};
		uint32_t order;		/* state: head of a free block */
	};
	uint32_t tlb_stamp;		/* when its last type or mapping went away; see tlb.h */
};

static inline struct frame *mfn_to_frame(mfn_t m)
{
	return (struct frame *)FRAMETABLE_VIRT_START + mfn_x(m);
}
static inline mfn_t frame_mfn(const struct frame *f)
{
	return mfn(f - (const struct frame *)FRAMETABLE_VIRT_START);
}
static inline struct frame *virt_to_frame(const void *v) { return mfn_to_frame(virt_to_mfn(v)); }
/* Has the frame table an entry for it (guest-given mfns come here first)? Its owner and counts tell
 * the rest: a hole has none, and its entry may be read-only. */
static inline bool mfn_in_table(mfn_t m) { return mfn_x(m) < max_mfn; }
/* Its entry, where speculation that runs ahead of that check finds the first. */
static inline struct frame *mfn_to_frame_nospec(mfn_t m) { return mfn_to_frame(mfn(index_nospec(mfn_x(m), max_mfn))); }

/* Is it RAM? */
static inline bool mfn_valid(mfn_t m)
{
	return mfn_in_table(m) && mfn_to_frame_nospec(m)->state >> FRAME_TYPE_SHIFT != FT_NOT_RAM;
}

static inline enum frame_type frame_type(uint64_t state) { return state >> FRAME_TYPE_SHIFT; }
static inline uint32_t frame_refs(uint64_t state) { return state & FRAME_REF_MASK; }
static inline uint32_t frame_tcount(uint64_t state)
{
	return (state & FRAME_TCOUNT_MASK) >> FRAME_TCOUNT_SHIFT;
}

/*
 * Stale translations. A guest may forget to flush, so a frame that lost a mapping or a table type
 * is stamped with the number of the last full flush, and before it serves another purpose (other
 * type, other owner) tlb_filter flushes the CPUs that have not flushed since. (tlb.c)
 */
extern uint32_t tlb_clock;
/* After the mapping went, before its reference goes. Several CPUs may do so: the number only grows, since it is read
 * before the clock. */
static __force_inline void tlb_stamp(struct frame *f)
{
	uint32_t old, t;

	do {
		old = READ_ONCE(f->tlb_stamp);
		t = READ_ONCE(tlb_clock);
	} while (old != t && unlikely(!__atomic_compare_exchange_n(&f->tlb_stamp, &old, t, false,
								     __ATOMIC_RELAXED, __ATOMIC_RELAXED)));
}
void tlb_filter(struct frame *f);

static inline bool frame_type_is_pt(enum frame_type t) { return t >= FT_L1 && t <= FT_L4; }
static inline unsigned frame_level(uint64_t state) { return frame_type(state) - FT_L1 + 1; }
const char *frame_type_name(uint64_t state);
/*
 * Is it a valid table of d, whose mm_lock is held, so that it stays one? Without a reference the frame may go from one
 * domain to another while we look, where a CPU stands still: the type is looked at before the owner and after, lest it be
 * one's type and the other's frame.
 */
static inline bool frame_is_table_of(const struct frame *f, const struct domain *d)
{
	uint64_t s = READ_ONCE(f->state);

	return likely(frame_type_is_pt(frame_type(s)) && (s & FRAME_VALID) && READ_ONCE(f->owner) == d) &&
	       likely(frame_type(READ_ONCE(f->state)) == frame_type(s));
}

/* Takes a reference if d owns the frame and it is allocated; false otherwise or on overflow. */
bool frame_get(struct frame *f, const struct domain *d) __must_check;
/* The frame behind a guest-given mfn with a reference taken, or NULL. */
struct frame *frame_get_mfn(mfn_t m, const struct domain *d) __must_check;
/* One on whatever is still somebody's, allocated or given up already; false: it is nobody's (a free block's, or
 * about to be freed). The caller knows that f is RAM. */
bool frame_hold(struct frame *f) __must_check;
/* Drops one; the last one returns the frame to the heap. */
void frame_put(struct frame *f);

/*
 * What an L1 entry holds: a reference and, if rw, a type reference of FT_WRITABLE. -EPERM: not d's;
 * -EBUSY: held by another type, or a count is full. Inline is the case that validation of tables
 * consists of: an allocated frame, and if rw a writable one already.
 */
int frame_map_slow(struct frame *f, const struct domain *d, bool rw) __must_check;
void frame_unmap_slow(struct frame *f, bool rw);

#define FRAME_WRITABLE ((uint64_t)FT_WRITABLE << FRAME_TYPE_SHIFT | FRAME_ALLOCATED)
#define FRAME_WRITABLE_MASK (15ULL << FRAME_TYPE_SHIFT | FRAME_ALLOCATED)
#define FRAME_MAP_ONE(rw) ((rw) ? 1ULL << FRAME_TCOUNT_SHIFT | 1 : 1)
#define FRAME_COUNT_HIGH (BIT(31) | BIT(55))	/* the counts are far from full without these */

static __force_inline void frame_unmap(struct frame *f, bool rw)
{
	uint64_t s = READ_ONCE(f->state), n = s - FRAME_MAP_ONE(rw);

	tlb_stamp(f);
	if (rw && !(n & FRAME_TCOUNT_MASK))
		n &= ~FRAME_VALID;
	if (unlikely(!frame_refs(n) ||
		     !__atomic_compare_exchange_n(&f->state, &s, n, false, __ATOMIC_ACQ_REL,
						  __ATOMIC_RELAXED)))
		frame_unmap_slow(f, rw);
}

static __force_inline int __must_check frame_map(struct frame *f, const struct domain *d, bool rw)
{
	uint64_t s = READ_ONCE(f->state), n = s + FRAME_MAP_ONE(rw), want = rw ? FRAME_WRITABLE : FRAME_ALLOCATED;
	uint64_t mask = (rw ? FRAME_WRITABLE_MASK : FRAME_ALLOCATED) | FRAME_COUNT_HIGH;

	if (unlikely(f->owner != d || (s & mask) != want))
		return frame_map_slow(f, d, rw);
	if (rw && !(s & FRAME_VALID)) {
		if (unlikely(s & FRAME_TCOUNT_MASK))	/* another CPU is about to make it valid */
			return frame_map_slow(f, d, rw);
		n |= FRAME_VALID;	/* the first mapping, of what was never anything else since the last */
	}
	if (unlikely(!__atomic_compare_exchange_n(&f->state, &s, n, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)))
		return frame_map_slow(f, d, rw);
	if (likely(f->owner == d))
		return 0;
	frame_unmap(f, rw);	/* freed and given to another owner while we looked */
	return frame_map_slow(f, d, rw);
}

/*
 * Takes a type reference (the caller already holds a reference). 0; -EINVAL: held by another type;
 * -EBUSY: the count is full; validation's error; -ERESTART: preempted (FT_L2..L4 and
 * preemptible only): the work done stays in the frame, *and so does the caller's reference*.
 * For FT_L1..L4 and FT_SEGDESC the owner's mm_lock is held.
 */
int frame_get_type(struct frame *f, enum frame_type t, bool preemptible) __must_check;
/* 0; or -ERESTART: the type reference and the caller's reference now belong to the partial frame,
 * which somebody must frame_finish. */
int frame_put_type(struct frame *f, bool preemptible);
/* Undoes what is left of a partial frame and gives up the two references it held; 0 for any
 * other frame. -ERESTART: more to do. The owner's mm_lock is held. */
int frame_finish(struct frame *f, bool preemptible);

/* Reference and type reference together, not preemptible. -EPERM: not d's; otherwise as
 * frame_get_type. */
int frame_get_both(mfn_t m, struct domain *d, enum frame_type t, struct frame **out) __must_check;
void frame_put_both(struct frame *f);

/* domain_pages.c: the last reference is gone. */
void frame_free(struct frame *f);

#endif
