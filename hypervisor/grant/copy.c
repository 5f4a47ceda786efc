/* SPDX-License-Identifier: MIT */
/*
 * GNTTABOP_copy: between two frames, each ours by number or another's by grant. A side stays pinned from one
 * element to the next while it names the same frame, as it does when a packet is cut into pieces. The source is
 * always read, the destination written: `rw` is constant in all that is inline here.
 */
#include "array.h"
#include "pin.h"

static __force_inline void release(const struct copy_side *s, bool rw)
{
	if (s->gref) {
		pin_drop(s->d, s->name, rw);
		domain_put(s->d);
	} else {
		frame_unmap(mfn_to_frame(mfn(s->frame)), rw);
	}
}

static __force_inline void end(struct grant_batch *b)
{
	if (b->src.held)
		release(&b->src, false);
	if (b->dst.held)
		release(&b->dst, true);
	end_granter(b);
}

static __attribute__((noinline)) void release_between(struct copy_side s, bool rw)
{
	release(&s, rw);
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

static __force_inline int16_t take_own(struct copy_side *s, const struct gnttab_copy_ptr *p, bool rw)
{
	mfn_t m = mfn(p->u.gmfn);
	int err;

	if (unlikely(p->domid != DOMID_SELF))
		return refuse_foreign(p->domid);
	s->name = s->frame = p->u.gmfn;
	if (unlikely(!mfn_in_table(m)))
		return GNTST_bad_page;
	err = frame_map(mfn_to_frame_nospec(m), current->domain, rw);
	return likely(!err) ? GNTST_okay : err == -EBUSY ? GNTST_general_error : GNTST_bad_page;
}

static __force_inline int16_t take_granted(struct grant_batch *b, struct copy_side *s, const struct gnttab_copy_ptr *p,
					   bool rw)
{
	struct domain *rd = grant_batch_domain(b, p->domid);
	uint32_t ref = p->u.ref;
	int64_t frame;

	if (unlikely(!rd))
		return GNTST_bad_domain;
	frame = pin_take(rd, current->domain->id, ref, rw);
	if (unlikely(frame < 0))
		return frame;
	domain_ref(rd);		/* the batch's next granter may be another */
	s->d = rd;
	s->name = ref;
	s->frame = frame;
	return GNTST_okay;
}

static __force_inline int16_t take(struct grant_batch *b, struct copy_side *s, const struct gnttab_copy_ptr *p, bool gref,
				   bool rw)
{
	int16_t st;

	if (unlikely(s->held)) {
		if (s->gref == gref && s->domid == p->domid && s->name == (gref ? p->u.ref : p->u.gmfn))
			return GNTST_okay;
		release_between(*s, rw);
	}
	s->gref = gref;
	s->domid = p->domid;
	st = gref ? take_granted(b, s, p, rw) : take_own(s, p, rw);
	s->held = st == GNTST_okay;
	return st;
}

static int16_t take_source(struct grant_batch *b, const gnttab_copy_t *op)
{
	return take(b, &b->src, &op->source, op->flags & GNTCOPY_source_gref, false);
}

static int16_t take_dest(struct grant_batch *b, const gnttab_copy_t *op)
{
	return take(b, &b->dst, &op->dest, op->flags & GNTCOPY_dest_gref, true);
}

static __force_inline void copy_one(struct grant_batch *b, void *arg)
{
	gnttab_copy_t *op = arg;

	op->status = take_source(b, op);
	if (unlikely(op->status))
		return;
	op->status = take_dest(b, op);
	if (unlikely(op->status))
		return;
	if (unlikely(op->source.offset + op->len > PAGE_SIZE || op->dest.offset + op->len > PAGE_SIZE)) {
		op->status = GNTST_bad_copy_arg;
		return;
	}
	memcpy((uint8_t *)mfn_to_virt(mfn(b->dst.frame)) + op->dest.offset,
	       (const uint8_t *)mfn_to_virt(mfn(b->src.frame)) + op->source.offset, op->len);
}

ARRAY(grant_copy_all, copy_one, end, gnttab_copy_t, 32)
