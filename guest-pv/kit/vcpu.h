/* SPDX-License-Identifier: MIT */
/*
 * The vcpus beyond the first. A domain begins on vcpu 0 and starts the others itself, each at a function of
 * its own, on a stack of its own, in the address space of whoever starts it. Events come to the vcpu that their
 * port is bound to. Functions returning int give 0 or a negative error of <xen/errno.h>.
 *
 * Before it starts one a system sets kit_vcpu_self (start_info.h), so that the kit finds each vcpu's own
 * part of the shared page. Not more than VCPU_MAX have one.
 */
#ifndef KIT_VCPU_H
#define KIT_VCPU_H

#include <kit/types.h>

#define VCPU_MAX XEN_LEGACY_MAX_VCPUS

struct vcpu_start {
	void (*entry)(void *arg);	/* with events masked and no traps: trap_init() is for each vcpu */
	void *arg;
	void *stack_end;		/* the address behind the stack, aligned to 16 */
	uint64_t gs_base;		/* the kernel's GS base there */
};

unsigned int vcpu_count(void);		/* that the domain was made with, up or not; at most VCPU_MAX */

/* Starts a vcpu that never ran: once. -XEN_EEXIST: it did; -XEN_ENOENT: there is none; -XEN_ENOMEM. */
int vcpu_start(unsigned int id, const struct vcpu_start *how);

bool vcpu_is_up(unsigned int id);
int vcpu_up(unsigned int id);		/* lets one that went down run on */
void vcpu_down_self(void);		/* goes down; returns after vcpu_up */

#endif
