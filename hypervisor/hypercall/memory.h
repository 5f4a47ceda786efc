/* SPDX-License-Identifier: MIT */
/* memory_op, shared by its two halves. */
#ifndef HYPERCALL_MEMORY_H
#define HYPERCALL_MEMORY_H

#include "domain.h"
#include <xen/memory.h>

/* The domain a caller may look at or change: itself, or any for a privileged one; with a reference.
 * -EPERM, -ESRCH. */
int memory_domain(uint16_t domid, struct domain **out);

/* reservation.c; they return extents done, as the ABI wants */
long memory_increase(void *arg);
long memory_decrease(void *arg);
long memory_populate(void *arg);
long memory_exchange(void *guest_arg);

#endif
