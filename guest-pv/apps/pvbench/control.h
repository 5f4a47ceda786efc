/* SPDX-License-Identifier: MIT */
/* Domain control as far as the benchmark goes. Define __XEN_TOOLS__ before any other header. */
#ifndef PVBENCH_CONTROL_H
#define PVBENCH_CONTROL_H

#include "bench.h"
#include <xen/domctl.h>

extern struct xen_domctl control_op;	/* the argument's union is the caller's to fill */
long control(unsigned int cmd, domid_t domid);
domid_t control_create(void);		/* an empty domain of one vcpu, paused */

#endif
