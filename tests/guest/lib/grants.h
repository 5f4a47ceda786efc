/* SPDX-License-Identifier: MIT */
/*
 * The grant table as the hypervisor sees it, for guests that write into it what the kit never would: entries by their
 * numbers, mappings at any address. And what a page is asked that was granted: is it nobody else's now?
 */
#ifndef TEST_GRANTS_H
#define TEST_GRANTS_H

#include "test.h"
#include <xen/grant_table.h>

static struct grant_entry_v1 *grants;	/* the first page of our own, from grants_setup on */

static inline void grants_setup(void)
{
	xen_pfn_t frame;
	struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 1 };
	mfn_t mfn;

	set_xen_guest_handle(s.frame_list, &frame);
	check_value("setup_table", hypercall_grant_table_op(GNTTABOP_setup_table, &s, 1), 0);
	grants = os_va_alloc(1);
	mfn = frame;
	check_value("the grant table maps", pt_map(grants, &mfn, 1, PTE_RW, DOMID_SELF), 0);
}

static inline void grant(unsigned int ref, domid_t whom, mfn_t mfn, uint16_t flags)
{
	grants[ref].frame = mfn;
	grants[ref].domid = whom;
	__atomic_store_n(&grants[ref].flags, flags, __ATOMIC_SEQ_CST);
}

/* GNTST_*; flags besides GNTMAP_host_map. */
static inline int map_at(void *va, domid_t dom, unsigned int ref, uint32_t flags, grant_handle_t *handle)
{
	struct gnttab_map_grant_ref m = { .host_addr = (long)va, .ref = ref, .dom = dom,
					  .flags = GNTMAP_host_map | flags };

	hypercall_grant_table_op(GNTTABOP_map_grant_ref, &m, 1);
	*handle = m.handle;
	return m.status;
}

static inline int unmap_at(void *va, grant_handle_t handle)
{
	struct gnttab_unmap_grant_ref u = { .host_addr = (long)va, .handle = handle };

	hypercall_grant_table_op(GNTTABOP_unmap_grant_ref, &u, 1);
	return u.status;
}

/* No frame can be a page table that somebody may still write. It is an ordinary zeroed page afterwards. */
static inline bool becomes_page_table(void *va)
{
	struct mmuext_op pin = { .cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = virt_to_mfn(va) };
	bool ok;

	__builtin_memset(va, 0, PAGE_SIZE);
	if (pt_protect(va, PTE_RO))
		return false;
	ok = hypercall_mmuext_op(&pin, 1, NULL, DOMID_SELF) == 0;
	pin.cmd = MMUEXT_UNPIN_TABLE;
	return ok && hypercall_mmuext_op(&pin, 1, NULL, DOMID_SELF) == 0 && !pt_protect(va, PTE_RW);
}

#endif
