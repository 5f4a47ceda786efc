/* SPDX-License-Identifier: MIT */
/*
 * Numbers of vcpus and affinities. A guest brings its vcpus up and down itself, as cpu/N/availability in
 * xenstore asks; affinities are the hypervisor's. Nothing is kept here.
 */
#include <errno.h>
#include <string.h>
#include "ctl/cpuset.h"
#include "ctl/hyper.h"
#include "ctl/vcpus.h"
#include "ctl/xstree.h"

int vcpus_set(domid_t domid, unsigned int n, struct err *err)
{
	ctl_info info;
	int rc = ctl_domain_info(domid, &info);

	if (rc)
		return err_set(err, ERR_HYPERVISOR, "domain %u: %s", domid, strerror(-rc));
	if (n == 0 || n > info.max_vcpu_id + 1)
		return err_set(err, ERR_CONFIG, "domain %u cannot use %u vcpus: expected 1 to %u (its "
			       "maxvcpus)", domid, n, info.max_vcpu_id + 1);
	rc = xstree_set_cpus(domid, n, info.max_vcpu_id + 1);
	return rc ? err_set(err, ERR_XENSTORE, "cannot write cpu/*/availability of domain %u: %s",
			    domid, strerror(-rc)) : 0;
}

int vcpus_pin(domid_t domid, unsigned int vcpu, const uint64_t *hard, const uint64_t *soft,
	      struct err *err)
{
	int rc = ctl_vcpu_pin(domid, vcpu, hard, soft);
	char h[CPUSET_TEXT] = "-", s[CPUSET_TEXT] = "-";

	if (!rc)
		return 0;
	if (hard)
		cpuset_format(h, *hard, CPUSET_MAX);
	if (soft)
		cpuset_format(s, *soft, CPUSET_MAX);
	return err_set(err, ERR_HYPERVISOR, "cannot pin vcpu %u of domain %u to CPUs %s / %s: %s", vcpu,
		       domid, h, s, rc == -EINVAL ? "the machine has none of these CPUs, or the domain no "
		       "such vcpu" : strerror(-rc));
}

int vcpus_pin_config(domid_t domid, const struct domain_config *c, struct err *err)
{
	int rc = 0;

	for (unsigned int i = 0; !rc && i < c->max_vcpus; i++) {
		const uint64_t *hard = c->cpus[i] ? &c->cpus[i] : NULL;
		const uint64_t *soft = c->cpus_soft[i] ? &c->cpus_soft[i] : NULL;

		if (hard || soft)
			rc = vcpus_pin(domid, i, hard, soft, err);
	}
	return rc;
}
