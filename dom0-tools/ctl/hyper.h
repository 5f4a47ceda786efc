/* SPDX-License-Identifier: MIT */
/*
 * The control library: one typed function for each operation that the tools ask of the hypervisor.
 * All return 0 or a negative errno unless they say otherwise. No state, no lock.
 */
#ifndef DOM0_TOOLS_CTL_HYPER_H
#define DOM0_TOOLS_CTL_HYPER_H

#include <stdint.h>
#include "os/os.h"

typedef struct xen_domctl_getdomaininfo ctl_info;

struct ctl_new_domain {
	xen_domain_handle_t uuid;
	unsigned int max_vcpus;
	unsigned int max_evtchn_port;
	int max_grant_frames;           /* < 0: the hypervisor's default */
};

/* ctl/domain.c */
int ctl_domain_create(const struct ctl_new_domain *new, domid_t *domid);
int ctl_domain_destroy(domid_t domid);          /* begins; the id lives until its frames are free */
int ctl_domain_pause(domid_t domid);
int ctl_domain_unpause(domid_t domid);
int ctl_domain_max_mem(domid_t domid, uint64_t kb);
int ctl_domain_max_vcpus(domid_t domid, unsigned int n);
int ctl_domain_hypercall_page(domid_t domid, xen_pfn_t mfn);
int ctl_domain_info(domid_t domid, ctl_info *info);             /* -ESRCH: no such domain */
int ctl_domain_list(ctl_info **infos);  /* all, by rising id, for the caller to free; their number or negative errno */
int ctl_vcpu_set_context(domid_t domid, unsigned int vcpu, const vcpu_guest_context_t *context);
/* weight 1-65535, cap in percent of a CPU, 0 none; -EOPNOTSUPP: the scheduler has neither. */
int ctl_domain_weight(domid_t domid, unsigned int weight, unsigned int cap);

/* ctl/vcpu.c */
int ctl_vcpu_info(domid_t domid, unsigned int vcpu, struct xen_domctl_getvcpuinfo *info);
/* Sets of CPUs, bit n for CPU n, as wide as 64; NULL: not asked, not changed. */
int ctl_vcpu_affinity(domid_t domid, unsigned int vcpu, uint64_t *hard, uint64_t *soft);
int ctl_vcpu_pin(domid_t domid, unsigned int vcpu, const uint64_t *hard, const uint64_t *soft);

/* ctl/memory.c */
/* Gives the domain nr_pages frames at pfn 0 on; mfns[pfn] from os_alloc_pages receives them. */
int ctl_populate(domid_t domid, xen_pfn_t *mfns, uint64_t nr_pages);
int ctl_pin_l4(domid_t domid, xen_pfn_t mfn);

/* ctl/host.c */
int ctl_physinfo(struct xen_sysctl_physinfo *info);
int ctl_scheduler(uint32_t *id);                /* XEN_SCHEDULER_ */
const char *ctl_scheduler_name(uint32_t id);
int ctl_debug_keys(const char *keys, size_t n);	/* the reports are in the log */
/* The hypervisor's log ring as text; the caller frees it. NULL with errno. */
char *ctl_log(bool clear);

#endif
