/* SPDX-License-Identifier: MIT */
/*
 * memory_op: what a domain has, gets and gives back.
 *
 * The reservation counts match the frames; a frame that nothing maps can be given back and another
 * taken into its place, with the m2p set; one still mapped or a page table cannot; exchange does
 * both in one; the machine's memory map and the m2p's frames can be asked for. Work that is
 * not done, whatever the reason, is told by the count alone.
 */
#include "test.h"
#include <xen/memory.h>

static struct xen_memory_reservation one(xen_pfn_t *frame)
{
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

	set_xen_guest_handle(r.extent_start, frame);
	return r;
}

static long pages(void)
{
	domid_t self = DOMID_SELF;

	return hypercall_memory_op(XENMEM_current_reservation, &self);
}

static void check_counts(void)
{
	domid_t self = DOMID_SELF, none = 77;

	check("current reservation covers the frames", pages() >= (long)start_info->nr_pages);
	check("maximum reservation is not less",
	      hypercall_memory_op(XENMEM_maximum_reservation, &self) >= pages());
	check_value("reservation of a domain that is not",
		    hypercall_memory_op(XENMEM_current_reservation, &none), -XEN_ESRCH);
	check("the machine's highest frame is above ours",
	      hypercall_memory_op(XENMEM_maximum_ram_page, NULL) >= (long)pfn_to_mfn(0));
}

static void check_balloon(void)
{
	char *page = os_pages_alloc(1);
	pfn_t pfn = virt_to_pfn(page);
	xen_pfn_t frame = pfn_to_mfn(pfn);
	struct xen_memory_reservation r = one(&frame);
	long before = pages();
	uint64_t empty = 0;

	check_value("a mapped frame is given back only when unmapped",
		    hypercall_memory_op(XENMEM_decrease_reservation, &r), 1);
	(void)empty;
	check_value("unmap it", hypercall_update_va_mapping(page, 0, UVMF_INVLPG), 0);
	check_value("one page less", pages(), before - 1);
	frame = pfn;
	check_value("populate the pfn", hypercall_memory_op(XENMEM_populate_physmap, &r), 1);
	check_value("one page more", pages(), before);
	check_value("the m2p knows it", machine_to_phys_mapping[frame], pfn);
	p2m_set(pfn, frame);
	check_value("map it", pt_protect(page, PTE_RW), 0);
	check_value("it is memory", probe_write(page, 5), 0);
	os_pages_free(page, 1);
}

static void check_increase(void)
{
	xen_pfn_t frame = 0;
	struct xen_memory_reservation r = one(&frame);
	char *page = os_pages_alloc(1);
	pfn_t pfn = virt_to_pfn(page);
	xen_pfn_t old = pfn_to_mfn(pfn);

	hypercall_update_va_mapping(page, 0, UVMF_INVLPG);
	frame = old;
	check_value("decrease", hypercall_memory_op(XENMEM_decrease_reservation, &r), 1);
	check_value("decrease it again", hypercall_memory_op(XENMEM_decrease_reservation, &r), 0);
	frame = 0;
	check_value("increase", hypercall_memory_op(XENMEM_increase_reservation, &r), 1);
	check("gives a frame", frame != 0);
	p2m_set(pfn, frame);
	check_value("which can be mapped", pt_protect(page, PTE_RW), 0);
	check_value("and is empty", *(volatile uint64_t *)page, 0);
	os_pages_free(page, 1);
}

static void check_exchange(void)
{
	char *page = os_pages_alloc(1);
	pfn_t pfn = virt_to_pfn(page);
	xen_pfn_t in = pfn_to_mfn(pfn), out = pfn;
	struct xen_memory_exchange x = { .in = one(&in), .out = one(&out) };
	long before = pages();

	hypercall_update_va_mapping(page, 0, UVMF_INVLPG);
	check_value("exchange", hypercall_memory_op(XENMEM_exchange, &x), 0);
	check_value("one exchanged", x.nr_exchanged, 1);
	check_value("as many pages as before", pages(), before);
	check_value("the m2p knows the new frame", machine_to_phys_mapping[out], pfn);
	p2m_set(pfn, out);
	check_value("map it", pt_protect(page, PTE_RW), 0);
	x.nr_exchanged = 0;
	x.out.nr_extents = 2;
	check_value("exchange of unlike amounts", hypercall_memory_op(XENMEM_exchange, &x), -XEN_EINVAL);
	os_pages_free(page, 1);
}

static void check_refused(void)
{
	xen_pfn_t frame = virt_to_mfn(pt_root());
	struct xen_memory_reservation r = one(&frame);

	check_value("give back the running root",
		    hypercall_memory_op(XENMEM_decrease_reservation, &r), 1);
	check_value("the root is still there", probe_read(pt_root()), 0);
	frame = 1UL << 40;
	check_value("give back no frame", hypercall_memory_op(XENMEM_decrease_reservation, &r), 0);
	r.domid = 77;
	check_value("of a domain that is not",
		    hypercall_memory_op(XENMEM_decrease_reservation, &r), 0);
	r.domid = DOMID_SELF;
	set_xen_guest_handle(r.extent_start, (xen_pfn_t *)0x7ffffffff000);
	check_value("frames from nowhere", hypercall_memory_op(XENMEM_decrease_reservation, &r), 0);
	check_value("argument from nowhere",
		    hypercall_memory_op(XENMEM_decrease_reservation, (void *)0x7ffffffff000), 0);
	check_value("no such operation", hypercall_memory_op(63, &r), -XEN_ENOSYS);
	r = one(&frame);
	frame = 5;
	r.extent_order = 40;
	check_value("an extent of absurd order",
		    hypercall_memory_op(XENMEM_populate_physmap, &r), 0);
}

static void check_maps(void)
{
	struct { uint64_t start, size; uint32_t type; } __attribute__((packed)) e820[64];
	struct xen_memory_map map = { .nr_entries = 64 };
	struct xen_machphys_mapping m;
	xen_pfn_t extents[4];
	struct xen_machphys_mfn_list list = { .max_extents = 4 };

	set_xen_guest_handle(map.buffer, (void *)e820);
	check_value("machine memory map", hypercall_memory_op(XENMEM_machine_memory_map, &map), 0);
	check("has entries", map.nr_entries > 1 && map.nr_entries <= 64);
	check("of which the first is memory at 0", e820[0].start == 0 && e820[0].type == 1);
	check_value("machphys mapping", hypercall_memory_op(XENMEM_machphys_mapping, &m), 0);
	check_value("starts where the ABI says", m.v_start, MACH2PHYS_VIRT_START);
	check("reaches our frames", m.max_mfn >= pfn_to_mfn(0));
	set_xen_guest_handle(list.extent_start, extents);
	check_value("machphys frames", hypercall_memory_op(XENMEM_machphys_mfn_list, &list), 0);
	check("are there", list.nr_extents >= 1 && list.nr_extents <= 4);
}

void test_main(void)
{
	check_counts();
	check_balloon();
	check_increase();
	check_exchange();
	check_refused();
	check_maps();
}
