/* SPDX-License-Identifier: MIT */
/* What a domain is to be, checked and with all defaults filled in. */
#ifndef DOM0_TOOLS_CTL_DOMAIN_CONFIG_H
#define DOM0_TOOLS_CTL_DOMAIN_CONFIG_H

#include <stdint.h>
#include "ctl/disk.h"
#include "ctl/vif.h"

#define DOMAIN_NAME_MAX 63
#define DOMAIN_MAX_VCPUS 32             /* what a PV guest's shared info page has room for */

enum domain_action {
	ACTION_DESTROY, ACTION_RESTART, ACTION_RENAME_RESTART, ACTION_PRESERVE, NR_ACTIONS
};

/* Ways to end, by the numbers SHUTDOWN_ of the ABI; suspend and soft reset have no policy here. */
enum domain_end {
	END_POWEROFF, END_REBOOT, END_SUSPEND, END_CRASH, END_WATCHDOG, END_SOFT_RESET, NR_ENDS
};

struct domain_config {
	char name[DOMAIN_NAME_MAX + 1];
	uint8_t uuid[16];
	char *kernel, *ramdisk, *cmdline;       /* malloc'ed; ramdisk and cmdline may be NULL */
	uint64_t memory_kb, max_memory_kb;
	unsigned int vcpus, max_vcpus;
	uint64_t cpus[DOMAIN_MAX_VCPUS], cpus_soft[DOMAIN_MAX_VCPUS];   /* cpuset.h; 0: not given */
	unsigned int weight, cap;               /* weight 0: the scheduler's default */
	int max_grant_frames;                   /* -1: the hypervisor's default */
	unsigned int max_event_channels;
	enum domain_action on[NR_ENDS];
	struct disk_config *disks;              /* malloc'ed */
	unsigned int nr_disks;
	struct vif_config *vifs;                /* malloc'ed */
	unsigned int nr_vifs;
};

void domain_config_free(struct domain_config *c);
/* 0, or -ENOMEM and nothing is held. */
int domain_config_copy(struct domain_config *to, const struct domain_config *from);
const char *domain_action_name(enum domain_action action);
int domain_action_parse(const char *name);      /* enum domain_action, or -EINVAL */
const char *domain_end_name(unsigned int code); /* "poweroff" ... */
void domain_uuid_text(const uint8_t uuid[16], char text[37]);

#endif
