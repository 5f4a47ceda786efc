/* SPDX-License-Identifier: MIT */
/* A network interface's specification in text, as in the vif list of a configuration and in network-attach. */
#ifndef DOM0_TOOLS_PVCTL_VIF_CFG_H
#define DOM0_TOOLS_PVCTL_VIF_CFG_H

#include "ctl/vif.h"

/* "key=value,..." with xl's keys mac, bridge, ip, rate, devid, mtu, type, model, backend, and ours: rxmode
 * (copy, map, flip) and antispoof (0, 1). May be empty. 0, or -EINVAL and what was wrong. */
int vif_cfg_parse(struct vif_config *vif, const char *spec, struct err *err);

#endif
