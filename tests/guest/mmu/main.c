/* SPDX-License-Identifier: MIT */
/*
 * Page tables: what a domain may write into them and what it may not.
 *
 * A frame has one type at a time. So: a page table is never mapped writable; a frame mapped
 * writable never becomes a page table; when the last use of the old type is gone, it may. Entries
 * with bits the ABI has no use for, with frames of others, or in the hypervisor's slots are
 * refused, at every level, and a refused batch says how far it came. Tables can be pinned and
 * unpinned, a base pointer can be changed, update_va_mapping edits the running tables, and both
 * kinds of flush take effect.
 */
#include "test.h"

#define HERE ((char *)0x400000000000)	/* addresses with tables but no pages */

static long set_entry(maddr_t where, uint64_t value)
{
	struct mmu_update u = { .ptr = where | MMU_NORMAL_PT_UPDATE, .val = value };

	return hypercall_mmu_update(&u, 1, NULL, DOMID_SELF);
}

static long set(const void *va, unsigned int level, uint64_t value)
{
	return set_entry(pt_entry_maddr(va, level), value);
}

static long ext(unsigned int cmd, mfn_t mfn)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };

	return hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static uint64_t rw(const void *page)
{
	return pte_make(virt_to_mfn(page), PTE_RW);
}

/* A zeroed page that nothing maps writable. */
static void *table_page(void)
{
	void *page = os_pages_alloc(1);

	pt_protect(page, PTE_RO);
	return page;
}

static void back_to_page(void *page)
{
	pt_protect(page, PTE_RW);
	os_pages_free(page, 1);
}

static void check_leaves(void)
{
	uint64_t *a = os_pages_alloc(1), *b = os_pages_alloc(1);
	volatile uint64_t *seen = (uint64_t *)HERE;

	*a = 0xa;
	*b = 0xb;
	check_value("map a page", set(HERE, 1, rw(a)), 0);
	check_value("it shows", *seen, 0xa);
	check_value("replace it", set(HERE, 1, rw(b)), 0);
	check_value("flush it", hypercall_update_va_mapping(HERE, rw(b), UVMF_INVLPG), 0);
	check_value("the other shows", *seen, 0xb);
	check_value("the entry reads back", pte_mfn(*pt_entry(HERE, 1)), virt_to_mfn(b));
	check_value("map it read-only", set(HERE, 1, pte_make(virt_to_mfn(a), PTE_RO)), 0);
	check_value("flush all", ext(MMUEXT_TLB_FLUSH_LOCAL, 0), 0);
	check_value("write faults", probe_write(HERE, 1), TRAPPED(14, 3));
	check_value("available bits are kept", set(HERE, 1, rw(a) | 7UL << 9), 0);
	check_value("as they were", *pt_entry(HERE, 1) & 7UL << 9, 7UL << 9);
	check_value("an absent entry may hold anything", set(HERE, 1, 0x123456789abcdef0), 0);
	check_value("empty it", set(HERE, 1, 0), 0);
	check_value("an entry at an odd address", set_entry(pt_entry_maddr(HERE, 1) | 4, 0),
		    -XEN_ENOSYS);
	os_pages_free(a, 1);
	os_pages_free(b, 1);
}

static void check_refused_leaves(void)
{
	void *table = (void *)pt_entry(HERE, 1);
	mfn_t table_mfn = virt_to_mfn((void *)((uintptr_t)table & PAGE_MASK));
	mfn_t hv = pte_mfn(pt_root()[256]);
	void *page = os_pages_alloc(1);

	check_value("writable mapping of a page table", set(HERE, 1, pte_make(table_mfn, PTE_RW)),
		    -XEN_EBUSY);
	check_value("read-only mapping of a page table", set(HERE, 1, pte_make(table_mfn, PTE_RO)),
		    0);
	check_value("writable mapping of the root",
		    set(HERE, 1, pte_make(virt_to_mfn(pt_root()), PTE_RW)), -XEN_EBUSY);
	check_value("empty it", set(HERE, 1, 0), 0);
	check_value("a frame of the hypervisor", set(HERE, 1, pte_make(hv, PTE_RW)), -XEN_EBUSY);
	check_value("the same, read-only", set(HERE, 1, pte_make(hv, PTE_RO)), -XEN_EBUSY);
	check_value("the entry is still empty", *pt_entry(HERE, 1), 0);
	check_value("global bit", set(HERE, 1, rw(page) | PTE_GLOBAL), 0);
	check_value("grant-table bit", set(HERE, 1, rw(page) | 1UL << 62), 0);
	check_value("empty it", set(HERE, 1, 0), 0);
	check_value("update_va_mapping of a page table",
		    hypercall_update_va_mapping(HERE, pte_make(table_mfn, PTE_RW), UVMF_NONE),
		    -XEN_EBUSY);
	check_value("update_va_mapping in the hypervisor's range",
		    hypercall_update_va_mapping((void *)0xffff820000000000, 0, UVMF_NONE),
		    -XEN_EINVAL);
	check_value("update_va_mapping where there is no table",
		    hypercall_update_va_mapping((void *)0x500000000000, 0, UVMF_NONE), -XEN_EINVAL);
}

static void check_tables(void)
{
	char *va = HERE + (1UL << 30);		/* same root slot, tables of its own */
	void *page = os_pages_alloc(1), *l2 = table_page(), *l1 = table_page();
	uint64_t *entries = l1;

	check_value("a page mapped writable cannot become a table",
		    set(va, 3, pte_make(virt_to_mfn(page), PTE_TABLE)), -XEN_EINVAL);
	check_value("one that is not can", set(va, 3, pte_make(virt_to_mfn(l2), PTE_TABLE)), 0);
	check_value("and then cannot be mapped writable", pt_protect(l2, PTE_RW), -XEN_EBUSY);
	check_value("a large page is refused", set(va, 2, rw(page) | PTE_PSE), -XEN_EINVAL);
	check_value("a table is not its own entry", set(va, 2, pte_make(virt_to_mfn(l2), PTE_TABLE)),
		    -XEN_EINVAL);
	/* A table is checked as a whole when it is first used as one. */
	pt_protect(l1, PTE_RW);
	entries[5] = rw(page);
	entries[6] = pte_make(virt_to_mfn(pt_root()), PTE_RW);
	pt_protect(l1, PTE_RO);
	check_value("a table with one bad entry", set(va, 2, pte_make(virt_to_mfn(l1), PTE_TABLE)),
		    -XEN_EBUSY);
	check_value("leaves no trace", *pt_entry(va, 2), 0);
	pt_protect(l1, PTE_RW);
	entries[6] = 0;
	pt_protect(l1, PTE_RO);
	check_value("without it", set(va, 2, pte_make(virt_to_mfn(l1), PTE_TABLE)), 0);
	check_value("its page shows", probe_write(va + 5 * PAGE_SIZE, 0x55), 0);
	check_value("and is the one", *(uint64_t *)page, 0x55);
	check_value("the page in it cannot become a table", ext(MMUEXT_PIN_L1_TABLE, virt_to_mfn(page)),
		    -XEN_EINVAL);
	check_value("unhook the first", set(va, 2, 0), 0);
	check_value("then it may be written", pt_protect(l1, PTE_RW), 0);
	check_value("unhook the second", set(va, 3, 0), 0);
	ext(MMUEXT_TLB_FLUSH_LOCAL, 0);
	os_pages_free(page, 1);
	back_to_page(l1);
	back_to_page(l2);
}

static void check_root_slots(void)
{
	maddr_t root = virt_to_maddr(pt_root());

	check_value("root slot of the hypervisor", set_entry(root + 256 * 8, 0), -XEN_EINVAL);
	check_value("its last one", set_entry(root + 271 * 8, 0), -XEN_EINVAL);
	check_value("the first after it", set_entry(root + 272 * 8, 0), 0);
	check_value("root entry naming a page mapped writable",
		    set_entry(root + 300 * 8, rw(os_pages_alloc(1))), -XEN_EINVAL);
}

static void check_pins(void)
{
	void *l1 = table_page(), *page = os_pages_alloc(1);
	mfn_t mfn = virt_to_mfn(l1);

	check_value("pin a first-level table", ext(MMUEXT_PIN_L1_TABLE, mfn), 0);
	check_value("pin it again", ext(MMUEXT_PIN_L1_TABLE, mfn), -XEN_EINVAL);
	check_value("pin it as another level", ext(MMUEXT_PIN_L2_TABLE, mfn), -XEN_EINVAL);
	check_value("a pinned table is not writable", pt_protect(l1, PTE_RW), -XEN_EBUSY);
	check_value("it may be updated", set_entry(mfn_to_maddr(mfn), rw(page)), 0);
	check_value("unpin it", ext(MMUEXT_UNPIN_TABLE, mfn), 0);
	check_value("unpin it again", ext(MMUEXT_UNPIN_TABLE, mfn), -XEN_EINVAL);
	check_value("now it may be writable", pt_protect(l1, PTE_RW), 0);
	check_value("pin a writable page", ext(MMUEXT_PIN_L1_TABLE, mfn), -XEN_EINVAL);
	check_value("pin no frame at all", ext(MMUEXT_PIN_L1_TABLE, 1UL << 40), -XEN_EINVAL);
	check_value("unpin no frame at all", ext(MMUEXT_UNPIN_TABLE, 1UL << 40), -XEN_EINVAL);
	os_pages_free(page, 1);
	os_pages_free(l1, 1);
}

static void check_baseptr(void)
{
	pte_t *old = pt_root(), *copy = os_pages_alloc(1);
	mfn_t old_mfn = virt_to_mfn(old), mfn = virt_to_mfn(copy);

	for (int i = 0; i < PT_ENTRIES; i++)
		copy[i] = i < 256 || i >= 272 ? old[i] : 0;
	pt_protect(copy, PTE_RO);
	check_value("new root that nobody pinned", ext(MMUEXT_NEW_BASEPTR, mfn), 0);
	check_value("the old root is not in use, but pinned by the builder",
		    pt_protect(old, PTE_RW), -XEN_EBUSY);
	check("the new root has the hypervisor's slots", copy[256] == old[256] && copy[256]);
	check_value("back to the old root", ext(MMUEXT_NEW_BASEPTR, old_mfn), 0);
	check_value("the new root is free again", pt_protect(copy, PTE_RW), 0);
	check_value("a writable page is no root", ext(MMUEXT_NEW_BASEPTR, mfn), -XEN_EINVAL);
	check_value("a page outside memory is no root", ext(MMUEXT_NEW_BASEPTR, 1UL << 40),
		    -XEN_EINVAL);
	os_pages_free(copy, 1);
}

static void check_batches(void)
{
	uint64_t *a = os_pages_alloc(1);
	maddr_t e = pt_entry_maddr(HERE, 1);
	struct mmu_update u[4] = {
		{ .ptr = e, .val = rw(a) }, { .ptr = e + 8, .val = rw(a) },
		{ .ptr = e + 16, .val = pte_make(virt_to_mfn(pt_root()), PTE_RW) },
		{ .ptr = e + 24, .val = rw(a) },
	};
	unsigned int done = 77;

	check_value("a batch with a bad third request", hypercall_mmu_update(u, 4, &done, DOMID_SELF),
		    -XEN_EBUSY);
	check_value("says that two are done", done, 2);
	check("the second is written", *pt_entry(HERE + PAGE_SIZE, 1));
	check_value("the fourth is not", *pt_entry(HERE + 3 * PAGE_SIZE, 1), 0);
	u[0].val = u[1].val = 0;
	check_value("an empty batch", hypercall_mmu_update(u, 0, &done, DOMID_SELF), 0);
	check_value("a batch of two", hypercall_mmu_update(u, 2, &done, DOMID_SELF), 0);
	check_value("the tables' owner by its number", hypercall_mmu_update(u, 2, &done, 1U << 16 | DOMID_SELF), 0);
	check_value("not as this domain", hypercall_mmu_update(u, 2, &done, (DOMID_SELF + 1) << 16 | DOMID_SELF), -XEN_ESRCH);
	check_value("counts them", done, 2);
	u[0].ptr = e | 3;
	check_value("without translation", hypercall_mmu_update(u, 1, &done, DOMID_SELF), 0);
	check_value("a domain that is not", hypercall_mmu_update(u, 1, &done, 77), -XEN_ESRCH);
	check_value("requests from nowhere",
		    hypercall_mmu_update((void *)0x7ffffffff000, 1, &done, DOMID_SELF), -XEN_EFAULT);
	u[0].ptr = 1UL << 50;
	check_value("an entry outside memory", hypercall_mmu_update(u, 1, &done, DOMID_SELF),
		    -XEN_EINVAL);
	ext(MMUEXT_TLB_FLUSH_LOCAL, 0);
	os_pages_free(a, 1);
}

static void check_other_updates(void)
{
	uint64_t *a = os_pages_alloc(1);
	pfn_t pfn = virt_to_pfn(a);
	struct mmu_update u = { .ptr = mfn_to_maddr(virt_to_mfn(a)) | MMU_MACHPHYS_UPDATE,
				.val = 0x123 };

	check_value("set the m2p of an own frame", hypercall_mmu_update(&u, 1, NULL, DOMID_SELF), 0);
	check_value("it shows", machine_to_phys_mapping[virt_to_mfn(a)], 0x123);
	u.val = pfn;
	check_value("set it back", hypercall_mmu_update(&u, 1, NULL, DOMID_SELF), 0);
	u.ptr = mfn_to_maddr(pte_mfn(pt_root()[256])) | MMU_MACHPHYS_UPDATE;
	check_value("set that of the hypervisor's frame", hypercall_mmu_update(&u, 1, NULL, DOMID_SELF),
		    -XEN_EINVAL);
	u.ptr = virt_to_maddr(a) + 16;
	u.val = 0x77;
	check_value("an update of an ordinary page is a write",
		    hypercall_mmu_update(&u, 1, NULL, DOMID_SELF), 0);
	check_value("which shows", a[2], 0x77);

	set(HERE, 1, rw(a) & ~(PTE_ACCESSED | PTE_DIRTY));
	ext(MMUEXT_TLB_FLUSH_LOCAL, 0);
	*(volatile uint64_t *)HERE = 1;
	u.ptr = pt_entry_maddr(HERE, 1) | MMU_PT_UPDATE_PRESERVE_AD;
	u.val = rw(a) & ~(PTE_ACCESSED | PTE_DIRTY);
	check_value("update that preserves A and D", hypercall_mmu_update(&u, 1, NULL, DOMID_SELF), 0);
	check_value("does", *pt_entry(HERE, 1) & (PTE_ACCESSED | PTE_DIRTY),
		    PTE_ACCESSED | PTE_DIRTY);
	set(HERE, 1, 0);
	ext(MMUEXT_TLB_FLUSH_LOCAL, 0);
	os_pages_free(a, 1);
}

static void check_mmuext(void)
{
	uint64_t *a = os_pages_alloc(1), *b = os_pages_alloc(1);
	struct mmuext_op op = { .cmd = MMUEXT_COPY_PAGE, .arg1.mfn = virt_to_mfn(b),
				.arg2.src_mfn = virt_to_mfn(a) };
	unsigned int done = 9;

	a[100] = 0x64;
	check_value("copy a page", hypercall_mmuext_op(&op, 1, &done, DOMID_SELF), 0);
	check_value("it is the same", b[100], 0x64);
	check_value("one done", done, 1);
	check_value("clear a page", ext(MMUEXT_CLEAR_PAGE, virt_to_mfn(b)), 0);
	check_value("it is", b[100], 0);
	check_value("clear a page table", ext(MMUEXT_CLEAR_PAGE, virt_to_mfn(pt_root())), -XEN_EINVAL);
	check_value("flush one address",
		    hypercall_mmuext_op(&(struct mmuext_op){ .cmd = MMUEXT_INVLPG_LOCAL,
					.arg1.linear_addr = (long)HERE }, 1, NULL, DOMID_SELF), 0);
	check_value("flush one address everywhere",
		    hypercall_mmuext_op(&(struct mmuext_op){ .cmd = MMUEXT_INVLPG_ALL,
					.arg1.linear_addr = (long)HERE }, 1, NULL, DOMID_SELF), 0);
	check_value("flush everywhere", ext(MMUEXT_TLB_FLUSH_ALL, 0), 0);
	check_value("flush the caches", ext(MMUEXT_FLUSH_CACHE, 0), 0);
	check_value("no such operation", ext(99, 0), -XEN_ENOSYS);
	check_value("operations from nowhere",
		    hypercall_mmuext_op((void *)0x7ffffffff000, 1, NULL, DOMID_SELF), -XEN_EFAULT);
	os_pages_free(a, 1);
	os_pages_free(b, 1);
}

void test_main(void)
{
	check_value("tables for the tests", pt_populate(HERE, 8), 0);
	check_leaves();
	check_refused_leaves();
	check_tables();
	check_root_slots();
	check_pins();
	check_baseptr();
	check_batches();
	check_other_updates();
	check_mmuext();
}
