/* SPDX-License-Identifier: MIT */
/*
 * Grant tables, version 1, both sides: granting own frames to others, and mapping what others
 * granted. Errors: a negative error of <xen/errno.h>; gnttab_map gives a negative GNTST_*.
 */
#ifndef KIT_GNTTAB_H
#define KIT_GNTTAB_H

#include <kit/types.h>
#include <xen/grant_table.h>

/* Sets the table up with `frames` frames, or as many as this domain may have, mapped by os_va_alloc'ed addresses. 0 or
 * an error. A frame has 512 references. */
int gnttab_init(unsigned int frames);

/* Lets domid use the frame behind an own linear page. Gives the reference, or -XEN_ENOSPC. */
int gnttab_grant(domid_t domid, mfn_t mfn, bool readonly);

/* Ends it. -XEN_EBUSY, and nothing has changed, while the other side still maps it. */
int gnttab_end(grant_ref_t ref);

/* Lets domid give us a frame of its own, once. Gives the reference, or -XEN_ENOSPC. The frame that this
 * domain may have one more of is the caller's to have given up first (XENMEM_decrease_reservation). */
int gnttab_grant_transfer(domid_t domid);

/* Ends that. 1: *mfn came, it is ours now; 0: nothing came and nothing will. -XEN_EBUSY, and nothing has
 * changed: it is on its way. */
int gnttab_end_transfer(grant_ref_t ref, mfn_t *mfn);

/* One hypercall for n operations GNTTABOP_cmd; each tells its own GNTST_* in its status. 0, or an error: then
 * the operations whose status is not the hypervisor's are those that say what the caller put there. */
int gnttab_batch(unsigned int cmd, void *ops, unsigned int n);

/* A page of another domain, mapped here. */
struct gnttab_mapping {
	void *va;
	grant_handle_t handle;
};
int gnttab_map(struct gnttab_mapping *m, domid_t domid, grant_ref_t ref, bool readonly);
int gnttab_unmap(struct gnttab_mapping *m);

const char *gnttab_status_text(int status);	/* GNTST_* in words */

#endif
