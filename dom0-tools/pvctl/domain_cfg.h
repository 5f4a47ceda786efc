/* SPDX-License-Identifier: MIT */
/* From settings to a domain's configuration: which keys there are, their limits and defaults. */
#ifndef DOM0_TOOLS_PVCTL_DOMAIN_CFG_H
#define DOM0_TOOLS_PVCTL_DOMAIN_CFG_H

#include "ctl/domain_config.h"
#include "pvctl/cfg.h"

/* All or nothing. A key that nobody knows is reported through warn and does no harm. seed makes the
 * uuid of a domain that did not ask for one. */
int domain_cfg_read(struct domain_config *out, struct cfg *cfg, uint64_t seed,
		    void (*warn)(const char *text), struct err *err);

#endif
