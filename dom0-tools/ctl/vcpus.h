/* SPDX-License-Identifier: MIT */
/* The vcpus of a domain that exists: how many it is to use, and on which CPUs they may run. */
#ifndef DOM0_TOOLS_CTL_VCPUS_H
#define DOM0_TOOLS_CTL_VCPUS_H

#include "ctl/domain_config.h"
#include "ctl/err.h"
#include "os/os.h"

/* Asks the domain, through xenstore, to use its first n vcpus; it has as many as it was made with. */
int vcpus_set(domid_t domid, unsigned int n, struct err *err);

/* Where a vcpu may run (hard) and should (soft), as sets of CPUs (cpuset.h); NULL leaves one as it is. */
int vcpus_pin(domid_t domid, unsigned int vcpu, const uint64_t *hard, const uint64_t *soft,
	      struct err *err);
/* cpus and cpus_soft of the configuration. */
int vcpus_pin_config(domid_t domid, const struct domain_config *c, struct err *err);

#endif
