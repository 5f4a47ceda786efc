/* SPDX-License-Identifier: MIT */
/*
 * Page flipping, the guest's side: an own page, in the linear map, gives its frame to the hypervisor before it is
 * posted, and gets the one that the backend transferred. In between its address is empty.
 */
#include "impl.h"
#include <kit/hypercall.h>
#include <kit/p2m.h>
#include <kit/pt.h>

int netfront_flip_out(void *page)
{
	xen_pfn_t mfn = virt_to_mfn(page);
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
	int rc = pt_unmap(page, 1);

	if (rc)
		return rc;
	set_xen_guest_handle(r.extent_start, &mfn);
	if (hypercall_memory_op(XENMEM_decrease_reservation, &r) != 1) {
		if (pt_map(page, &mfn, 1, PTE_RW | PTE_NX, DOMID_SELF))
			os_panic("an own page cannot be mapped");
		return -XEN_EBUSY;
	}
	p2m_set(virt_to_pfn(page), MFN_INVALID);
	return 0;
}

int netfront_flip_in(void *page, mfn_t mfn)
{
	struct mmu_update u = { .ptr = mfn_to_maddr(mfn) | MMU_MACHPHYS_UPDATE, .val = virt_to_pfn(page) };
	unsigned int done;
	int rc = hypercall_mmu_update(&u, 1, &done, DOMID_SELF);

	if (rc)
		return rc;
	p2m_set(virt_to_pfn(page), mfn);
	return pt_map(page, &mfn, 1, PTE_RW | PTE_NX, DOMID_SELF);
}

int netfront_flip_refill(void *page)
{
	xen_pfn_t mfn = 0;
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

	set_xen_guest_handle(r.extent_start, &mfn);
	if (hypercall_memory_op(XENMEM_increase_reservation, &r) != 1)
		return -XEN_ENOMEM;
	return netfront_flip_in(page, mfn);
}
