/* SPDX-License-Identifier: MIT */
/*
 * A running domain's memory: how much it should have (its balloon driver follows the target in xenstore)
 * and how much it may have (the hypervisor's limit).
 */
#ifndef DOM0_TOOLS_CTL_TARGET_H
#define DOM0_TOOLS_CTL_TARGET_H

#include "ctl/err.h"
#include "os/os.h"

#define TARGET_SLACK_KB 1024            /* what the limit allows above the memory, as xl does */

/* Sizes in KiB. The target is at most the maximum; neither is for domain 0. */
int target_set(domid_t domid, uint64_t kb, struct err *err);
int target_set_max(domid_t domid, uint64_t kb, struct err *err);

#endif
