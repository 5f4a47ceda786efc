/* SPDX-License-Identifier: MIT */
/* Error numbers: those of the ABI, and one that never leaves the hypervisor. */
#ifndef HV_ERRNO_H
#define HV_ERRNO_H

/* The ABI's numbers as plain EPERM, ENOENT, ... */
#define XEN_ERRNO(name, value) name = value,
enum {
#include <xen/errno.h>
	ERESTART = 85,		/* the public header shows it to nobody else */
};

/*
 * "Preempted: call me again." A long hypercall saves its progress in current->cont and returns
 * this; the exit path lets others run and then dispatches the same hypercall again, without
 * the guest seeing anything. ERESTART of the ABI serves: no guest ever receives it.
 */

#endif
