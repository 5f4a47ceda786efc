/* SPDX-License-Identifier: MIT */
/*
 * Builds the control domain from the boot loader's modules: kernel (module 0) and initrd (module 1).
 * Its memory is laid out as the PV ABI says, each element on pages of its own:
 *
 *   pfn 0 = VIRT_BASE | image | initrd | p2m | start_info | page tables | stack | padding
 *
 * all mapped writable except the tables; with notes MOD_START_PFN and INIT_P2M, initrd and p2m come behind
 * the padding instead, the one unmapped, the other at its own address with tables of its own.
 * The tables are filled as plain frames and then pinned, as a guest would do: validation takes all
 * references, so that no frame of dom0 is an exception to the frame types. Boot only; no lock needed but
 * mm_lock, which validation expects.
 */
#include "boot.h"
#include "cpu.h"
#include "domain.h"
#include "elf.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"
#include "x86.h"

#define MAX_CHUNKS 128
#define RESERVE_PAGES 4096		/* left to the hypervisor's heap and new domains' page tables */
#define DEFAULT_MIN_PAGES 32768		/* 128 MB ... */
#define DEFAULT_SHARE 8			/* ... or this part of free memory */
#define REGION_ALIGN (4ULL << 20)
#define REGION_PAD (512ULL << 10)
#define GRANT_FRAMES 64
#define PTE_RO (PTE_P | PTE_US | PTE_A)
#define PTE_TABLE (PTE_RO | PTE_RW)
#define PTE_DATA (PTE_RO | PTE_RW | PTE_D)
#define pages(bytes) (ROUND_UP((uint64_t)(bytes), PAGE_SIZE) >> PAGE_SHIFT)

struct span { uint64_t pfn, pages; };

static struct {
	struct domain *d;
	struct elf_kernel k;
	uint64_t nr_pages;
	struct { mfn_t first; uint64_t pages; } chunk[MAX_CHUNKS];	/* in order of pfn */
	unsigned nr_chunks;
	struct span initrd, p2m, start_info, tables, stack, p2m_tables;
	uint64_t region_pages;		/* mapped from VIRT_BASE on */
	uint64_t p2m_va;
	uint64_t next_table, last_table;	/* pfns of unused table pages */
} b __initdata;

static uint64_t __init va_of(uint64_t pfn)
{
	return b.k.virt_base + (pfn << PAGE_SHIFT);
}

static mfn_t __init mfn_of(uint64_t pfn)
{
	unsigned i = 0;

	for (; pfn >= b.chunk[i].pages; i++)
		pfn -= b.chunk[i].pages;
	return mfn(mfn_x(b.chunk[i].first) + pfn);
}

static void *__init page_of(uint64_t pfn)
{
	return mfn_to_virt(mfn_of(pfn));
}

/* --- memory --- */

static void __init choose_size(void)
{
	uint64_t avail = page_free_count();

	avail = avail > RESERVE_PAGES ? avail - RESERVE_PAGES : 0;
	b.nr_pages = opt.dom0_mem >> PAGE_SHIFT;
	if (!opt.dom0_mem)
		b.nr_pages = MIN(avail, MAX(avail / DEFAULT_SHARE, (uint64_t)DEFAULT_MIN_PAGES));
	if (b.nr_pages > avail)
		boot_fail("dom0_mem=%luM is too large: %lu MB are free", opt.dom0_mem >> 20,
		      avail >> (20 - PAGE_SHIFT));
}

static void __init allocate(void)
{
	unsigned order = MAX_ORDER;

	for (uint64_t left = b.nr_pages; left;) {
		mfn_t m;

		order = MIN(order, fls64(left) - 1);
		m = domain_page_alloc(b.d, order, INVALID_M2P_ENTRY);
		if (mfn_eq(m, MFN_NONE)) {
			if (!order--)
				boot_fail("dom0: out of memory");
			continue;
		}
		if (b.nr_chunks == MAX_CHUNKS)
			boot_fail("dom0: free memory is too fragmented");
		b.chunk[b.nr_chunks].first = m;
		b.chunk[b.nr_chunks++].pages = BIT(order);
		left -= BIT(order);
	}
}

/* The p2m, in its pages, and its inverse. */
static void __init fill_p2m(void)
{
	uint64_t pfn = 0, *p2m = NULL;

	for (unsigned i = 0; i < b.nr_chunks; i++) {
		for (uint64_t n = 0; n < b.chunk[i].pages; n++, pfn++) {
			mfn_t m = mfn(mfn_x(b.chunk[i].first) + n);

			if (pfn % PT_ENTRIES == 0)
				p2m = page_of(b.p2m.pfn + pfn / PT_ENTRIES);
			p2m[pfn % PT_ENTRIES] = mfn_x(m);
			m2p_set(m, pfn);
		}
	}
}

/* --- layout --- */

static uint64_t __init tables_for(uint64_t va, uint64_t end)
{
	uint64_t n = 0;

	for (unsigned level = 2; level <= 4; level++)
		n += ((end - 1) >> PT_SHIFT(level)) - (va >> PT_SHIFT(level)) + 1;
	return n;
}

static struct span __init place(uint64_t *pfn, uint64_t n)
{
	struct span s = { *pfn, n };

	*pfn += n;
	return s;
}

/* With this many page tables; returns the pages the region covers. */
static uint64_t __init place_region(uint64_t tables, uint64_t initrd_pages, uint64_t *used)
{
	uint64_t pfn = pages(b.k.virt_end - b.k.virt_base), end;

	if (!b.k.mod_start_pfn)
		b.initrd = place(&pfn, initrd_pages);
	if (b.k.init_p2m == ELF_UNSET)
		b.p2m = place(&pfn, pages(b.nr_pages * sizeof(uint64_t)));
	b.start_info = place(&pfn, 1);
	b.tables = place(&pfn, tables);
	b.stack = place(&pfn, 1);
	*used = pfn;
	end = ROUND_UP(va_of(pfn) + REGION_PAD, REGION_ALIGN);
	return (end - b.k.virt_base) >> PAGE_SHIFT;
}

static void __init place_apart(uint64_t *pfn, uint64_t initrd_pages)
{
	uint64_t n = pages(b.nr_pages * sizeof(uint64_t));

	if (b.k.mod_start_pfn)
		b.initrd = place(pfn, initrd_pages);
	b.p2m_va = va_of(b.p2m.pfn);
	if (b.k.init_p2m == ELF_UNSET)
		return;
	b.p2m_va = b.k.init_p2m;
	b.p2m = place(pfn, n);
	b.p2m_tables = place(pfn, tables_for(b.p2m_va, b.p2m_va + (n << PAGE_SHIFT)));
}

static void __init lay_out(uint64_t initrd_bytes)
{
	uint64_t tables = 1, used, need, n = pages(initrd_bytes);

	/* More tables make a longer region, which may need more tables: grows until it holds. */
	for (;;) {
		b.region_pages = place_region(tables, n, &used);
		need = 1 + tables_for(b.k.virt_base, va_of(b.region_pages));
		if (need <= tables)
			break;
		tables = need;
		if (used > b.nr_pages)
			break;
	}
	b.region_pages = MIN(b.region_pages, b.nr_pages);
	used = MAX(used, b.region_pages);
	place_apart(&used, n);
	if (used > b.nr_pages)
		boot_fail("dom0's memory of %lu MB is too small: kernel, initrd and tables need %lu MB (dom0_mem=)",
		      b.nr_pages >> (20 - PAGE_SHIFT), (used >> (20 - PAGE_SHIFT)) + 1);
}

static bool __init overlap(uint64_t a, uint64_t a_end, uint64_t c, uint64_t c_end)
{
	return a < c_end && c < a_end;
}

static void __init check_addresses(void)
{
	uint64_t end = va_of(b.region_pages), p2m_end = b.p2m_va + (b.p2m.pages << PAGE_SHIFT);

	if (end <= b.k.virt_base || overlap(b.k.virt_base, end, HV_VIRT_START, HV_VIRT_END))
		boot_fail("dom0: no room for its initial region at %lx", b.k.virt_base);
	if (b.k.init_p2m != ELF_UNSET &&
	    (p2m_end <= b.p2m_va || overlap(b.p2m_va, p2m_end, HV_VIRT_START, HV_VIRT_END) ||
	     overlap(b.p2m_va, p2m_end, b.k.virt_base, end)))
		boot_fail("dom0: no room for its p2m at %lx (note INIT_P2M)", b.p2m_va);
}

/* --- contents --- */

static void __init copy_in(uint64_t at, const void *src, uint64_t n)
{
	while (n) {
		uint64_t off = at % PAGE_SIZE, part = MIN(n, PAGE_SIZE - off);

		memcpy((uint8_t *)page_of(at >> PAGE_SHIFT) + off, src, part);
		at += part;
		src = (const uint8_t *)src + part;
		n -= part;
	}
}

static void __init load_kernel(const uint8_t *image)
{
	for (unsigned i = 0; i < b.k.nr_segments; i++)
		copy_in(b.k.segment[i].va - b.k.virt_base, image + b.k.segment[i].file_off,
			b.k.segment[i].file_size);
	if (b.k.hypercall_page != ELF_UNSET)
		hypercall_page_fill(page_of((b.k.hypercall_page - b.k.virt_base) >> PAGE_SHIFT));
}

/* The L1 entry for va; tables that lack are taken from the unused ones. */
static pte_t *__init l1_slot(uint64_t va)
{
	pte_t *t = page_of(b.tables.pfn);

	for (unsigned level = 4; level > 1; level--) {
		pte_t *e = &t[PT_SLOT(va, level)];

		if (!*e) {
			ASSERT(b.next_table < b.last_table);
			*e = pte_make(mfn_of(b.next_table++), PTE_TABLE);
		}
		t = mfn_to_virt(pte_mfn(*e));
	}
	return &t[PT_SLOT(va, 1)];
}

static void __init map_all(void)
{
	b.next_table = b.tables.pfn + 1;
	b.last_table = b.tables.pfn + b.tables.pages;
	for (uint64_t pfn = 0; pfn < b.region_pages; pfn++) {
		bool table = pfn >= b.tables.pfn && pfn < b.tables.pfn + b.tables.pages;

		*l1_slot(va_of(pfn)) = pte_make(mfn_of(pfn), table ? PTE_RO : PTE_DATA);
	}
	b.next_table = b.p2m_tables.pfn;
	b.last_table = b.p2m_tables.pfn + b.p2m_tables.pages;
	for (uint64_t i = 0; b.p2m_tables.pages && i < b.p2m.pages; i++)
		*l1_slot(b.p2m_va + (i << PAGE_SHIFT)) = pte_make(mfn_of(b.p2m.pfn + i), PTE_DATA);
}

static void __init pin_tables(void)
{
	struct frame *f = frame_get_mfn(mfn_of(b.tables.pfn), b.d);
	int rc;

	ASSERT(f);
	spin_lock(&b.d->mm_lock);
	rc = frame_get_type(f, FT_L4, false);
	spin_unlock(&b.d->mm_lock);
	if (rc)
		panic("dom0: its page tables did not validate (error %d)", rc);
	__atomic_or_fetch(&f->state, FRAME_PINNED, __ATOMIC_ACQ_REL);
}

/* Most loaders put the file's name in front of a module's arguments; GRUB 2 does not. */
static const char *__init arguments(const char *cmdline)
{
	const char *space = strchr(cmdline, ' ');

	if (!strncmp(boot_info.loader, "GRUB 2", 6))
		return cmdline;
	return space ? space + 1 : "";
}

static void __init fill_start_info(uint64_t initrd_bytes)
{
	start_info_t *si = page_of(b.start_info.pfn);

	strlcpy(si->magic, "xen-3.0-x86_64", sizeof(si->magic));
	si->nr_pages = b.nr_pages;
	si->shared_info = virt_to_maddr(b.d->shared);
	si->flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
	si->pt_base = va_of(b.tables.pfn);
	si->nr_pt_frames = b.tables.pages;
	si->mfn_list = b.p2m_va;
	if (b.p2m_tables.pages) {
		si->first_p2m_pfn = b.p2m.pfn;
		si->nr_p2m_frames = b.p2m.pages + b.p2m_tables.pages;
	}
	if (initrd_bytes) {
		si->mod_start = b.k.mod_start_pfn ? b.initrd.pfn : va_of(b.initrd.pfn);
		si->mod_len = initrd_bytes;
		si->flags |= b.k.mod_start_pfn ? SIF_MOD_START_PFN : 0;
	}
	strlcpy((char *)si->cmd_line, arguments(boot_info.module[0].cmdline), sizeof(si->cmd_line));
}

static void __init start_vcpu(void)
{
	vcpu_guest_context_t *c = hv_alloc(sizeof(*c));
	int rc;

	if (!c)
		boot_fail("dom0: out of memory");
	c->flags = VGCF_in_kernel | VGCF_online;
	c->user_regs.rip = b.k.virt_entry;
	c->user_regs.rsp = va_of(b.stack.pfn + 1);
	c->user_regs.rsi = va_of(b.start_info.pfn);
	c->user_regs.rflags = EFLAGS_FIXED | EFLAGS_IF;
	c->user_regs.cs = FLAT_KERNEL_CS;
	c->user_regs.ss = FLAT_KERNEL_SS;
	c->user_regs.ds = c->user_regs.es = c->user_regs.fs = c->user_regs.gs = FLAT_KERNEL_DS;
	c->kernel_ss = FLAT_KERNEL_SS;
	c->kernel_sp = c->user_regs.rsp;
	c->ctrlreg[3] = xen_pfn_to_cr3(mfn_x(mfn_of(b.tables.pfn)));
	rc = vcpu_set_context(b.d->vcpu[0], c);
	if (rc)
		panic("dom0: its first vcpu was refused (error %d)", rc);
	hv_free(c);
}

static void __init create(void)
{
	unsigned vcpus = opt.dom0_max_vcpus ? opt.dom0_max_vcpus : nr_cpus;
	int rc = domain_create(0, vcpus, GRANT_FRAMES, true, &b.d);

	if (rc)
		boot_fail("dom0: cannot create the domain (error %d)", rc);
	dom0 = b.d;
	b.d->max_pages = INT32_MAX;
	for (unsigned i = 0; i < vcpus; i++)
		if (!vcpu_create(b.d, i))
			boot_fail("dom0: out of memory for vcpu %u", i);
}

void __init dom0_build(void)
{
	const struct boot_module *kernel = &boot_info.module[0], *initrd = &boot_info.module[1];
	uint64_t initrd_bytes = boot_info.nr_modules > 1 ? initrd->end - initrd->start : 0;
	const uint8_t *image;

	if (!boot_info.nr_modules)
		boot_fail("no dom0 kernel: the boot loader gave no module");
	image = dom0_image_open(kernel, &b.k);
	create();
	choose_size();
	lay_out(initrd_bytes);
	check_addresses();
	allocate();
	load_kernel(image);
	dom0_image_close();
	copy_in(b.initrd.pfn << PAGE_SHIFT, maddr_to_virt(initrd->start), initrd_bytes);
	fill_p2m();
	map_all();
	fill_start_info(initrd_bytes);
	pin_tables();
	start_vcpu();
	printk(LOG_INFO, "dom0: %lu MB, kernel %lx-%lx, entry %lx, initrd %lu KB, %lu page tables at %lx, p2m at %lx",
	       b.nr_pages >> (20 - PAGE_SHIFT), b.k.virt_start, b.k.virt_end, b.k.virt_entry,
	       initrd_bytes >> 10, b.tables.pages, va_of(b.tables.pfn), b.p2m_va);
}
