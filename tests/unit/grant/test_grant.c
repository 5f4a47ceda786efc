/* SPDX-License-Identifier: MIT */
/*
 * Grant tables (hypervisor/grant) with the real frame counts below them: the hypercall as guests see it, a granter
 * that changes its entries while they are pinned, and the counts after a long run of arbitrary operations.
 */
#include "../../../hypervisor/grant/internal.h"
#include <pthread.h>
#include "fake.h"
#include "fake_pt.h"
#include "hypercall.h"

#define VA(n) (FAKE_PT_BASE + (uint64_t)(n) * PAGE_SIZE)
#define PTE_ADDR(n) (FAKE_PT_MACHINE + (uint64_t)(n) * 8)

static struct domain *d0, *d1, *d2;	/* d1 grants to d0, usually */

static int setup(void **state)
{
	(void)state;
	fake_reset();
	memset(fake_pt, 0, sizeof(fake_pt));
	d0 = fake_domain(0, 1, 2);
	d1 = fake_domain(1, 1, 2);
	d2 = fake_domain(2, 1, 1);
	fake_run(d0, 0);
	return 0;
}

static int teardown(void **state)
{
	struct domain *d[] = { d2, d1, d0 };

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		if (d[i])
			fake_domain_end(d[i]);
	assert_int_equal(fake_domains_alive, 0);
	for (unsigned i = 0; i < RAM_FRAMES; i++) {
		assert_int_equal(frame_tcount(fake_frame_state(i)), 0);
		assert_true(frame_refs(fake_frame_state(i)) <= 1);
	}
	return 0;
}

static grant_entry_v1_t *entry(const struct domain *d, uint32_t ref) { return grant_shared(d->grant, ref); }

static void grant(struct domain *d, uint32_t ref, uint16_t to, uint64_t frame, uint16_t flags)
{
	*entry(d, ref) = (grant_entry_v1_t){ .flags = flags, .domid = to, .frame = frame };
}

static long call(unsigned cmd, void *arg, unsigned count)
{
	return fake_hypercall(do_grant_table_op, cmd, arg, count, NULL);
}

static int map_at(uint16_t dom, uint32_t ref, uint64_t addr, uint32_t flags, uint32_t *handle)
{
	gnttab_map_grant_ref_t op = { .host_addr = addr, .flags = flags, .ref = ref, .dom = dom };

	assert_int_equal(call(GNTTABOP_map_grant_ref, &op, 1), 0);
	*handle = op.handle;
	return op.status;
}

static int map(uint16_t dom, uint32_t ref, unsigned slot, bool ro, uint32_t *handle)
{
	return map_at(dom, ref, VA(slot), GNTMAP_host_map | (ro ? GNTMAP_readonly : 0), handle);
}

static int unmap(uint32_t handle, uint64_t addr, uint64_t bus)
{
	gnttab_unmap_grant_ref_t op = { .host_addr = addr, .dev_bus_addr = bus, .handle = handle };

	assert_int_equal(call(GNTTABOP_unmap_grant_ref, &op, 1), 0);
	return op.status;
}

static void map_and_unmap(void **state)
{
	uint64_t f = fake_frame(d1);
	uint32_t h;

	(void)state;
	grant(d1, 9, 0, f, GTF_permit_access);
	assert_int_equal(map(1, 9, 3, false, &h), GNTST_okay);
	assert_int_equal(entry(d1, 9)->flags, GTF_permit_access | GTF_reading | GTF_writing);
	assert_int_equal(frame_refs(fake_frame_state(f)), 2);
	assert_int_equal(frame_type(fake_frame_state(f)), FT_WRITABLE);
	assert_int_equal(frame_tcount(fake_frame_state(f)), 1);
	assert_int_equal(mfn_x(pte_mfn(fake_pt[3])), f);
	assert_int_equal(fake_pt[3] & (PTE_P | PTE_RW | PTE_US), PTE_P | PTE_RW | PTE_US);

	assert_int_equal(unmap(h + 1, VA(3), 0), GNTST_bad_handle);
	assert_int_equal(unmap(0xffffffff, VA(3), 0), GNTST_bad_handle);
	assert_int_equal(unmap(h, VA(4), 0), GNTST_general_error);
	assert_int_equal(frame_refs(fake_frame_state(f)), 2);
	assert_int_equal(unmap(h, VA(3), 0), GNTST_okay);
	assert_int_equal(unmap(h, VA(3), 0), GNTST_bad_handle);
	assert_int_equal(fake_pt[3], 0);
	assert_int_equal(entry(d1, 9)->flags, GTF_permit_access);
	assert_int_equal(frame_refs(fake_frame_state(f)), 1);
	assert_int_equal(frame_tcount(fake_frame_state(f)), 0);
}

static void flags_stay_until_the_last_mapping(void **state)
{
	uint64_t f = fake_frame(d1);
	uint32_t rw, ro;

	(void)state;
	grant(d1, 1, 0, f, GTF_permit_access);
	assert_int_equal(map(1, 1, 0, true, &ro), GNTST_okay);
	assert_int_equal(entry(d1, 1)->flags, GTF_permit_access | GTF_reading);
	assert_int_equal(map(1, 1, 1, false, &rw), GNTST_okay);
	unmap(rw, VA(1), 0);
	assert_int_equal(entry(d1, 1)->flags, GTF_permit_access | GTF_reading);
	unmap(ro, VA(0), 0);
	assert_int_equal(entry(d1, 1)->flags, GTF_permit_access);
}

/* Each kind of access is asked of the entry, also when it is mapped already. */
static void a_mapped_entry_gives_no_more_than_it_says(void **state)
{
	uint64_t f = fake_frame(d1);
	uint32_t ro, rw;

	(void)state;
	grant(d1, 1, 0, f, GTF_permit_access | GTF_readonly);
	assert_int_equal(map(1, 1, 0, true, &ro), GNTST_okay);
	assert_int_equal(map(1, 1, 1, false, &rw), GNTST_general_error);
	assert_int_equal(frame_tcount(fake_frame_state(f)), 0);
	assert_int_equal(entry(d1, 1)->flags, GTF_permit_access | GTF_readonly | GTF_reading);
	assert_int_equal(unmap(ro, VA(0), 0), GNTST_okay);
	assert_int_equal(entry(d1, 1)->flags, GTF_permit_access | GTF_readonly);
}

static void a_dying_granter_grants_nothing(void **state)
{
	uint32_t h;

	(void)state;
	grant(d1, 1, 0, fake_frame(d1), GTF_permit_access);
	d1->dying = DYING;
	assert_int_equal(map(1, 1, 0, true, &h), GNTST_bad_domain);
	d1->dying = ALIVE;
}

static void a_pinned_entry_keeps_its_frame(void **state)
{
	uint64_t f = fake_frame(d1), other = fake_frame(d1);
	uint32_t a, b;

	(void)state;
	grant(d1, 1, 0, f, GTF_permit_access);
	assert_int_equal(map(1, 1, 0, false, &a), GNTST_okay);
	grant(d1, 1, 0, other, GTF_permit_access);	/* the granter cheats */
	assert_int_equal(map(1, 1, 1, false, &b), GNTST_okay);
	assert_int_equal(mfn_x(pte_mfn(fake_pt[1])), f);
	grant(d1, 1, 2, other, GTF_permit_access);
	fake_run(d2, 0);
	assert_int_equal(map(1, 1, 2, false, &a), GNTST_general_error);
	fake_run(d0, 0);
	unmap(a, VA(0), 0);
	assert_int_equal(unmap(b, VA(1), 0), GNTST_okay);
}

static void refusals(void **state)
{
	uint64_t f = fake_frame(d1), alien = fake_frame(d2), table = fake_frame(d1);
	uint32_t h;

	(void)state;
	grant(d1, 1, 0, f, GTF_permit_access | GTF_readonly);
	assert_int_equal(map(1, 1, 0, false, &h), GNTST_general_error);
	assert_int_equal(map(1, 1, 0, true, &h), GNTST_okay);
	assert_int_equal(unmap(h, VA(0), 0), GNTST_okay);
	assert_int_equal(map(1, 2 * 512, 0, false, &h), GNTST_bad_gntref);
	assert_int_equal(map(1, 512, 0, false, &h), GNTST_bad_gntref);	/* the second frame is not there yet */
	assert_int_equal(map(1, 0xffffffff, 0, false, &h), GNTST_bad_gntref);
	assert_int_equal(map(6, 1, 0, false, &h), GNTST_bad_domain);
	assert_int_equal(map(DOMID_SELF, 1, 0, false, &h), GNTST_bad_domain);
	assert_int_equal(map_at(1, 1, VA(0), GNTMAP_readonly, &h), GNTST_bad_gntref);
	assert_int_equal(map_at(1, 1, VA(200), GNTMAP_host_map | GNTMAP_readonly, &h), GNTST_general_error);
	assert_int_equal(entry(d1, 1)->flags, GTF_permit_access | GTF_readonly);
	grant(d1, 1, 2, f, GTF_permit_access);
	assert_int_equal(map(1, 1, 0, true, &h), GNTST_general_error);
	for (unsigned t = 0; t < 4; t++) {
		grant(d1, 1, 0, f, t == GTF_permit_access ? t | GTF_sub_page : t);
		assert_int_equal(map(1, 1, 0, true, &h), GNTST_general_error);
	}
	grant(d1, 1, 0, alien, GTF_permit_access);
	assert_int_equal(map(1, 1, 0, true, &h), GNTST_bad_page);
	assert_int_equal(entry(d1, 1)->flags, GTF_permit_access);
	grant(d1, 1, 0, RAM_FRAMES, GTF_permit_access);
	assert_int_equal(map(1, 1, 0, true, &h), GNTST_bad_page);
	/* a page table may be looked at, not written */
	assert_int_equal(frame_get_both(mfn(table), d1, FT_L1, NULL), 0);
	grant(d1, 1, 0, table, GTF_permit_access);
	assert_int_equal(map(1, 1, 0, false, &h), GNTST_general_error);
	assert_int_equal(map(1, 1, 0, true, &h), GNTST_okay);
	assert_int_equal(unmap(h, VA(0), 0), GNTST_okay);
	frame_put_both(mfn_to_frame(mfn(table)));
}

static void by_entry_replace_and_device(void **state)
{
	uint64_t f = fake_frame(d1);
	gnttab_unmap_and_replace_t r = { .host_addr = VA(0), .new_addr = VA(5) };
	uint32_t h;

	(void)state;
	grant(d1, 1, 0, f, GTF_permit_access);
	assert_int_equal(map_at(1, 1, PTE_ADDR(7), GNTMAP_host_map | GNTMAP_contains_pte | 5u << 16, &h), GNTST_okay);
	assert_int_equal(fake_pt[7] & PTE_AVAIL, 5ULL << 9);
	assert_int_equal(unmap(h, PTE_ADDR(7), 0), GNTST_okay);

	fake_pt[5] = pte_make(mfn(77), PTE_P);
	assert_int_equal(map(1, 1, 0, false, &r.handle), GNTST_okay);
	assert_int_equal(call(GNTTABOP_unmap_and_replace, &r, 1), 0);
	assert_int_equal(r.status, GNTST_okay);
	assert_int_equal(mfn_x(pte_mfn(fake_pt[0])), 77);
	assert_int_equal(fake_pt[5], 0);

	assert_int_equal(map_at(1, 1, VA(1), GNTMAP_host_map | GNTMAP_device_map, &h), GNTST_okay);
	assert_int_equal(unmap(h, 0, f * PAGE_SIZE + 4096), GNTST_general_error);
	assert_int_equal(unmap(h, VA(1), 0), GNTST_okay);
	assert_int_equal(frame_tcount(fake_frame_state(f)), 1);		/* the bus address still stands */
	assert_int_equal(unmap(h, 0, f * PAGE_SIZE), GNTST_okay);
	assert_int_equal(frame_tcount(fake_frame_state(f)), 0);
}

static int copy(gnttab_copy_t *op)
{
	assert_int_equal(call(GNTTABOP_copy, op, 1), 0);
	return op->status;
}

static void copies(void **state)
{
	uint64_t src = fake_frame(d1), dst = fake_frame(d0), ro = fake_frame(d1);
	char *from = mfn_to_virt(mfn(src)), *to = mfn_to_virt(mfn(dst));
	gnttab_copy_t op = { .source = { .u.ref = 1, .domid = 1, .offset = 4000 },
			     .dest = { .u.gmfn = dst, .domid = DOMID_SELF, .offset = 10 },
			     .len = 96, .flags = GNTCOPY_source_gref };

	(void)state;
	grant(d1, 1, 0, src, GTF_permit_access | GTF_readonly);
	grant(d1, 2, 0, ro, GTF_permit_access | GTF_readonly);
	memset(from + 4000, 'x', 96);
	assert_int_equal(copy(&op), GNTST_okay);
	assert_int_equal(to[9], 0);
	assert_int_equal(to[10], 'x');
	assert_int_equal(to[105], 'x');
	assert_int_equal(to[106], 0);
	assert_int_equal(entry(d1, 1)->flags, GTF_permit_access | GTF_readonly);

	op.len = 97;
	assert_int_equal(copy(&op), GNTST_bad_copy_arg);
	op.len = 0xffff;
	assert_int_equal(copy(&op), GNTST_bad_copy_arg);
	op.len = 1;
	op.dest.offset = 4096;
	assert_int_equal(copy(&op), GNTST_bad_copy_arg);
	op.dest.offset = 0;
	op.dest.u.gmfn = src;					/* not ours */
	assert_int_equal(copy(&op), GNTST_bad_page);
	op.dest.u.gmfn = 1ULL << 40;
	assert_int_equal(copy(&op), GNTST_bad_page);
	op.dest.domid = 1;
	assert_int_equal(copy(&op), GNTST_permission_denied);
	op.flags |= GNTCOPY_dest_gref;
	op.dest.u.ref = 2;
	assert_int_equal(copy(&op), GNTST_general_error);	/* granted read-only */
	op.source.domid = 5;
	assert_int_equal(copy(&op), GNTST_bad_domain);
	assert_int_equal(frame_refs(fake_frame_state(src)), 1);
	assert_int_equal(frame_refs(fake_frame_state(dst)), 1);
}

static void copies_share_pins(void **state)
{
	uint64_t src = fake_frame(d1), dst = fake_frame(d0);
	gnttab_copy_t op[40];
	unsigned times;

	(void)state;
	grant(d1, 1, 0, src, GTF_permit_access);
	for (unsigned i = 0; i < 40; i++) {
		op[i] = (gnttab_copy_t){ .source = { .u.ref = 1 + i % 2, .domid = 1, .offset = i * 8 },
					 .dest = { .u.gmfn = dst, .domid = DOMID_SELF, .offset = i * 8 },
					 .len = 8, .flags = GNTCOPY_source_gref };
		((char *)mfn_to_virt(mfn(src)))[i * 8] = i + 1;
	}
	fake_preempt_after = 7;
	assert_int_equal(fake_hypercall(do_grant_table_op, GNTTABOP_copy, op, 40, &times), 0);
	assert_true(times > 3);
	for (unsigned i = 0; i < 40; i++) {
		assert_int_equal(op[i].status, i % 2 ? GNTST_general_error : GNTST_okay);
		assert_int_equal(((char *)mfn_to_virt(mfn(dst)))[i * 8], i % 2 ? 0 : i + 1);
	}
}

static void tables(void **state)
{
	xen_pfn_t list[3] = { 0 };
	gnttab_setup_table_t s = { .dom = DOMID_SELF, .nr_frames = 2 };
	gnttab_query_size_t q = { .dom = 1 };
	gnttab_set_version_t v = { 2 };
	gnttab_get_version_t g = { .dom = DOMID_SELF };
	uint64_t m;

	(void)state;
	set_xen_guest_handle(s.frame_list, list);
	assert_int_equal(call(GNTTABOP_setup_table, &s, 1), 0);
	assert_int_equal(s.status, GNTST_okay);
	assert_ptr_equal(mfn_to_virt(mfn(list[1])), d0->grant->shared[1]);
	s.nr_frames = 3;
	assert_int_equal(call(GNTTABOP_setup_table, &s, 1), 0);
	assert_int_equal(s.status, GNTST_general_error);
	assert_int_equal(call(GNTTABOP_setup_table, &s, 2), -EINVAL);
	s.nr_frames = 2;
	set_xen_guest_handle(s.frame_list, BAD_POINTER);
	assert_int_equal(call(GNTTABOP_setup_table, &s, 1), -EFAULT);

	assert_int_equal(call(GNTTABOP_query_size, &q, 1), 0);
	assert_int_equal(q.nr_frames, 1);
	assert_int_equal(q.max_nr_frames, 2);
	fake_run(d2, 0);
	assert_int_equal(call(GNTTABOP_query_size, &q, 1), 0);
	assert_int_equal(q.status, GNTST_permission_denied);
	q.dom = 6;
	call(GNTTABOP_query_size, &q, 1);
	assert_int_equal(q.status, GNTST_bad_domain);

	assert_int_equal(call(GNTTABOP_set_version, &v, 1), -ENOSYS);
	assert_int_equal(v.version, 1);
	assert_int_equal(call(GNTTABOP_set_version, &v, 1), 0);
	v.version = 3;
	assert_int_equal(call(GNTTABOP_set_version, &v, 1), -EINVAL);
	assert_int_equal(call(GNTTABOP_get_version, &g, 1), 0);
	assert_int_equal(g.version, 1);
	g.dom = 1;
	assert_int_equal(call(GNTTABOP_get_version, &g, 1), -EPERM);

	assert_int_equal(grant_table_frame(d1, 1, &m), 0);
	assert_ptr_equal(mfn_to_virt(mfn(m)), d1->grant->shared[1]);
	assert_int_equal(grant_table_frame(d1, 2, &m), -EINVAL);
}

static void swaps(void **state)
{
	gnttab_swap_grant_ref_t op[3] = { { .ref_a = 1, .ref_b = 2 }, { .ref_a = 3, .ref_b = 1 },
					  { .ref_a = 1, .ref_b = 512 } };
	uint64_t f = fake_frame(d1);
	uint32_t h;

	(void)state;
	grant(d1, 2, 0, 33, GTF_permit_access);
	grant(d1, 3, 0, f, GTF_permit_access);
	assert_int_equal(map(1, 3, 0, true, &h), GNTST_okay);
	fake_run(d1, 0);
	assert_int_equal(call(GNTTABOP_swap_grant_ref, op, 3), 0);
	assert_int_equal(op[0].status, GNTST_okay);
	assert_int_equal(entry(d1, 1)->frame, 33);
	assert_int_equal(entry(d1, 2)->flags, 0);
	assert_int_equal(op[1].status, GNTST_eagain);
	assert_int_equal(op[2].status, GNTST_bad_gntref);
}

static int transfer(uint64_t frame, uint16_t dom, uint32_t ref)
{
	gnttab_transfer_t op = { .mfn = frame, .domid = dom, .ref = ref, .status = 77 };

	assert_int_equal(call(GNTTABOP_transfer, &op, 1), 0);
	return op.status;
}

static void a_frame_changes_hands(void **state)
{
	uint64_t f = fake_frame(d0);

	(void)state;
	grant(d1, 5, 0, 0, GTF_accept_transfer);
	assert_int_equal(transfer(f, 1, 5), GNTST_okay);
	assert_ptr_equal(mfn_to_frame(mfn(f))->owner, d1);
	assert_int_equal(frame_refs(fake_frame_state(f)), 1);
	assert_int_equal(entry(d1, 5)->frame, f);
	assert_int_equal(entry(d1, 5)->flags,
			 GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed);
	/* the entry is used up, the frame is not ours any more */
	assert_int_equal(transfer(fake_frame(d0), 1, 5), GNTST_bad_gntref);
	grant(d1, 6, 0, 0, GTF_accept_transfer);
	assert_int_equal(transfer(f, 1, 6), GNTST_bad_page);
	assert_int_equal(entry(d1, 6)->flags, GTF_accept_transfer);
}

/* Each refusal leaves entry, frame and counts as they were. */
static void transfers_refused(void **state)
{
	uint64_t f = fake_frame(d0), alien = fake_frame(d2);
	uint32_t h;

	(void)state;
	grant(d1, 5, 0, 0, GTF_accept_transfer);
	grant(d1, 6, 2, 0, GTF_accept_transfer);
	grant(d1, 7, 0, f, GTF_permit_access);
	grant(d1, 8, 0, 0, GTF_accept_transfer | GTF_transfer_committed);
	assert_int_equal(transfer(alien, 1, 5), GNTST_bad_page);
	assert_int_equal(transfer(RAM_FRAMES, 1, 5), GNTST_bad_page);
	assert_int_equal(transfer(~0ULL, 1, 5), GNTST_bad_page);
	assert_int_equal(transfer(f, 0, 5), GNTST_bad_domain);
	assert_int_equal(transfer(f, DOMID_SELF, 5), GNTST_bad_domain);
	assert_int_equal(transfer(f, 6, 5), GNTST_bad_domain);
	assert_int_equal(transfer(f, 1, 6), GNTST_bad_gntref);
	assert_int_equal(transfer(f, 1, 7), GNTST_bad_gntref);
	assert_int_equal(transfer(f, 1, 8), GNTST_bad_gntref);
	assert_int_equal(transfer(f, 1, 9), GNTST_bad_gntref);
	grant(d1, 0, 0, 0, GTF_accept_transfer);	/* where a reference beyond the last would be led */
	assert_int_equal(transfer(f, 1, 512), GNTST_bad_gntref);
	assert_int_equal(transfer(f, 1, ~0u), GNTST_bad_gntref);
	/* a frame that somebody maps, by grant or as a page table */
	grant(d0, 1, 2, f, GTF_permit_access);
	fake_run(d2, 0);
	assert_int_equal(map(0, 1, 0, true, &h), GNTST_okay);
	fake_run(d0, 0);
	assert_int_equal(transfer(f, 1, 5), GNTST_bad_page);
	fake_run(d2, 0);
	assert_int_equal(unmap(h, VA(0), 0), GNTST_okay);
	fake_run(d0, 0);
	/* a receiver without room, or that is going */
	d1->max_pages = d1->tot_pages = 1;
	assert_int_equal(transfer(f, 1, 5), GNTST_general_error);
	d1->max_pages = 0;
	d1->dying = DYING;
	assert_int_equal(transfer(f, 1, 5), GNTST_general_error);
	d1->dying = ALIVE;
	assert_int_equal(entry(d1, 5)->flags, GTF_accept_transfer);
	assert_int_equal(entry(d1, 5)->frame, 0);
	assert_ptr_equal(mfn_to_frame(mfn(f))->owner, d0);
	assert_int_equal(transfer(f, 1, 5), GNTST_okay);
}

static void transfers_go_on_after_preemption(void **state)
{
	gnttab_transfer_t op[6];
	unsigned times = 0;

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		grant(d1, 10 + i, 0, 0, GTF_accept_transfer);
		op[i] = (gnttab_transfer_t){ .mfn = fake_frame(d0), .domid = 1, .ref = 10 + i, .status = 77 };
	}
	fake_preempt_after = 2;
	assert_int_equal(fake_hypercall(do_grant_table_op, GNTTABOP_transfer, op, 6, &times), 0);
	assert_true(times > 1);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(op[i].status, GNTST_okay);
}

#define MANY 50				/* mappings of one reference */

static void still_pinned(void) { assert_true(entry(d1, 5)->flags & GTF_reading); }

static void many_unmaps_share_a_flush(void **state)
{
	gnttab_unmap_grant_ref_t op[MANY + 2];
	unsigned before;

	(void)state;
	grant(d1, 5, 0, fake_frame(d1), GTF_permit_access);
	for (unsigned i = 0; i < MANY; i++) {
		op[i] = (gnttab_unmap_grant_ref_t){ .host_addr = VA(i), .status = 77 };
		assert_int_equal(map(1, 5, i, false, &op[i].handle), GNTST_okay);
	}
	op[MANY] = op[MANY - 1];			/* twice */
	op[MANY + 1] = (gnttab_unmap_grant_ref_t){ .host_addr = VA(1), .handle = op[0].handle };
	before = fake_flushes;
	fake_on_flush = still_pinned;
	assert_int_equal(call(GNTTABOP_unmap_grant_ref, op, MANY + 2), 0);
	fake_on_flush = NULL;
	assert_int_equal(fake_flushes - before, 1);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(op[i].status, GNTST_okay);
	assert_int_equal(op[MANY].status, GNTST_bad_handle);
	assert_int_equal(op[MANY + 1].status, GNTST_bad_handle);
	assert_int_equal(entry(d1, 5)->flags, GTF_permit_access);
}

/* Finishing them has no end in between. */
static void a_flush_is_for_so_many(void **state)
{
	static gnttab_unmap_grant_ref_t op[2 * UNMAPPED_MOST + 1];
	uint64_t f = fake_frame(d1);
	unsigned before;

	(void)state;
	grant(d1, 5, 0, f, GTF_permit_access);
	for (unsigned i = 0; i < ARRAY_SIZE(op); i++) {
		op[i] = (gnttab_unmap_grant_ref_t){ .dev_bus_addr = f * PAGE_SIZE, .status = 77 };
		assert_int_equal(map_at(1, 5, 0, GNTMAP_device_map, &op[i].handle), GNTST_okay);
	}
	before = fake_flushes;
	assert_int_equal(call(GNTTABOP_unmap_grant_ref, op, ARRAY_SIZE(op)), 0);
	assert_int_equal(fake_flushes - before, 3);
	for (unsigned i = 0; i < ARRAY_SIZE(op); i++)
		assert_int_equal(op[i].status, GNTST_okay);
	assert_int_equal(entry(d1, 5)->flags, GTF_permit_access);
}

static void bad_arguments(void **state)
{
	gnttab_unmap_grant_ref_t op[2] = { { 0 }, { 0 } };

	(void)state;
	assert_int_equal(call(GNTTABOP_map_grant_ref, BAD_POINTER, 1), -EFAULT);
	assert_int_equal(call(GNTTABOP_map_grant_ref, NULL, 0), 0);
	assert_int_equal(call(GNTTABOP_copy, NULL, 0x80000000), -EINVAL);
	assert_int_equal(call(GNTTABOP_dump_table, op, 1), -ENOSYS);
	assert_int_equal(call(13, op, 1), -ENOSYS);
	assert_int_equal(call(0xffffffff, op, 1), -ENOSYS);
	assert_int_equal(call(GNTTABOP_unmap_grant_ref, op, 2), 0);
	assert_int_equal(op[1].status, GNTST_bad_handle);
}

static void the_granter_dies_first(void **state)
{
	uint64_t f = fake_frame(d1);
	uint32_t h, h2;

	(void)state;
	grant(d1, 1, 0, f, GTF_permit_access);
	assert_int_equal(map(1, 1, 0, false, &h), GNTST_okay);
	fake_domain_end(d1);
	d1 = NULL;
	assert_int_equal(fake_domains_alive, 3);		/* its frame is still mapped */
	assert_int_equal(map(1, 1, 1, false, &h2), GNTST_bad_domain);
	assert_int_equal(unmap(h, VA(0), 0), GNTST_okay);
	assert_int_equal(fake_domains_alive, 2);
}

static void the_mapper_dies_first(void **state)
{
	uint64_t f = fake_frame(d1);
	uint32_t h;

	(void)state;
	grant(d1, 1, 2, f, GTF_permit_access);
	fake_run(d2, 0);
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(map(1, 1, i % 64, false, &h), GNTST_okay);
	fake_preempt_after = 1;
	fake_domain_end(d2);
	d2 = NULL;
	assert_int_equal(entry(d1, 1)->flags, GTF_permit_access);
	assert_int_equal(frame_refs(fake_frame_state(f)), 1);
}

static volatile bool stop;

/* A granter that flips its entry between three grants and nothing while it is being pinned. */
static void *cheat(void *arg)
{
	const uint64_t *f = arg;

	for (unsigned i = 0; !stop; i++) {
		grant_entry_v1_t *e = entry(d1, 1);

		__atomic_store_n(&e->flags, i % 3 == 0 ? 0 : i % 3 == 1 ? GTF_permit_access :
				 GTF_permit_access | GTF_readonly, __ATOMIC_RELAXED);
		__atomic_store_n(&e->frame, f[i % 4], __ATOMIC_RELAXED);
	}
	return NULL;
}

static void a_racing_granter_gains_nothing(void **state)
{
	uint64_t f[4] = { fake_frame(d1), fake_frame(d1), fake_frame(d2), 5000 };
	pthread_t t;
	unsigned ok = 0;

	(void)state;
	grant(d1, 1, 0, f[0], 0);
	stop = false;
	assert_int_equal(pthread_create(&t, NULL, cheat, f), 0);
	for (unsigned i = 0; i < 20000 || ok < 10; i++) {
		uint32_t h;

		if (map(1, 1, 0, i % 2, &h))
			continue;
		ok++;
		assert_true(mfn_x(pte_mfn(fake_pt[0])) == f[0] || mfn_x(pte_mfn(fake_pt[0])) == f[1]);
		assert_int_equal(unmap(h, VA(0), 0), GNTST_okay);
	}
	stop = true;
	pthread_join(t, NULL);
}

/* --- arbitrary operations; the counts are what the handles say --- */

static uint32_t random_below(uint32_t n)
{
	static uint64_t x = 88172645463325252ULL;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (x >> 20) % n;
}

static void check_pins(const struct domain *granter)
{
	unsigned pins[512] = { 0 }, writers[512] = { 0 };
	struct domain *const d[] = { d0, d1, d2 };

	for (unsigned i = 0; i < 3; i++) {
		for (unsigned p = 0; p < d[i]->grant->nr_map_pages * MAPPINGS_PER_PAGE; p++) {
			const struct mapping *m = &d[i]->grant->map[p / MAPPINGS_PER_PAGE][p % MAPPINGS_PER_PAGE];

			if (!m->flags || m->rd != granter)
				continue;
			pins[m->ref]++;
			writers[m->ref] += !(m->flags & GNTMAP_readonly);
		}
	}
	for (unsigned r = 0; r < 512; r++) {
		assert_int_equal(grant_active(granter->grant, r)->pins, pins[r]);
		assert_int_equal(grant_active(granter->grant, r)->writers, writers[r]);
	}
}

static void any_operations_keep_the_counts(void **state)
{
	struct domain *const d[] = { d0, d1, d2 };
	uint64_t frame[12];

	(void)state;
	for (unsigned i = 0; i < 12; i++)
		frame[i] = fake_frame(d[i % 3]);
	for (unsigned i = 0; i < 50000; i++) {
		uint32_t h = random_below(80), slot = random_below(FAKE_PT_ENTRIES), ref = random_below(20);
		struct domain *who = d[random_below(3)];
		gnttab_copy_t c = { .source = { .u.ref = ref, .domid = random_below(3) },
				    .dest = { .u.gmfn = frame[random_below(12)], .domid = DOMID_SELF },
				    .len = random_below(5000), .flags = random_below(4) };

		fake_run(who, 0);
		switch (random_below(6)) {
		case 0:
			grant(who, ref, random_below(3), frame[random_below(12)], random_below(8));
			break;
		case 1: case 2:
			map_at(random_below(4), ref, VA(slot), random_below(8), &h);
			break;
		case 3: case 4:
			unmap(h, VA(slot), random_below(2) ? 0 : frame[random_below(12)] * PAGE_SIZE);
			break;
		case 5:
			copy(&c);
		}
		if (i % 500 == 0)
			check_pins(d0), check_pins(d1), check_pins(d2);
	}
}

/* Another domain may still map a page of it, and so keep the rest of it. */
static void the_dead_keep_no_handles(void **state)
{
	uint64_t f = fake_frame(d1);
	uint32_t h;

	(void)state;
	grant(d1, 9, 0, f, GTF_permit_access);
	for (unsigned i = 0; i < 100 * MAPPINGS_PER_PAGE; i++)
		assert_int_equal(map_at(1, 9, 0, GNTMAP_device_map, &h), GNTST_okay);
	assert_int_equal(d0->grant->nr_map_pages, 100);
	d0->dying = DYING;
	while (grant_release_mappings(d0))
		;
	assert_int_equal(d0->grant->nr_map_pages, 0);
	assert_int_equal(frame_refs(fake_frame_state(f)), 1);
	assert_int_equal(entry(d1, 9)->flags, GTF_permit_access);
	assert_int_equal(unmap(0, 0, f * PAGE_SIZE), GNTST_bad_handle);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(map_and_unmap), TEST(flags_stay_until_the_last_mapping), TEST(a_pinned_entry_keeps_its_frame),
		TEST(a_mapped_entry_gives_no_more_than_it_says), TEST(a_dying_granter_grants_nothing),
		TEST(refusals), TEST(by_entry_replace_and_device), TEST(copies), TEST(copies_share_pins),
		TEST(tables),
		TEST(swaps), TEST(a_frame_changes_hands), TEST(transfers_refused), TEST(transfers_go_on_after_preemption),
		TEST(many_unmaps_share_a_flush), TEST(a_flush_is_for_so_many), TEST(bad_arguments),
		TEST(the_granter_dies_first), TEST(the_mapper_dies_first),
		TEST(the_dead_keep_no_handles),
		TEST(a_racing_granter_gains_nothing), TEST(any_operations_keep_the_counts),
	};
	int failed = cmocka_run_group_tests_name("grant", tests, NULL, NULL);

	printf("%zu passed, %d failed\n", ARRAY_SIZE(tests) - failed, failed);
	return failed != 0;
}
