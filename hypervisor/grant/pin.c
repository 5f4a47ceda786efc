/* SPDX-License-Identifier: MIT */
/*
 * Pinning: the one place where a shared entry, written by a hostile granter at any moment, becomes a right to
 * use a frame. Flags and grantee are one word, claimed by compare-and-exchange, so we act on exactly what we
 * checked; the frame number is read once, after the claim, and kept. Several pins of one entry share
 * the first one's frame. Under the granter's grant_lock.
 */
#include "internal.h"

typedef uint32_t __attribute__((may_alias)) entry_word;	/* flags, grantee in the upper half */

#define CLAIM_TRIES 8		/* a granter that keeps changing its entry only hurts itself */

static int16_t refuse(const struct domain *rd, uint32_t ref, const char *why)
{
	/* Whoever asks for what it does not get fills its own share of the log, not the granter's. */
	guest_log(LOG_WARN, "refused grant %u of d%u: %s\n", ref, rd->id, why);
	return GNTST_general_error;
}

static int16_t claim(const struct domain *rd, uint32_t ref, uint16_t who, bool rw)
{
	entry_word *e = (entry_word *)grant_shared(rd->grant, ref);
	uint32_t old = __atomic_load_n(e, __ATOMIC_RELAXED);
	uint32_t in_use = GTF_reading | (rw ? GTF_writing : 0);

	for (unsigned i = 0; i < CLAIM_TRIES; i++) {
		if (unlikely((old & (GTF_type_mask | GTF_sub_page)) != GTF_permit_access))
			return refuse(rd, ref, "the entry permits no access to a whole frame");
		if (unlikely(old >> 16 != who))
			return refuse(rd, ref, "the entry is for another domain");
		if (unlikely(rw && (old & GTF_readonly)))
			return refuse(rd, ref, "the entry is read-only");
		if (__atomic_compare_exchange_n(e, &old, old | in_use, false,
						__ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			return GNTST_okay;
	}
	return refuse(rd, ref, "the entry keeps changing");
}

/* Clears the in-use flags that no pin justifies. */
static void unclaim(struct domain *rd, uint32_t ref, const struct active *a)
{
	uint16_t clear = (a->writers ? 0 : GTF_writing) | (a->pins ? 0 : GTF_reading);

	if (clear)
		__atomic_and_fetch(&grant_shared(rd->grant, ref)->flags, (uint16_t)~clear, __ATOMIC_RELEASE);
}

static int16_t hold_frame(struct domain *rd, uint32_t ref, const struct active *a, bool rw)
{
	mfn_t m = mfn(a->frame);
	int err = likely(mfn_in_table(m)) ? frame_map(mfn_to_frame_nospec(m), rd, rw) : -EPERM;

	if (likely(!err))
		return GNTST_okay;
	if (err == -EBUSY)
		return refuse(rd, ref, "the frame cannot be written, it has another type");
	refuse(rd, ref, "the frame is not the granter's");
	return GNTST_bad_page;
}

static int16_t pin(struct domain *rd, uint16_t who, uint32_t ref, bool rw, uint64_t *frame)
{
	struct active *a = grant_active(rd->grant, ref);
	int16_t st;

	if (unlikely(READ_ONCE(rd->dying) != ALIVE))
		return GNTST_bad_domain;
	if (unlikely(a->pins && a->domid != who))
		return refuse(rd, ref, "in use by another domain");
	if (!a->pins || (rw && !a->writers)) {
		st = claim(rd, ref, who, rw);
		if (unlikely(st))
			return st;
	}
	if (!a->pins) {
		a->frame = READ_ONCE(grant_shared(rd->grant, ref)->frame);
		a->domid = who;
	}
	st = hold_frame(rd, ref, a, rw);
	if (unlikely(st)) {
		unclaim(rd, ref, a);
		return st;
	}
	a->pins++;
	a->writers += rw;
	*frame = a->frame;
	return GNTST_okay;
}

int16_t grant_pin(struct domain *rd, uint16_t who, uint32_t ref, bool rw, uint64_t *frame)
{
	unsigned nr = grant_nr_entries(rd->grant);
	int16_t st;

	if (unlikely(ref >= nr)) {
		guest_log(LOG_WARN, "refused grant %u of d%u: it has %u\n", ref, rd->id, nr);
		return GNTST_bad_gntref;
	}
	ref = index_nospec(ref, nr);
	spin_lock(&rd->grant_lock);
	st = pin(rd, who, ref, rw, frame);
	spin_unlock(&rd->grant_lock);
	return st;
}

void grant_unpin(struct domain *rd, uint32_t ref, bool rw)
{
	struct active *a = grant_active(rd->grant, ref);
	struct frame *f = mfn_to_frame(mfn(a->frame));

	spin_lock(&rd->grant_lock);
	a->pins--;
	a->writers -= rw;
	unclaim(rd, ref, a);
	spin_unlock(&rd->grant_lock);
	frame_unmap(f, rw);
}
