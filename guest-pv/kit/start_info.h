/* SPDX-License-Identifier: MIT */
/*
 * What the hypervisor tells a new domain: start_info, the shared info page, its features and
 * who the domain is. kit_init must run before anything else in the kit.
 */
#ifndef KIT_START_INFO_H
#define KIT_START_INFO_H

#include <kit/types.h>

extern struct start_info *start_info;
extern struct shared_info *shared_info;

/* si: the pointer the domain was entered with; shared_va: an own page-aligned page of the image
 * that is to show the shared info frame. Panics if the hypervisor refuses. */
void kit_init(struct start_info *si, void *shared_va);

bool start_info_is_dom0(void);
bool start_info_feature(unsigned int xenfeat);		/* XENFEAT_* */
domid_t start_info_domid(void);				/* asked of the hypervisor, then kept */

/* Tells which vcpu runs the caller. NULL, as at first: there is only vcpu 0 (kit/vcpu.h starts others). */
extern unsigned int (*kit_vcpu_self)(void);

/* This vcpu's part of the shared page; the caller stays on its vcpu while it uses it. */
static inline struct vcpu_info *vcpu_info(void)
{
	return &shared_info->vcpu_info[kit_vcpu_self ? kit_vcpu_self() : 0];
}

#endif
