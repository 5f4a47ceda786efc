/* SPDX-License-Identifier: MIT */
/* A disk's specification in text, as in the disk list of a configuration and in block-attach. */
#ifndef DOM0_TOOLS_PVCTL_DISK_CFG_H
#define DOM0_TOOLS_PVCTL_DISK_CFG_H

#include "ctl/disk.h"

/* "target[,format[,vdev[,access]]]" mixed with key=value, or the older "phy:target,vdev,access". */
int disk_cfg_parse(struct disk_config *disk, const char *spec, struct err *err);

#endif
