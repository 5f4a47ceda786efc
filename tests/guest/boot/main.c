/* SPDX-License-Identifier: MIT */
/*
 * The state a PV kernel starts in.
 *
 * start_info names the interface ("xen-3.0-x86_64" style magic), the domain's frames, its boot page
 * tables and its flags; the p2m it points to and the machine's m2p agree for every frame; page
 * tables are mapped read-only; hypercalls work through the page the loader filled in; the shared
 * page has a running clock and starts with events masked; the command line is the operator's.
 */
#include "test.h"

static void check_start_info(void)
{
	const struct start_info *si = start_info;

	check("magic is xen-3...", __builtin_memcmp(si->magic, "xen-3.", 6) == 0);
	check("domain has frames", si->nr_pages >= 1024);
	check_value("flags: initial domain, privileged",
		    si->flags & (SIF_INITDOMAIN | SIF_PRIVILEGED), SIF_INITDOMAIN | SIF_PRIVILEGED);
	check_value("shared_info is page aligned", si->shared_info & ~PAGE_MASK, 0);
	check_value("pt_base is page aligned", si->pt_base & ~PAGE_MASK, 0);
	check("page tables are counted", si->nr_pt_frames >= 4);
	check_value("mfn_list is page aligned", si->mfn_list & ~PAGE_MASK, 0);
	check_value("no store for the initial domain", si->store_evtchn, 0);
	check("command line is passed",
	      __builtin_memcmp(si->cmd_line, "test one two", 13) == 0);
	check_value("domid", start_info_domid(), 0);
}

static void check_p2m(void)
{
	unsigned long pfn, wrong = 0;

	for (pfn = 0; pfn < start_info->nr_pages; pfn++)
		if (mfn_to_pfn(pfn_to_mfn(pfn)) != pfn)
			wrong++;
	check_value("frames whose m2p disagrees with p2m", wrong, 0);
	/* A fault of the kernel never has the user bit, though both run in ring 3. */
	check_value("m2p is read-only", probe_write(machine_to_phys_mapping, 0), TRAPPED(14, 3));
}

static void check_page_tables(void)
{
	char *pt = (char *)start_info->pt_base;
	unsigned long i, writable = 0, mapped_wrong = 0;

	for (i = 0; i < start_info->nr_pt_frames; i++)
		if (*pt_entry(pt + i * PAGE_SIZE, 1) & PTE_WRITE)
			writable++;
	check_value("page tables mapped writable", writable, 0);
	for (i = 0; i < virt_to_pfn(pt); i++)
		if (pte_mfn(*pt_entry(pfn_to_virt(i), 1)) != pfn_to_mfn(i))
			mapped_wrong++;
	check_value("boot addresses that do not show their pfn",
		    mapped_wrong - (virt_to_pfn(shared_info) < virt_to_pfn(pt)), 0);
	check("padding of 512 KB is mapped",
	      pt_entry(pt + start_info->nr_pt_frames * PAGE_SIZE + 0x7f000, 1) &&
	      (*pt_entry(pt + start_info->nr_pt_frames * PAGE_SIZE + 0x7f000, 1) & PTE_PRESENT));
}

static void check_segments(void)
{
	unsigned int cs, ss, ds, es;

	__asm__ volatile("mov %%cs, %0; mov %%ss, %1; mov %%ds, %2; mov %%es, %3"
			 : "=r" (cs), "=r" (ss), "=r" (ds), "=r" (es));
	check_value("cs is the flat ring 3 code segment", cs, FLAT_KERNEL_CS64);
	check_value("ss is the flat ring 3 stack segment", ss, FLAT_KERNEL_SS64);
}

void test_main(void)
{
	uint64_t t = time_now_ns();

	check_start_info();
	check_p2m();
	check_page_tables();
	check_segments();
	check_value("hypercall page works: version", hypercall_xen_version(XENVER_version, NULL),
		    4 << 16 | 17);
	check("events start masked", !events_enabled());
	check("time runs", time_now_ns() > t);
	check("wall clock is past 2020", time_wall_ns() > 1577836800ULL * 1000000000);
}
