/* SPDX-License-Identifier: MIT */
/*
 * Memory at boot and after. The builder maps only the first megabytes, so the linear map is
 * extended over the rest with page tables made from what is mapped already: each new table maps 2
 * MB, of which the next tables are taken. Then all that the boot did not use is handed to the
 * allocator.
 */
#include "vm.h"
#include "sched.h"
#include <errno.h>
#include <string.h>

#define SPAN_PAGES PT_ENTRIES		/* pages one leaf table maps */

extern char _image_start[], _text_end[], _rodata_start[], _data_start[];

static struct rangemap frames, addresses;
static struct mutex tables = MUTEX_INIT;	/* held while page tables are made: ranges of several threads share them */
static pfn_t boot_next, boot_mapped;	/* free and mapped while booting: next..mapped-1 */

static void *boot_page(void)
{
	void *va;

	if (boot_next >= boot_mapped)
		os_panic("no mapped memory left to build page tables with");
	va = pfn_to_virt(boot_next++);
	memset(va, 0, PAGE_SIZE);
	return va;
}

/* Names a page, read-only from here on, in the entry of va at a level. */
static void boot_hook(void *page, void *va, unsigned int level)
{
	struct mmu_update u;
	int rc = pt_protect(page, PTE_RO);

	u.ptr = pt_entry_maddr(va, level) | MMU_NORMAL_PT_UPDATE;
	u.val = pte_make(virt_to_mfn(page), PTE_TABLE);
	if (rc == 0)
		rc = hypercall_mmu_update(&u, 1, NULL, DOMID_SELF);
	if (rc)
		os_panic("page table for %p refused: error %d", va, rc);
}

/* The leaf table for the 2 MB at boot_mapped: filled while it is still an ordinary page, checked
 * by the hypervisor once, as a whole. */
static void boot_map_span(pfn_t limit)
{
	void *va = pfn_to_virt(boot_mapped);
	pte_t *table;
	unsigned int level;
	pfn_t pfn;

	for (level = PT_LEVELS; level > 2; level--)
		if (!(*pt_entry(va, level) & PTE_PRESENT))
			boot_hook(boot_page(), va, level);
	table = boot_page();
	for (pfn = boot_mapped; pfn < boot_mapped + SPAN_PAGES && pfn < limit; pfn++)
		if (pfn_to_mfn(pfn) != MFN_INVALID)
			table[pt_index((uintptr_t)pfn_to_virt(pfn), 1)] =
				pte_make(pfn_to_mfn(pfn), PTE_RW | PTE_NX);
	boot_hook(table, va, 2);
	boot_mapped = pfn;
}

/* The builder's region ends at the first pfn without an entry. */
static pfn_t first_unmapped(pfn_t from, pfn_t limit)
{
	const pte_t *e;

	while (from < limit && (e = pt_entry(pfn_to_virt(from), 1)) && (*e & PTE_PRESENT))
		from++;
	return from;
}

/* Constants and code become read-only, data not executable. */
static void protect_image(void)
{
	const struct { char *from, *to; uint64_t bits; } part[] = {
		{ _image_start, _text_end, PTE_RO },
		{ _rodata_start, _data_start, PTE_RO | PTE_NX },
	};

	for (unsigned int i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		pfn_t pfn = virt_to_pfn(part[i].from);
		size_t n = bytes_to_pages(part[i].to - part[i].from);

		if (pt_map(part[i].from, &p2m_table[pfn], n, part[i].bits, DOMID_SELF))
			os_panic("cannot protect the image");
	}
	if (hypercall_update_va_mapping(NULL, 0, UVMF_INVLPG | UVMF_ALL))
		os_panic("cannot unmap page 0");
}

static void free_frames(pfn_t from, pfn_t to)
{
	for (; from < to; from++)
		if (pfn_to_mfn(from) != MFN_INVALID)
			rangemap_give(&frames, from, 1);
}

void vm_init(void)
{
	pfn_t limit = start_info->nr_pages, first;
	void *root = (void *)start_info->pt_base;
	uint64_t *bits;
	size_t n;

	p2m_init((unsigned long *)start_info->mfn_list, limit);
	pt_init(root);
	/* Past the page tables lies the builder's stack, which nobody uses any more. */
	first = virt_to_pfn(root) + start_info->nr_pt_frames;
	boot_next = first;
	boot_mapped = first_unmapped(first, limit);
	while (boot_mapped < limit)
		boot_map_span(limit);

	bits = pfn_to_virt(boot_next);
	n = bytes_to_pages((limit + 7) / 8 + 8);
	boot_next += n;
	rangemap_init(&frames, bits, limit);
	free_frames(boot_next, limit);
	free_frames(1, virt_to_pfn(_image_start));
	protect_image();

	bits = os_pages_alloc(bytes_to_pages(VM_MAP_PAGES / 8));
	if (!bits)
		os_panic("no memory for the table of addresses");
	rangemap_init(&addresses, bits, VM_MAP_PAGES);
	rangemap_give(&addresses, 0, VM_MAP_PAGES);
}

void *pages_alloc(size_t n)
{
	size_t pfn;
	void *va;

	sched_must_be_here("memory");
	pfn = rangemap_take(&frames, n);
	if (pfn == SIZE_MAX)
		return NULL;
	va = pfn_to_virt(pfn);
	memset(va, 0, n * PAGE_SIZE);
	return va;
}

void pages_free(void *va, size_t n)
{
	sched_must_be_here("memory");
	if (va)
		rangemap_give(&frames, virt_to_pfn(va), n);
}

size_t pages_total(void)
{
	return frames.count;
}

size_t pages_available(void)
{
	return frames.nr_free;
}

int vm_populate(void *va, size_t n)
{
	int rc;

	mutex_lock(&tables);
	rc = pt_populate(va, n);
	mutex_unlock(&tables);
	return rc;
}

void *os_va_alloc(size_t n)
{
	size_t i;
	char *va;

	sched_must_be_here("memory");
	i = rangemap_take(&addresses, n);
	if (i == SIZE_MAX)
		return NULL;
	va = (char *)VM_MAP_BASE + i * PAGE_SIZE;
	if (vm_populate(va, n)) {
		rangemap_give(&addresses, i, n);
		return NULL;
	}
	return va;
}

void os_va_free(void *va, size_t n)
{
	sched_must_be_here("memory");
	rangemap_give(&addresses, ((uintptr_t)va - VM_MAP_BASE) >> PAGE_SHIFT, n);
}

int vm_back(void *va, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		void *page = pages_alloc(1);
		mfn_t mfn;

		if (!page)
			break;
		mfn = virt_to_mfn(page);
		if (pt_map((char *)va + i * PAGE_SIZE, &mfn, 1, PTE_RW | PTE_NX, DOMID_SELF)) {
			pages_free(page, 1);
			break;
		}
	}
	if (i == n)
		return 0;
	vm_unback(va, i);
	return -ENOMEM;
}

/* The frame behind each page is read back from its entry. */
void vm_unback(void *va, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *page = (char *)va + i * PAGE_SIZE;
		const pte_t *e = pt_entry(page, 1);
		pfn_t pfn = mfn_to_pfn(pte_mfn(*e));

		pt_unmap(page, 1);
		pages_free(pfn_to_virt(pfn), 1);
	}
}

void *frames_map(const xen_pfn_t *mfns, size_t n, uint64_t bits, domid_t domid)
{
	void *va = os_va_alloc(n);
	int rc;

	if (!va) {
		errno = ENOMEM;
		return NULL;
	}
	rc = pt_map(va, mfns, n, bits, domid);
	if (rc) {
		os_va_free(va, n);
		errno = -xen_result(rc);
		return NULL;
	}
	return va;
}

void frames_unmap(void *va, size_t n)
{
	if (va && pt_unmap(va, n) == 0)
		os_va_free(va, n);
}
