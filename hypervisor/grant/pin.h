/* SPDX-License-Identifier: MIT */
/*
 * Pinning: the one place where a shared entry, written by a hostile granter at any moment, becomes a right to
 * use a frame. Flags and grantee are one word, claimed by compare-and-exchange, so we act on exactly what we
 * checked; the frame number is read once, after the claim, and kept. Several pins of one entry share
 * the first one's frame. Under the granter's grant_lock, which is taken here.
 *
 * Inline for copies, which pin and unpin twice; pin.c has the same as functions, and the refusals.
 */
#ifndef HV_GRANT_PIN_H
#define HV_GRANT_PIN_H

#include "internal.h"

/* --- pin.c: why not, for the log, and the status --- */
int16_t pin_out_of_range(const struct domain *rd, uint32_t ref);
int16_t pin_refuse(const struct domain *rd, uint32_t ref, const char *why);
int16_t pin_explain(const struct domain *rd, uint32_t ref, uint32_t entry, uint16_t who);
int16_t pin_no_frame(const struct domain *rd, uint32_t ref, int err);

static __force_inline int16_t pin_claim(const struct domain *rd, grant_entry_v1_t *entry, uint32_t ref, uint16_t who,
					bool rw)
{
	entry_word *e = (entry_word *)entry;
	uint32_t old = __atomic_load_n(e, __ATOMIC_RELAXED);
	uint32_t checked = 0xffff0000 | GTF_type_mask | GTF_sub_page | (rw ? GTF_readonly : 0);
	uint32_t in_use = GTF_reading | (rw ? GTF_writing : 0);

	for (unsigned i = 0; i < CLAIM_TRIES; i++) {
		if (unlikely((old & checked) != ((uint32_t)who << 16 | GTF_permit_access)))
			return pin_explain(rd, ref, old, who);
		if (likely(__atomic_compare_exchange_n(e, &old, old | in_use, false,
						       __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)))
			return GNTST_okay;
	}
	return pin_refuse(rd, ref, "the entry keeps changing");
}

/* Clears the in-use flags that no pin justifies. */
static __force_inline void pin_unclaim(struct domain *rd, uint32_t ref, const struct active *a)
{
	uint16_t clear = likely(!a->pins) ? GTF_writing | GTF_reading : a->writers ? 0 : GTF_writing;

	if (clear)
		__atomic_and_fetch(&grant_shared(rd->grant, ref)->flags, (uint16_t)~clear, __ATOMIC_RELEASE);
}

static __force_inline int64_t pin_locked(struct domain *rd, uint16_t who, uint32_t ref, bool rw)
{
	grant_entry_v1_t *e = grant_shared(rd->grant, ref);
	struct active *a = grant_active(rd->grant, ref);
	bool first = !a->pins;
	int err = -EPERM;
	mfn_t m;

	if (unlikely(READ_ONCE(rd->dying) != ALIVE))
		return GNTST_bad_domain;
	if (unlikely(!first && a->domid != who))
		return pin_refuse(rd, ref, "in use by another domain");
	if (likely(first) || (rw && !a->writers)) {
		int16_t st = pin_claim(rd, e, ref, who, rw);

		if (unlikely(st))
			return st;
	}
	if (likely(first)) {
		a->frame = READ_ONCE(e->frame);
		a->domid = who;
	}
	m = mfn(a->frame);
	if (likely(mfn_in_table(m)))
		err = frame_map(mfn_to_frame_nospec(m), rd, rw);
	if (unlikely(err)) {
		pin_unclaim(rd, ref, a);
		return pin_no_frame(rd, ref, err);
	}
	a->pins++;
	a->writers += rw;
	return mfn_x(m);
}

static __force_inline int64_t pin_take(struct domain *rd, uint16_t who, uint32_t ref, bool rw)
{
	unsigned nr = grant_nr_entries(rd->grant);
	int64_t frame;

	if (unlikely(ref >= nr))
		return pin_out_of_range(rd, ref);
	ref = index_nospec(ref, nr);
	spin_lock(&rd->grant_lock);
	frame = pin_locked(rd, who, ref, rw);
	spin_unlock(&rd->grant_lock);
	return frame;
}

static __force_inline void pin_drop(struct domain *rd, uint32_t ref, bool rw)
{
	struct active *a = grant_active(rd->grant, ref);
	struct frame *f = mfn_to_frame(mfn(a->frame));

	spin_lock(&rd->grant_lock);
	a->pins--;
	a->writers -= rw;
	pin_unclaim(rd, ref, a);
	spin_unlock(&rd->grant_lock);
	frame_unmap(f, rw);
}

#endif
