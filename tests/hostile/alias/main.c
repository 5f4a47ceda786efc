/* SPDX-License-Identifier: MIT */
/*
 * Attack: a writable way to a page table or descriptor table, by every route there is; and any way
 * to a frame that is not the guest's.
 *
 * Routes to an own table: an entry of its own, of update_va_mapping, of mmu_update, through a table
 * pinned already or pinned after; a grant to ourselves mapped writable, or copied to; the clear and
 * copy operations; a super-page over it; an L4 that names itself or an L3 that names its L4 (the
 * table seen as a page); bits that are reserved or say how memory is cached. To a frame of others:
 * each frame number of the machine in turn, read-only.
 *
 * Expected: each is refused, and what was refused is not there.
 */
#include "test.h"
#include "grants.h"
#include "self_audit.h"

static char *page, *victim, *window;

static long set(void *va, uint64_t pte)
{
	return hypercall_update_va_mapping(va, pte, UVMF_INVLPG);
}

static long ext(unsigned int cmd, mfn_t mfn, mfn_t src)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn, .arg2.src_mfn = src };

	return hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static long update(maddr_t where, uint64_t val)
{
	struct mmu_update u = { .ptr = where, .val = val };

	return hypercall_mmu_update(&u, 1, NULL, DOMID_SELF);
}

static int grant_map_as(unsigned int ref, unsigned int flags, uint64_t where, grant_handle_t *handle)
{
	struct gnttab_map_grant_ref m = { .host_addr = where,
					  .flags = GNTMAP_host_map | flags,
					  .ref = ref,
					  .dom = start_info_domid() };

	hypercall_grant_table_op(GNTTABOP_map_grant_ref, &m, 1);
	*handle = m.handle;
	return m.status;
}

static int grant_map(unsigned int ref, grant_handle_t *handle)
{
	return grant_map_as(ref, 0, (long)window, handle);
}

static int grant_unmap(grant_handle_t handle, unsigned long new_va)
{
	struct gnttab_unmap_and_replace u = { .host_addr = (long)window,
					      .new_addr = new_va,
					      .handle = handle };

	hypercall_grant_table_op(new_va ? GNTTABOP_unmap_and_replace : GNTTABOP_unmap_grant_ref, &u,
				 1);
	return u.status;
}

static int grant_copy(unsigned int ref)
{
	struct gnttab_copy c = { .source = { .domid = DOMID_SELF, .u.gmfn = virt_to_mfn(page) },
				 .len = 8,
				 .dest = { .domid = start_info_domid(), .u.ref = ref },
				 .flags = GNTCOPY_dest_gref };

	hypercall_grant_table_op(GNTTABOP_copy, &c, 1);
	return c.status;
}

/* victim is a table now, not mapped writable. */
static void routes_to_table(void)
{
	mfn_t mfn = virt_to_mfn(victim);
	grant_handle_t handle;

	check("entry", set(window, pte_make(mfn, PTE_RW)) < 0);
	check("entry without execution", set(window, pte_make(mfn, PTE_RW | PTE_NX)) < 0);
	check("mmu_update of the entry",
	      update(pt_entry_maddr(window, 1), pte_make(mfn, PTE_RW)) < 0);
	check("own linear address", set(victim, pte_make(mfn, PTE_RW)) < 0);
	check("clear", ext(MMUEXT_CLEAR_PAGE, mfn, 0) < 0);
	check("copy", ext(MMUEXT_COPY_PAGE, mfn, virt_to_mfn(page)) < 0);
	grant(20, start_info_domid(), mfn, GTF_permit_access);
	check("grant mapped writable", grant_map(20, &handle) != GNTST_okay);
	check("grant copied to", grant_copy(20) != GNTST_okay);
	check("descriptor", hypercall_update_descriptor(virt_to_maddr(victim), 0) < 0);
	check("as a vcpu's info", ({
					  struct vcpu_register_vcpu_info i = { .mfn = mfn };
					  hypercall_vcpu_op(VCPUOP_register_vcpu_info, 0, &i);
				  }) < 0);
	check_value("read-only is fine", set(window, pte_make(mfn, PTE_RO)), 0);
	check("and is no way to write", probe_write(window + 8, pte_make(mfn, PTE_RW)) != 0);
	check_value("unmap", set(window, 0), 0);
}

static void check_levels(void)
{
	static const unsigned int pin[] = { MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE,
					    MMUEXT_PIN_L3_TABLE, MMUEXT_PIN_L4_TABLE };

	for (unsigned int level = 1; level <= 4; level++) {
		say("# a table of level %u\n", level);
		check("pinned while mapped writable",
		      ext(pin[level - 1], virt_to_mfn(victim), 0) < 0);
		check_value("read-only", pt_protect(victim, PTE_RO), 0);
		check_value("pinned", ext(pin[level - 1], virt_to_mfn(victim), 0), 0);
		routes_to_table();
		check("as a table of another level",
		      ext(pin[level % 4], virt_to_mfn(victim), 0) < 0);
		check_value("unpinned", ext(MMUEXT_UNPIN_TABLE, virt_to_mfn(victim), 0), 0);
		check_value("writable again", pt_protect(victim, PTE_RW), 0);
	}
}

static void check_descriptors(void)
{
	unsigned long mfn = virt_to_mfn(victim);

	say("# a page of descriptors\n");
	check("as GDT while mapped writable", hypercall_set_gdt(&mfn, 512) < 0);
	((uint64_t *)victim)[5] = 0x0000ec0000080000; /* a call gate */
	check_value("read-only", pt_protect(victim, PTE_RO), 0);
	check("as GDT with a call gate", hypercall_set_gdt(&mfn, 512) < 0);
	check_value("writable", pt_protect(victim, PTE_RW), 0);
	((uint64_t *)victim)[5] = 0;
	check_value("read-only", pt_protect(victim, PTE_RO), 0);
	check_value("as GDT", hypercall_set_gdt(&mfn, 512), 0);
	check("entry", set(window, pte_make(mfn, PTE_RW)) < 0);
	check("call gate by update",
	      hypercall_update_descriptor(virt_to_maddr(victim) + 40, 0x0000ec0000080000) < 0);
	check("TSS by update",
	      hypercall_update_descriptor(virt_to_maddr(victim) + 40, 0x0000890000000067) < 0);
	check("plain write", update(virt_to_maddr(victim), 0) < 0);
	check("as a page table too", ext(MMUEXT_PIN_L1_TABLE, mfn, 0) < 0);
	check("clear", ext(MMUEXT_CLEAR_PAGE, mfn, 0) < 0);
	check_value("no GDT", hypercall_set_gdt(&mfn, 0), 0);
	check_value("writable again", pt_protect(victim, PTE_RW), 0);
}

/* The running tables, seen through an entry of an upper level. */
static void check_linear(void)
{
	maddr_t l4 = virt_to_maddr(pt_root()), l3 = mfn_to_maddr(pte_mfn(*pt_entry(window, 4))),
		l2 = mfn_to_maddr(pte_mfn(*pt_entry(window, 3)));

	say("# tables as pages\n");
	check("L4 in itself", update(l4 + 300 * 8, l4 | PTE_RW) < 0);
	check("L4 in itself, read-only",
	      update(l4 + 300 * 8, l4 | PTE_RO) < 0 || set(window, 0) == 0);
	check_value("no trace", update(l4 + 300 * 8, 0), 0);
	check("L4 in an L3", update(l3 + 8 * 300, l4 | PTE_RW) < 0);
	check("L3 in an L3", update(l3 + 8 * 300, l3 | PTE_RW) < 0);
	check("L3 in an L2", update(l2 + 8 * 300, l3 | PTE_RW) < 0);
	check("super-page in an L2",
	      update(l2 + 8 * 300, virt_to_maddr(page) | PTE_RW | PTE_PSE) < 0);
	check("super-page in an L3",
	      update(l3 + 8 * 300, virt_to_maddr(page) | PTE_RW | PTE_PSE) < 0);
	for (unsigned int slot = 256; slot <= 271; slot++)
		if (update(l4 + slot * 8, 0) >= 0 || update(l4 + slot * 8, l3 | PTE_RW) >= 0)
			check("a slot of the hypervisor", false);
	check("the hypervisor's slots are refused", true);
}

/* Grants: a mapping put in its own place would outlive its handle. */
static void check_replace(void)
{
	grant_handle_t handle;
	mfn_t mfn = virt_to_mfn(page);

	say("# a grant's entry\n");
	grant(21, start_info_domid(), mfn, GTF_permit_access);
	check_value("map", grant_map(21, &handle), GNTST_okay);
	check("replaced by itself", grant_unmap(handle, (unsigned long)window) != GNTST_okay);
	check("its grant mark is no guest's to set",
	      set(window + PAGE_SIZE, pte_make(mfn, PTE_RO | 1UL << 62)) == 0 &&
		      !(*pt_entry(window + PAGE_SIZE, 1) & 1UL << 62));
	check("unmapped by another's address",
	      ({
		      struct gnttab_unmap_grant_ref u = { .host_addr = (long)window + PAGE_SIZE,
							  .handle = handle };

		      hypercall_grant_table_op(GNTTABOP_unmap_grant_ref, &u, 1);
		      u.status;
	      }) != GNTST_okay);
	check_value("unmap", grant_unmap(handle, 0), GNTST_okay);
	check("the address is gone at once", probe_read(window) != 0);
	check("the handle too", grant_unmap(handle, 0) != GNTST_okay);
	check_value("clean", set(window + PAGE_SIZE, 0), 0);
}

static bool in_use(unsigned int ref)
{
	return __atomic_load_n(&grants[ref].flags, __ATOMIC_SEQ_CST) & (GTF_reading | GTF_writing);
}

/* What a grant's entry was overwritten with is not its handle's to take away; the handle can go. */
static void check_overwritten(void)
{
	grant_handle_t a, b;

	say("# a grant's entry, overwritten\n");
	grant(22, start_info_domid(), virt_to_mfn(page), GTF_permit_access);
	grant(23, start_info_domid(), virt_to_mfn(victim), GTF_permit_access);
	check_value("map", grant_map(22, &a), GNTST_okay);
	check_value("another over it", grant_map(23, &b), GNTST_okay);
	*(uint64_t *)page = 1;
	*(uint64_t *)victim = 2;
	check("the first cannot be replaced", grant_unmap(a, (unsigned long)page) != GNTST_okay);
	check_value("it can be given up", grant_unmap(a, 0), GNTST_okay);
	check("the second is still there", *(uint64_t *)window == 2 && in_use(23) && !in_use(22));
	check_value("unmap", grant_unmap(b, 0), GNTST_okay);
	check("it is gone", probe_read(window) != 0 && !in_use(23));

	check_value("map", grant_map(22, &a), GNTST_okay);
	check_value("a plain entry of the same frame", set(window, 0), 0);
	check_value("in its place", set(window, pte_make(virt_to_mfn(page), PTE_RW)), 0);
	check_value("the handle can be given up", grant_unmap(a, 0), GNTST_okay);
	check("the plain entry stays", *(uint64_t *)window == 1 && !in_use(22));
	check_value("clean", set(window, 0), 0);

	check_value("read-only", grant_map_as(22, GNTMAP_readonly, (long)window, &a), GNTST_okay);
	check_value("the same writable over it", grant_map(22, &b), GNTST_okay);
	check_value("the first given up", grant_unmap(a, 0), GNTST_okay);
	check_value("the second is still there", probe_write(window, 1), 0);
	check_value("unmap", grant_unmap(b, 0), GNTST_okay);

	check_value("map", grant_map(22, &a), GNTST_okay);
	check_value("twice", grant_map_as(22, 0, (long)window + PAGE_SIZE, &b), GNTST_okay);
	check("unmapped by the other's address", grant_unmap(b, 0) != GNTST_okay);
	check_value("unmap", grant_unmap(a, 0), GNTST_okay);
	window += PAGE_SIZE;
	check_value("unmap the other", grant_unmap(b, 0), GNTST_okay);
	window -= PAGE_SIZE;
	check("into a page that is no table",
	      grant_map_as(22, GNTMAP_contains_pte, virt_to_maddr(victim), &a) != GNTST_okay);

	check_value("map", grant_map(22, &a), GNTST_okay);
	check_value("another", grant_map(23, &b), GNTST_okay);
	check("moving a grant's entry", ({
					       struct gnttab_unmap_and_replace u = {
						       .host_addr = (long)window,
						       .new_addr = (long)window,
						       .handle = b };

					       hypercall_grant_table_op(GNTTABOP_unmap_and_replace, &u, 1);
					       u.status;
				       }) != GNTST_okay);
	check_value("unmap", grant_unmap(b, 0), GNTST_okay);
	check_value("unmap the one below", grant_unmap(a, 0), GNTST_okay);
}

/* The entry lies in a table that is given up before the handle. */
static void check_table_gone(void)
{
	struct gnttab_map_grant_ref m = { .host_addr = virt_to_maddr(victim) + 8,
					  .flags = GNTMAP_host_map | GNTMAP_contains_pte,
					  .ref = 22, .dom = start_info_domid() };
	struct gnttab_unmap_grant_ref u = { .host_addr = m.host_addr };

	for (unsigned int i = 0; i < PT_ENTRIES; i++)
		((pte_t *)victim)[i] = 0;
	check_value("read-only", pt_protect(victim, PTE_RO), 0);
	check_value("pinned", ext(MMUEXT_PIN_L1_TABLE, virt_to_mfn(victim), 0), 0);
	hypercall_grant_table_op(GNTTABOP_map_grant_ref, &m, 1);
	check_value("mapped into it", m.status, GNTST_okay);
	check_value("unpinned", ext(MMUEXT_UNPIN_TABLE, virt_to_mfn(victim), 0), 0);
	u.handle = m.handle;
	hypercall_grant_table_op(GNTTABOP_unmap_grant_ref, &u, 1);
	check_value("the handle can be given up", u.status, GNTST_okay);
	check("the grant is unused", !in_use(22));
	hypercall_grant_table_op(GNTTABOP_map_grant_ref, &m, 1);
	check("nothing maps into what was a table", m.status != GNTST_okay);
	check_value("writable again", pt_protect(victim, PTE_RW), 0);
}

/* A translation that nobody flushed must not outlive what the frame was. */
static void check_stale(void)
{
	mfn_t mfn = virt_to_mfn(victim);
	xen_pfn_t frame = virt_to_mfn(page);
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

	say("# translations that are not flushed\n");
	check_value("map", set(window, pte_make(mfn, PTE_RW)), 0);
	check_value("write", probe_write(window, 0), 0);
	hypercall_update_va_mapping(window, 0, 0);
	hypercall_update_va_mapping(victim, pte_make(mfn, PTE_RO), 0);
	check_value("pinned", ext(MMUEXT_PIN_L1_TABLE, mfn, 0), 0);
	check("the table cannot be written", probe_write(window, pte_make(mfn, PTE_RW)) != 0);
	check_value("unpinned", ext(MMUEXT_UNPIN_TABLE, mfn, 0), 0);
	check_value("writable again", pt_protect(victim, PTE_RW), 0);

	check_value("map another", set(window, pte_make(frame, PTE_RW)), 0);
	check_value("write", probe_write(window, 1), 0);
	hypercall_update_va_mapping(window, 0, 0);
	hypercall_update_va_mapping(page, 0, 0);
	set_xen_guest_handle(r.extent_start, &frame);
	check_value("given back", hypercall_memory_op(XENMEM_decrease_reservation, &r), 1);
	check("the frame cannot be read", probe_read(window) != 0 && probe_read(page) != 0);
	page = os_pages_alloc(1);
}

static long exchange(mfn_t frame)
{
	xen_pfn_t in = frame, out = virt_to_pfn(page);
	struct xen_memory_exchange x = { .in = { .nr_extents = 1, .domid = DOMID_SELF },
					 .out = { .nr_extents = 1, .domid = DOMID_SELF } };

	set_xen_guest_handle(x.in.extent_start, &in);
	set_xen_guest_handle(x.out.extent_start, &out);
	return hypercall_memory_op(XENMEM_exchange, &x);
}

/* Frames that are held are not to be had for others; a store that changes no frame holds none anew. */
static void check_held(void)
{
	mfn_t mfn = virt_to_mfn(page);

	say("# frames that are held\n");
	check("exchange of a mapped frame", exchange(mfn) < 0);
	check("exchange of a table", exchange(pte_mfn(*pt_entry(window, 2))) < 0);
	check("exchange of the hypervisor's", exchange(pte_mfn(pt_root()[262])) < 0);
	check_value("map", set(window, pte_make(mfn, PTE_RO)), 0);
	for (unsigned int i = 0; i < 4; i++)
		check_value("a store that changes a flag",
			    probe_write((void *)pt_entry(window, 1), pte_make(mfn, PTE_RO | (uint64_t)i << 9)), 0);
	check("a store that would map the table writable",
	      probe_write((void *)pt_entry(window, 1), *pt_entry(window, 2) | PTE_WRITE) != 0);
	check_value("clean", set(window, 0), 0);
}

static void check_caching(void)
{
	mfn_t mfn = virt_to_mfn(page);

	say("# bits\n");
	check("uncached", set(window, pte_make(mfn, PTE_RW | PTE_PCD)) < 0);
	check("write-through", set(window, pte_make(mfn, PTE_RW | PTE_PWT)) < 0);
	check("another type by PAT", set(window, pte_make(mfn, PTE_RW | PTE_PSE)) < 0);
	check("an address no machine has", set(window, pte_make(0xffffffffffUL, PTE_RO)) < 0);
	check_value("a global entry", set(window, pte_make(mfn, PTE_RW | PTE_GLOBAL)), 0);
	check("is not global", !(*pt_entry(window, 1) & PTE_GLOBAL));
	check_value("a supervisor entry", set(window, pte_make(mfn, PTE_RW & ~PTE_USER)), 0);
	check_value("clean", set(window, 0), 0);
}

static void check_foreign(void)
{
	static const unsigned long *m2p = (void *)MACH2PHYS_VIRT_START;
	unsigned long last = hypercall_memory_op(XENMEM_maximum_ram_page, NULL), tried = 0, got = 0;
	const unsigned long *p2m = (const unsigned long *)start_info->mfn_list;

	say("# each frame of the machine\n");
	for (mfn_t mfn = 0; mfn < last + 16; mfn++) {
		unsigned long pfn = mfn < last ? m2p[mfn] : -1UL;

		if (pfn < start_info->nr_pages && p2m[pfn] == mfn)
			continue;
		if (mfn_to_maddr(mfn) == start_info->shared_info ||
		    mfn == pte_mfn(*pt_entry(grants, 1)))
			continue;
		tried++;
		if (set(window, pte_make(mfn, PTE_RO)) >= 0) {
			say("# frame %lx\n", mfn);
			got++;
			set(window, 0);
		}
	}
	say("# %lu frames tried\n", tried);
	check("thousands of frames tried", tried > 1000);
	check_value("frames of others mapped", got, 0);
}

void test_main(void)
{
	page = os_pages_alloc(1);
	victim = os_pages_alloc(1);
	window = os_va_alloc(2);
	grants_setup();
	check_levels();
	check_descriptors();
	check_linear();
	check_replace();
	check_overwritten();
	check_table_gone();
	check_stale();
	check_held();
	if (!start_info_is_dom0()) {
		check_caching();
		check_foreign();
	}
	self_audit();
}
