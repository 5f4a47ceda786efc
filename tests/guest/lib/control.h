/* SPDX-License-Identifier: MIT */
/* What a micro guest that is the control domain does to other domains. */
#ifndef TEST_CONTROL_H
#define TEST_CONTROL_H

#define __XEN_TOOLS__ 1	/* so this header is the first */
#include "test.h"
#include <xen/domctl.h>
#include <xen/sysctl.h>

/* One domctl, whose arguments are in op->u already; 0 or a negative error. */
long domctl_on(struct xen_domctl *op, unsigned int cmd, domid_t domid);
/* Fills in op->u.createdomain for a domain of so many vcpus. */
void control_prepare_create(struct xen_domctl *op, unsigned int vcpus);
/* A paused domain with its memory limit: blocks of 2^order frames, which it gets, frame numbers of theirs in mfns. Ends
 * the test if it can't. */
void control_create(struct xen_domctl *op, domid_t domid, unsigned int vcpus, xen_pfn_t *mfns, unsigned int blocks,
		    unsigned int order);
/* A domain of one vcpu, not started, and beside ours if there are two CPUs, with our own vcpu 0 on the other. It has a
 * page of program, at CONTROL_PROGRAM_VA and readable and writable by its user mode too, which we see at `page`. */
#define CONTROL_PROGRAM_VA 0x400000UL
struct control_program {
	char *page;
	uint64_t cr3;
};
void control_build(struct xen_domctl *op, domid_t domid, struct control_program *p, const char *code, size_t n);
/* Where a vcpu of ours or another's may run. -EINVAL: there is no such CPU. */
long control_pin(struct xen_domctl *op, domid_t domid, unsigned int vcpu, unsigned int cpu);
long free_pages(void);		/* of the machine, or -1 */

#endif
