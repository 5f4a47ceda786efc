/* SPDX-License-Identifier: MIT */
/*
 * Writes image, ramdisk, p2m, rings, stack, page tables and start_info into the mapped frames. The
 * layout was computed from the same checked notes and segments, so every copy stays in the window.
 * Each page the guest finds initialised is initialised here: fresh frames are not taken to be zero.
 */
#include <string.h>
#include "builder/fill.h"
#include "builder/pagetable.h"

static uint8_t *at(const struct layout *l, void *window, const struct range *r)
{
	return (uint8_t *)window + ((r->pfn - l->first_pfn) << OS_PAGE_SHIFT);
}

/* Zeroes what no segment fills: bss, gaps between segments and the ends of the hull's pages. */
static void fill_image(const struct builder_kernel *k, void *window)
{
	const struct layout *l = &k->layout;
	uint8_t *base = at(l, window, &l->image);
	/* Where the window's first byte lies in the image's physical addresses. */
	uint64_t origin = k->elf.paddr_start -
		(k->notes.virt_start & (OS_PAGE_SIZE - 1));

	memset(base, 0, l->image.pages << OS_PAGE_SHIFT);
	for (unsigned int i = 0; i < k->elf.nr_segments; i++) {
		struct elf_segment s = elf_segment(&k->elf, i);

		if (s.type == ELF_PT_LOAD && s.filesz)
			memcpy(base + (s.paddr - origin),
			       elf_bytes(&k->elf, s.offset, s.filesz), s.filesz);
	}
}

static void fill_ramdisk(const struct builder_kernel *k, void *window)
{
	uint8_t *p = at(&k->layout, window, &k->layout.ramdisk);
	size_t size = k->ramdisk.size;

	if (!size)
		return;
	memcpy(p, k->ramdisk.data, size);
	memset(p + size, 0, (k->layout.ramdisk.pages << OS_PAGE_SHIFT) - size);
}

static void fill_p2m(const struct layout *l, void *window, const xen_pfn_t *p2m)
{
	uint8_t *p = at(l, window, &l->p2m);
	size_t used = l->nr_pages * sizeof(*p2m);

	memcpy(p, p2m, used);
	memset(p + used, 0xff, (l->p2m.pages << OS_PAGE_SHIFT) - used);
}

void fill_window(const struct builder_kernel *k, void *window, const xen_pfn_t *p2m)
{
	const struct layout *l = &k->layout;

	fill_image(k, window);
	fill_ramdisk(k, window);
	fill_p2m(l, window, p2m);
	memset(at(l, window, &l->xenstore), 0, OS_PAGE_SIZE);
	memset(at(l, window, &l->console), 0, OS_PAGE_SIZE);
	memset(at(l, window, &l->stack), 0, OS_PAGE_SIZE);
	pagetable_write(l, window, p2m);
}

void fill_start_info(const struct builder_kernel *k, const struct builder_domain *d,
		     const xen_pfn_t *p2m, xen_pfn_t shared_info_mfn, void *window)
{
	const struct layout *l = &k->layout;
	struct start_info *si = (void *)at(l, window, &l->start_info);

	memset(si, 0, OS_PAGE_SIZE);
	strcpy(si->magic, "xen-3.0-x86_64");
	si->nr_pages = l->nr_pages;
	si->shared_info = shared_info_mfn << OS_PAGE_SHIFT;
	/* Nothing here reads the guest's three-level p2m tree. */
	si->flags = SIF_VIRT_P2M_4TOOLS;
	si->store_mfn = p2m[l->xenstore.pfn];
	si->store_evtchn = d->store_port;
	si->console.domU.mfn = p2m[l->console.pfn];
	si->console.domU.evtchn = d->console_port;
	si->pt_base = l->tables.va;
	si->nr_pt_frames = l->tables.pages;
	si->mfn_list = l->p2m.va;
	si->first_p2m_pfn = l->p2m_apart ? l->p2m.pfn : 0;
	si->nr_p2m_frames = l->p2m_apart ? l->p2m.pages + l->p2m_tables.pages : 0;
	if (k->ramdisk.size) {
		si->mod_start = k->notes.mod_start_pfn ? l->ramdisk.pfn : l->ramdisk.va;
		si->mod_len = k->ramdisk.size;
		si->flags |= k->notes.mod_start_pfn ? SIF_MOD_START_PFN : 0;
	}
	strncpy((char *)si->cmd_line, d->cmdline ? d->cmdline : "", MAX_GUEST_CMDLINE - 1);
}

void fill_context(const struct layout *l, uint64_t entry, const xen_pfn_t *p2m,
		  vcpu_guest_context_t *c)
{
	memset(c, 0, sizeof(*c));
	c->flags = VGCF_IN_KERNEL | VGCF_online;
	c->user_regs.rip = entry;
	c->user_regs.rsp = l->stack.va + OS_PAGE_SIZE;
	c->user_regs.rsi = l->start_info.va;
	c->user_regs.rflags = 1 << 9;   /* interrupts on: what a PV vcpu always shows */
	c->user_regs.cs = FLAT_KERNEL_CS;
	c->user_regs.ss = FLAT_KERNEL_SS;
	c->user_regs.ds = c->user_regs.es = FLAT_KERNEL_DS;
	c->user_regs.fs = c->user_regs.gs = FLAT_KERNEL_DS;
	c->kernel_ss = c->user_regs.ss;
	c->kernel_sp = c->user_regs.rsp;
	c->ctrlreg[3] = xen_pfn_to_cr3(p2m[l->tables.pfn]);
}
