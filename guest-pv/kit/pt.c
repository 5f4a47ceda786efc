/* SPDX-License-Identifier: MIT */
/*
 * Page tables. Every table of the domain lies in its linear map, read-only; so a walk is reading,
 * and a change is an mmu_update that names the machine address of the entry. Callers serialise
 * changes to the same range; the os_va allocator hands each range to one of them. Neighbours may share
 * tables, so those are made (pt_populate) by one caller at a time.
 */
#include <kit/pt.h>
#include <kit/p2m.h>
#include <kit/hypercall.h>
#include <kit/os.h>
#include <xen/errno.h>

#define BATCH 64

char *linear_base;
static pte_t *root_table;

void pt_init(pte_t *root)
{
	root_table = root;
}

pte_t *pt_root(void)
{
	return root_table;
}

mfn_t virt_to_mfn(const void *va)
{
	return pfn_to_mfn(virt_to_pfn(va));
}

maddr_t virt_to_maddr(const void *va)
{
	return mfn_to_maddr(virt_to_mfn(va)) | ((uintptr_t)va & ~PAGE_MASK);
}

const pte_t *pt_entry(const void *va, unsigned int level)
{
	const pte_t *table = root_table;
	unsigned int l;

	for (l = PT_LEVELS; l > level; l--) {
		pte_t e = table[pt_index((uintptr_t)va, l)];
		pfn_t pfn;

		if (!(e & PTE_PRESENT) || (e & PTE_PSE))
			return NULL;
		pfn = mfn_to_pfn(pte_mfn(e));
		if (pfn == PFN_NONE)
			return NULL;
		table = pfn_to_virt(pfn);
	}
	return &table[pt_index((uintptr_t)va, level)];
}

maddr_t pt_entry_maddr(const void *va, unsigned int level)
{
	const pte_t *e = pt_entry(va, level);

	return e ? virt_to_maddr(e) : 0;
}

int pt_protect(void *va, uint64_t bits)
{
	return hypercall_update_va_mapping(va, pte_make(virt_to_mfn(va), bits),
					   UVMF_INVLPG | UVMF_ALL);
}

/* A frame becomes a page table when the entry above it names it; until then it only must not be
 * mapped writable. */
static int add_table(const void *va, unsigned int level)
{
	struct mmu_update u;
	void *page = os_pages_alloc(1);
	int rc;

	if (!page)
		return -XEN_ENOMEM;
	u.ptr = pt_entry_maddr(va, level) | MMU_NORMAL_PT_UPDATE;
	u.val = pte_make(virt_to_mfn(page), PTE_TABLE);
	rc = pt_protect(page, PTE_RO);
	if (rc == 0)
		rc = hypercall_mmu_update(&u, 1, NULL, DOMID_SELF);
	if (rc) {
		pt_protect(page, PTE_RW);
		os_pages_free(page, 1);
	}
	return rc;
}

int pt_populate(const void *va, size_t n)
{
	const uintptr_t span = 1UL << (PAGE_SHIFT + 9);
	uintptr_t a = (uintptr_t)va & ~(span - 1);
	uintptr_t end = (uintptr_t)va + n * PAGE_SIZE;
	unsigned int level;
	int rc;

	for (; a < end; a += span) {
		for (level = PT_LEVELS; level > 1; level--) {
			if (*pt_entry((void *)a, level) & PTE_PRESENT)
				continue;
			rc = add_table((void *)a, level);
			if (rc)
				return rc;
		}
	}
	return 0;
}

/* Writes n leaf entries: frames from mfns, or empty where that is NULL. Stops at the first refusal;
 * *done entries are written. */
static int write_entries(char *va, const mfn_t *mfns, size_t n, uint64_t bits, unsigned int domid,
			 size_t *done)
{
	struct mmu_update u[BATCH];
	unsigned int count, i, ok;
	int rc = 0;

	for (*done = 0; *done < n && rc == 0; *done += ok) {
		count = n - *done < BATCH ? n - *done : BATCH;
		for (i = 0; i < count; i++) {
			u[i].ptr = pt_entry_maddr(va + (*done + i) * PAGE_SIZE, 1);
			if (u[i].ptr == 0)
				return -XEN_EFAULT;
			u[i].ptr |= MMU_PT_UPDATE_NO_TRANSLATE;
			u[i].val = mfns ? pte_make(mfns[*done + i], bits) : 0;
		}
		ok = 0;
		rc = hypercall_mmu_update(u, count, &ok, domid);
	}
	return rc;
}

int pt_map(void *va, const mfn_t *mfns, size_t n, uint64_t bits, unsigned int domid)
{
	size_t done;
	int rc = write_entries(va, mfns, n, bits, domid, &done);

	if (rc)
		pt_unmap(va, done);
	return rc;
}

int pt_unmap(void *va, size_t n)
{
	struct mmuext_op op = { .cmd = n > 8 ? MMUEXT_TLB_FLUSH_ALL : MMUEXT_INVLPG_ALL };
	size_t done, i;
	int rc = write_entries(va, NULL, n, 0, DOMID_SELF, &done);

	for (i = 0; i < (n > 8 ? 1 : n); i++) {
		op.arg1.linear_addr = (uintptr_t)va + i * PAGE_SIZE;
		hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF);
	}
	return rc;
}
