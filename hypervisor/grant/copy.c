/* SPDX-License-Identifier: MIT */
/*
 * GNTTABOP_copy: between two frames, each ours by number or another's by grant. A side stays pinned from one
 * element to the next while it names the same frame, as it does when a packet is cut into pieces.
 */
#include "internal.h"

void grant_copy_release(struct copy_side *s)
{
	if (!s->held)
		return;
	s->held = false;
	if (s->gref) {
		grant_unpin(s->d, s->name, s->rw);
		domain_put(s->d);
	} else {
		frame_unmap(mfn_to_frame(mfn(s->frame)), s->rw);
	}
}

/* Another's frames only by grant. */
static int16_t refuse_foreign(uint16_t domid)
{
	struct domain *d = domain_get(domid);

	if (!d)
		return GNTST_bad_domain;
	domain_put(d);
	return GNTST_permission_denied;
}

static int16_t take_own(struct copy_side *s, const struct gnttab_copy_ptr *p)
{
	mfn_t m = mfn(p->u.gmfn);
	int err;

	if (p->domid != DOMID_SELF)
		return refuse_foreign(p->domid);
	s->d = current->domain;
	s->name = s->frame = p->u.gmfn;
	if (unlikely(!mfn_in_table(m)))
		return GNTST_bad_page;
	err = frame_map(mfn_to_frame_nospec(m), s->d, s->rw);
	return !err ? GNTST_okay : err == -EBUSY ? GNTST_general_error : GNTST_bad_page;
}

static int16_t take_granted(struct copy_side *s, const struct gnttab_copy_ptr *p)
{
	int16_t st;

	s->d = domain_get(p->domid);
	if (!s->d)
		return GNTST_bad_domain;
	s->name = p->u.ref;
	st = grant_pin(s->d, current->domain->id, p->u.ref, s->rw, &s->frame);
	if (st)
		domain_put(s->d);
	return st;
}

static int16_t take(struct copy_side *s, const struct gnttab_copy_ptr *p, bool gref, bool rw)
{
	int16_t st;

	if (s->held && s->gref == gref && s->domid == p->domid && s->name == (gref ? p->u.ref : p->u.gmfn))
		return GNTST_okay;
	grant_copy_release(s);
	s->gref = gref;
	s->rw = rw;
	s->domid = p->domid;
	st = gref ? take_granted(s, p) : take_own(s, p);
	s->held = st == GNTST_okay;
	return st;
}

void grant_copy_one(struct grant_batch *b, void *arg)
{
	gnttab_copy_t *op = arg;

	op->status = take(&b->src, &op->source, op->flags & GNTCOPY_source_gref, false);
	if (unlikely(op->status))
		return;
	op->status = take(&b->dst, &op->dest, op->flags & GNTCOPY_dest_gref, true);
	if (unlikely(op->status))
		return;
	if (unlikely(op->source.offset + op->len > PAGE_SIZE || op->dest.offset + op->len > PAGE_SIZE)) {
		op->status = GNTST_bad_copy_arg;
		return;
	}
	memcpy((uint8_t *)mfn_to_virt(mfn(b->dst.frame)) + op->dest.offset,
	       (const uint8_t *)mfn_to_virt(mfn(b->src.frame)) + op->source.offset, op->len);
}
