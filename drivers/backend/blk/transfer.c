/* SPDX-License-Identifier: MIT */
/*
 * How a round's requests reach the guest's pages. By map: all pages in one hypercall, and the disk works in place,
 * without a copy of ours. By copy, for a disk that is memory: the hypervisor moves the data between the disk's pages
 * and the guest's, once, and nothing is mapped at all.
 *
 * The guest's segments are checked here, each in our copy of it; a bad one fails its own request.
 */
#include "vbd.h"

#define COPY_BATCH 256u

static const struct blkif_request_segment *segments(const struct slot *s)
{
	return s->from.indirect ? s->indirect : s->from.seg;
}

static void fail(struct slot *s)
{
	s->status = BLKIF_RSP_ERROR;
}

static void copy_flush(struct vbd *v)
{
	if (!v->nr_copy)
		return;
	os_grant_batch(GNTTABOP_copy, v->copy, v->nr_copy);
	v->counters.copy_calls++;
	v->counters.copies += v->nr_copy;
	for (unsigned int i = 0; i < v->nr_copy; i++)
		if (v->copy[i].status != GNTST_okay)
			fail(v->copied[i]);
	v->nr_copy = 0;
}

/* Between `bytes` of the guest's page and of ours, which lies within a page too. */
static void copy_queue(struct vbd *v, struct slot *s, grant_ref_t ref, unsigned int offset, void *ours,
		       unsigned int bytes, bool from_guest)
{
	struct gnttab_copy_ptr guest = { .domid = v->domid, .offset = (uint16_t)offset }, own = {
		.domid = DOMID_SELF, .offset = (uint16_t)((uintptr_t)ours % OS_PAGE_SIZE),
	};

	if (v->nr_copy == COPY_BATCH)
		copy_flush(v);
	guest.u.ref = ref;
	own.u.gmfn = os_maddr(ours) >> OS_PAGE_SHIFT;
	v->copied[v->nr_copy] = s;
	v->copy[v->nr_copy++] = (struct gnttab_copy){
		.source = from_guest ? guest : own, .dest = from_guest ? own : guest,
		.len = (uint16_t)bytes, .status = GNTST_general_error,
		.flags = from_guest ? GNTCOPY_source_gref : GNTCOPY_dest_gref,
	};
}

void vbd_fetch_indirect(struct vbd *v, struct slot_list *taken)
{
	for (struct slot *s = taken->first; s; s = s->next) {
		if (!s->from.indirect)
			continue;
		if (!s->indirect)
			s->indirect = os_alloc_pages(1);
		if (!s->indirect)
			fail(s);
		else
			copy_queue(v, s, s->from.indirect_ref, 0, s->indirect,
				   s->from.nr_segments * sizeof(*s->indirect), true);
	}
	copy_flush(v);
}

/* --- By map ------------------------------------------------------------------------------------- */

static void map_slot(struct vbd *v, struct slot *s)
{
	const struct blkif_request_segment *seg = segments(s);
	bool readonly = s->io.op == BLOCK_WRITE;
	unsigned int offset, len;

	for (unsigned int i = 0; i < s->from.nr_segments; i++) {
		if (!blk_segment_bytes(&seg[i], &offset, &len)) {
			fail(s);
			return;
		}
		s->pages[i] = grants_get(&v->grants, seg[i].gref, readonly);
		if (!s->pages[i]) {
			fail(s);
			return;
		}
		s->nr_pages++;
		s->segments[i].va = (char *)s->pages[i]->va + offset;
		s->segments[i].maddr = offset;
		s->segments[i].len = len;
		s->io.nr_sectors += len / BLOCK_SECTOR;
	}
}

void vbd_map(struct vbd *v, struct slot_list *taken)
{
	for (struct slot *s = taken->first; s; s = s->next)
		if (s->status == BLKIF_RSP_OKAY)
			map_slot(v, s);
	grants_map(&v->grants);
	for (struct slot *s = taken->first; s; s = s->next)
		for (unsigned int i = 0; i < s->nr_pages; i++) {
			if (s->pages[i]->status != GNTST_okay)
				fail(s);
			s->segments[i].maddr += s->pages[i]->maddr;
		}
}

void vbd_unmap(struct vbd *v, struct slot *s)
{
	for (unsigned int i = 0; i < s->nr_pages; i++)
		grants_put(&v->grants, s->pages[i]);
	s->nr_pages = 0;
}

/* --- By copy ------------------------------------------------------------------------------------ */

/* One segment: the disk's memory may begin a new page in the middle of it. */
static bool copy_segment(struct vbd *v, struct slot *s, const struct blkif_request_segment *seg)
{
	bool write = s->io.op == BLOCK_WRITE;
	unsigned int offset, len;

	if (!blk_segment_bytes(seg, &offset, &len))
		return false;
	while (len) {
		uint32_t sectors = len / BLOCK_SECTOR;
		void *ours = block_memory(v->queue, s->io.sector, &sectors, write);

		if (!ours)
			return false;
		copy_queue(v, s, seg->gref, offset, ours, sectors * BLOCK_SECTOR, write);
		s->io.sector += sectors;
		s->io.nr_sectors += sectors;
		offset += sectors * BLOCK_SECTOR;
		len -= sectors * BLOCK_SECTOR;
	}
	return true;
}

void vbd_copy(struct vbd *v, struct slot_list *taken)
{
	for (struct slot *s = taken->first; s; s = s->next) {
		const struct blkif_request_segment *seg = segments(s);

		for (unsigned int i = 0; i < s->from.nr_segments && s->status == BLKIF_RSP_OKAY; i++)
			if (!copy_segment(v, s, &seg[i]))
				fail(s);
	}
	copy_flush(v);
}
