/* SPDX-License-Identifier: MIT */
/*
 * The audit of entries made by grants. They hold no references, their handles do: so a domain must
 * not have more such entries of a frame, by kind of access, than live handles for it. (It may have
 * less: a guest that overwrites its entry keeps the handle.)
 */
#include "audit.h"
#include "domain.h"
#include "grant.h"
#include "pt.h"

static struct audit_left *left;

static void add(mfn_t m, bool rw, bool entry)
{
	if (entry)
		rw ? left[mfn_x(m)].rw++ : left[mfn_x(m)].ro++;
}

static void forget(mfn_t m, bool rw, bool entry)
{
	(void)rw, (void)entry;
	left[mfn_x(m)] = (struct audit_left){ 0, 0 };
}

static void take(const struct frame *f)
{
	const pte_t *t = mfn_to_virt(frame_mfn(f));

	for (unsigned i = 0; i < PT_ENTRIES; i++) {
		mfn_t m = pte_mfn(t[i]);
		uint32_t *n;

		if (!(t[i] & PTE_P) || !(t[i] & PTE_GRANT))
			continue;
		n = mfn_valid(m) ? t[i] & PTE_RW ? &left[mfn_x(m)].rw : &left[mfn_x(m)].ro : NULL;
		if (n && *n)
			--*n;
		else
			audit_grant_wrong(frame_mfn(f), i, t[i]);
	}
}

static void take_list(uint32_t head)
{
	for (uint32_t n = head; n; n = mfn_to_frame(mfn(n))->next) {
		const struct frame *f = mfn_to_frame(mfn(n));

		if (frame_type(f->state) == FT_L1 && (f->state & FRAME_VALID))
			take(f);
	}
}

/* A dying domain gives up its handles before its tables, which nothing walks any more. */
static void one_domain(struct domain *d)
{
	if (d->dying)
		return;
	grant_each_handle(d, add);
	take_list(d->page_head);
	grant_each_handle(d, forget);
}

void audit_grants(struct audit_left *zeroed)
{
	left = zeroed;
	audit_each_domain(one_domain);
}
