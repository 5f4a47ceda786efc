/* SPDX-License-Identifier: MIT */
/*
 * GNTTABOP_transfer: a frame of ours becomes another domain's, which waits for it with an entry that accepts one. The entry
 * is committed by compare-and-exchange on its flags, as a pin is; then the frame, which nobody may hold or
 * map, changes hands with its contents; then the entry tells its number. Where that is refused the entry is as it
 * was and the frame still ours. All under the receiver's grant_lock, so that no swap moves the entry meanwhile.
 */
#include "array.h"

/* Whoever asks fills its own share of the log (pin.c). */
static int16_t refuse(const struct domain *rd, uint32_t ref, const char *why, int16_t st)
{
	guest_log(LOG_WARN, "transfer to grant %u of d%u refused: %s\n", ref, rd->id, why);
	return st;
}

static int16_t commit(const struct domain *rd, uint32_t ref)
{
	entry_word *e = (entry_word *)grant_shared(rd->grant, ref);
	uint32_t old = __atomic_load_n(e, __ATOMIC_RELAXED);

	for (unsigned i = 0; i < CLAIM_TRIES; i++) {
		if (unlikely((uint16_t)old != GTF_accept_transfer))
			return refuse(rd, ref, "the entry accepts no transfer", GNTST_bad_gntref);
		if (unlikely(old >> 16 != current->domain->id))
			return refuse(rd, ref, "the entry is for another domain", GNTST_bad_gntref);
		if (__atomic_compare_exchange_n(e, &old, old | GTF_transfer_committed, false, __ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED))
			return GNTST_okay;
	}
	return refuse(rd, ref, "the entry keeps changing", GNTST_bad_gntref);
}

/* From us to rd, all or nothing: what rd has no room for stays ours. The caller's reference becomes the owner's. */
static int16_t change_hands(struct domain *rd, uint32_t ref, struct frame *f)
{
	struct domain *d = current->domain;

	if (!domain_room_take(rd, 1)) {
		frame_put(f);
		return refuse(rd, ref, "it would have more memory than it may", GNTST_general_error);
	}
	if (domain_page_steal(d, f)) {
		domain_room_drop(rd, 1);
		frame_put(f);
		return refuse(rd, ref, "the frame is in use", GNTST_bad_page);
	}
	m2p_set(frame_mfn(f), INVALID_M2P_ENTRY);
	domain_room_drop(d, 1);
	domain_page_assign(rd, f);
	return GNTST_okay;
}

/* grant_lock held; the reference to f is used up. */
static int16_t transfer(struct domain *rd, uint32_t ref, struct frame *f)
{
	unsigned nr = grant_nr_entries(rd->grant);
	grant_entry_v1_t *e;
	int16_t st = ref < nr ? GNTST_okay : GNTST_bad_gntref;

	ref = index_nospec(ref, nr);
	if (!st)
		st = commit(rd, ref);
	if (st) {
		frame_put(f);
		return st;
	}
	e = grant_shared(rd->grant, ref);
	st = change_hands(rd, ref, f);
	if (st) {
		__atomic_and_fetch(&e->flags, (uint16_t)~GTF_transfer_committed, __ATOMIC_RELEASE);
		return st;
	}
	__atomic_store_n(&e->frame, (uint32_t)mfn_x(frame_mfn(f)), __ATOMIC_RELAXED);
	__atomic_or_fetch(&e->flags, GTF_transfer_completed, __ATOMIC_RELEASE);
	return GNTST_okay;
}

static void transfer_one(struct grant_batch *b, void *arg)
{
	gnttab_transfer_t *op = arg;
	struct domain *rd;
	struct frame *f;

	(void)b;
	f = frame_get_mfn(mfn(op->mfn), current->domain);
	if (!f) {
		op->status = GNTST_bad_page;
		return;
	}
	rd = op->domid == DOMID_SELF || op->domid == current->domain->id ? NULL : domain_get(op->domid);
	if (!rd) {
		frame_put(f);
		op->status = GNTST_bad_domain;
		return;
	}
	spin_lock(&rd->grant_lock);
	op->status = transfer(rd, op->ref, f);
	spin_unlock(&rd->grant_lock);
	domain_put(rd);
}

ARRAY(grant_transfer_all, transfer_one, end_nothing, gnttab_transfer_t, 16)
