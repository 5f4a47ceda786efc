/* SPDX-License-Identifier: MIT */
/*
 * Decides whether a kernel's notes fit a 64-bit PV domain. After this every address in the record
 * is canonical, outside the hypervisor's hole, and where it must be in the image: later code does
 * arithmetic on them without looking again.
 */
#include <inttypes.h>
#include <string.h>
#include <xen/xen.h>
#include "builder/notes_impl.h"

#define PAGE 4096ULL
#define MAX_IMAGE (1ULL << 39)          /* no image spans more than one L4 slot's worth */

static bool canonical(uint64_t va)
{
	return va < 1ULL << 47 || va >= -(1ULL << 47);
}

/* A range that a PV guest may map: canonical throughout and clear of the hypervisor's hole. */
static bool guest_range(uint64_t start, uint64_t end)
{
	return start <= end && canonical(start) && canonical(end - 1) &&
	       (start >> 63) == ((end - 1) >> 63) &&
	       (end <= HYPERVISOR_VIRT_START || start >= HYPERVISOR_VIRT_END);
}

static int check_words(const struct kernel_notes *n, struct err *err)
{
	if (strcmp(n->xen_version, "xen-3.0"))
		return err_set(err, ERR_NOTE, "note XEN_VERSION is \"%s\", expected \"xen-3.0\"",
			       n->xen_version);
	if (n->loader[0] && strcmp(n->loader, "generic"))
		return err_set(err, ERR_NOTE, "note LOADER is \"%s\", expected \"generic\"",
			       n->loader);
	if (n->hv_start_low != NOTES_NONE && n->hv_start_low > HYPERVISOR_VIRT_START)
		return err_set(err, ERR_NOTE, "note HV_START_LOW is 0x%" PRIx64 ", but the "
			       "hypervisor begins at 0x%lx", n->hv_start_low,
			       (unsigned long)HYPERVISOR_VIRT_START);
	return 0;
}

static int check_range(struct kernel_notes *n, const struct elf_image *elf, struct err *err)
{
	uint64_t size = elf->paddr_end - elf->paddr_start;

	if (n->virt_base & (PAGE - 1))
		return err_set(err, ERR_NOTE, "note VIRT_BASE 0x%" PRIx64 " is not page-aligned",
			       n->virt_base);
	if (n->paddr_offset > elf->paddr_start)
		return err_set(err, ERR_NOTE, "note PADDR_OFFSET 0x%" PRIx64 " lies above the "
			       "image's first physical address 0x%" PRIx64, n->paddr_offset,
			       elf->paddr_start);
	n->virt_start = elf->paddr_start - n->paddr_offset + n->virt_base;
	n->virt_end = n->virt_start + size;
	if (size > MAX_IMAGE || elf->paddr_start - n->paddr_offset > MAX_IMAGE ||
	    n->virt_start < n->virt_base || !guest_range(n->virt_base, n->virt_end))
		return err_set(err, ERR_NOTE, "the image at virtual 0x%" PRIx64 "-0x%" PRIx64
			       " (VIRT_BASE 0x%" PRIx64 ") does not fit a PV guest's address "
			       "space", n->virt_start, n->virt_end, n->virt_base);
	return 0;
}

static int check_points(const struct kernel_notes *n, struct err *err)
{
	if (n->entry < n->virt_start || n->entry >= n->virt_end)
		return err_set(err, ERR_NOTE, "note ENTRY 0x%" PRIx64 " is outside the image "
			       "0x%" PRIx64 "-0x%" PRIx64, n->entry, n->virt_start, n->virt_end);
	if (n->hypercall_page != NOTES_NONE &&
	    ((n->hypercall_page & (PAGE - 1)) || n->hypercall_page < n->virt_start ||
	     n->hypercall_page >= n->virt_end))
		return err_set(err, ERR_NOTE, "note HYPERCALL_PAGE 0x%" PRIx64 " is no page of the "
			       "image 0x%" PRIx64 "-0x%" PRIx64, n->hypercall_page, n->virt_start,
			       n->virt_end);
	if (n->init_p2m != NOTES_NONE &&
	    ((n->init_p2m & (PAGE - 1)) || !guest_range(n->init_p2m, n->init_p2m + PAGE)))
		return err_set(err, ERR_NOTE, "note INIT_P2M 0x%" PRIx64 " is not page-aligned or "
			       "not a guest's address", n->init_p2m);
	return 0;
}

int notes_check(struct kernel_notes *n, const struct elf_image *elf, struct err *err)
{
	int rc;

	if (n->virt_base == NOTES_NONE)
		n->virt_base = 0;
	if (n->paddr_offset == NOTES_NONE)
		n->paddr_offset = 0;
	if (n->entry == NOTES_NONE)
		n->entry = elf->entry;
	rc = check_words(n, err);
	if (!rc)
		rc = check_range(n, elf, err);
	return rc ? rc : check_points(n, err);
}
