/* SPDX-License-Identifier: MIT */
/*
 * Requests off a guest's ring. The guest may write anything at any time: its producer index is read once a request
 * and checked against what the ring can hold, the request is copied before anything in it is looked at, and
 * what comes out is a request whose fields are all in their ranges. What the guest's sectors mean, the block
 * layer checks; what its grant references mean, the hypervisor.
 */
#include "ring.h"

void blk_ring_attach(struct blk_ring *r, void *pages, unsigned int nr_pages)
{
	BACK_RING_INIT(&r->back, (struct blkif_sring *)pages, nr_pages * 4096u);
	r->pushed = 0;
}

static bool is_data(uint8_t op)
{
	return op == BLKIF_OP_READ || op == BLKIF_OP_WRITE || op == BLKIF_OP_WRITE_BARRIER ||
	       op == BLKIF_OP_FLUSH_DISKCACHE;
}

/* Only a flush and a barrier may do without data. */
static bool take_direct(struct blk_request *out, const struct blkif_request *in)
{
	if (in->nr_segments > BLKIF_MAX_SEGMENTS_PER_REQUEST ||
	    (!in->nr_segments && (in->operation == BLKIF_OP_READ || in->operation == BLKIF_OP_WRITE)))
		return false;
	out->nr_segments = in->nr_segments;
	memcpy(out->seg, in->seg, in->nr_segments * sizeof(in->seg[0]));
	return true;
}

static bool take_indirect(struct blk_request *out, const struct blkif_request_indirect *in,
			  unsigned int max_segments)
{
	out->op = in->indirect_op;
	if (in->indirect_op != BLKIF_OP_READ && in->indirect_op != BLKIF_OP_WRITE)
		return false;
	if (!in->nr_segments || in->nr_segments > max_segments)
		return false;
	out->indirect = true;
	out->nr_segments = in->nr_segments;
	out->indirect_ref = in->indirect_grefs[0];
	return true;
}

_Static_assert(offsetof(struct blkif_request, id) == offsetof(struct blkif_request_indirect, id) &&
	       offsetof(struct blkif_request, id) == offsetof(struct blkif_request_discard, id),
	       "the three shapes of a request have the id in the same place, and so the sector");

/* e: our copy. */
static bool take(struct blk_ring *r, struct blk_request *out, const struct blkif_request *e)
{
	struct blkif_request_indirect indirect;
	struct blkif_request_discard discard;

	out->op = e->operation;
	out->id = e->id;
	out->sector = e->sector_number;
	out->indirect = false;
	out->nr_segments = 0;
	if (out->op == BLKIF_OP_INDIRECT) {
		memcpy(&indirect, e, sizeof(indirect));
		return take_indirect(out, &indirect, r->max_segments);
	}
	if (out->op == BLKIF_OP_DISCARD) {
		memcpy(&discard, e, sizeof(discard));
		out->nr_sectors = discard.nr_sectors;
		return true;
	}
	return is_data(out->op) && take_direct(out, e);
}

enum blk_taken blk_ring_take(struct blk_ring *r, struct blk_request *out, int16_t *status)
{
	blkif_back_ring_t *back = &r->back;
	RING_IDX prod = *(volatile RING_IDX *)&back->sring->req_prod;
	struct blkif_request entry;

	/* Too far ahead, or behind what was taken already. */
	if (prod - back->req_cons > RING_SIZE(back) - (back->req_cons - back->rsp_prod_pvt))
		return BLK_BROKEN;
	if (prod == back->req_cons)
		return BLK_NONE;
	xen_rmb();
	RING_COPY_REQUEST(back, back->req_cons, &entry);
	back->req_cons++;
	if (take(r, out, &entry))
		return BLK_TAKEN;
	*status = out->op == BLKIF_OP_INDIRECT || is_data(out->op) ? BLKIF_RSP_ERROR : BLKIF_RSP_EOPNOTSUPP;
	return BLK_REFUSED;
}

bool blk_segment_bytes(const struct blkif_request_segment *s, unsigned int *offset, unsigned int *len)
{
	if (s->first_sect > s->last_sect || s->last_sect > 7)
		return false;
	*offset = s->first_sect * 512u;
	*len = (s->last_sect - s->first_sect + 1u) * 512u;
	return true;
}

void blk_ring_respond(struct blk_ring *r, uint64_t id, uint8_t op, int16_t status)
{
	struct blkif_response *out = RING_GET_RESPONSE(&r->back, r->back.rsp_prod_pvt++);

	out->id = id;
	out->operation = op;
	out->status = status;
}

/* What was pushed before is remembered here: the index in the page is the guest's to change. */
bool blk_ring_push(struct blk_ring *r)
{
	RING_IDX was = r->pushed, is = r->back.rsp_prod_pvt;

	if (was == is)
		return false;
	RING_PUSH_RESPONSES(&r->back);
	r->pushed = is;
	xen_mb();
	return is - *(volatile RING_IDX *)&r->back.sring->rsp_event < is - was;
}

bool blk_ring_more(struct blk_ring *r)
{
	bool more;

	RING_FINAL_CHECK_FOR_REQUESTS(&r->back, more);
	return more;
}
