/* SPDX-License-Identifier: MIT */
/* domctl's operations on one vcpu of another domain, typed. */
#include <errno.h>
#include <string.h>
#include "ctl/hyper.h"

#define SET_BITS 64

int ctl_vcpu_info(domid_t domid, unsigned int vcpu, struct xen_domctl_getvcpuinfo *info)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_getvcpuinfo, .domain = domid };
	int rc;

	op.u.getvcpuinfo.vcpu = vcpu;
	rc = os_domctl(&op);
	if (!rc)
		*info = op.u.getvcpuinfo;
	return rc;
}

/* The sets travel in a buffer: hard first, then soft. */
static int affinity(uint32_t cmd, domid_t domid, unsigned int vcpu, uint32_t flags, uint64_t sets[2])
{
	struct xen_domctl op = { .cmd = cmd, .domain = domid };
	struct xen_domctl_vcpuaffinity *a = &op.u.vcpuaffinity;
	uint64_t *buffer = os_alloc_pages(1);
	int rc;

	if (!buffer)
		return -ENOMEM;
	memcpy(buffer, sets, 2 * sizeof(*sets));
	a->vcpu = vcpu;
	a->flags = flags;
	a->cpumap_hard.nr_bits = a->cpumap_soft.nr_bits = SET_BITS;
	set_xen_guest_handle(a->cpumap_hard.bitmap, (uint8_t *)buffer);
	set_xen_guest_handle(a->cpumap_soft.bitmap, (uint8_t *)(buffer + 1));
	rc = os_domctl(&op);
	memcpy(sets, buffer, 2 * sizeof(*sets));
	os_free_pages(buffer, 1);
	return rc;
}

static uint32_t flags_of(const uint64_t *hard, const uint64_t *soft)
{
	return (hard ? XEN_VCPUAFFINITY_HARD : 0) | (soft ? XEN_VCPUAFFINITY_SOFT : 0);
}

int ctl_vcpu_affinity(domid_t domid, unsigned int vcpu, uint64_t *hard, uint64_t *soft)
{
	uint64_t sets[2] = { 0, 0 };
	int rc = affinity(XEN_DOMCTL_getvcpuaffinity, domid, vcpu, flags_of(hard, soft), sets);

	if (!rc && hard)
		*hard = sets[0];
	if (!rc && soft)
		*soft = sets[1];
	return rc;
}

int ctl_vcpu_pin(domid_t domid, unsigned int vcpu, const uint64_t *hard, const uint64_t *soft)
{
	uint64_t sets[2] = { hard ? *hard : 0, soft ? *soft : 0 };

	return affinity(XEN_DOMCTL_setvcpuaffinity, domid, vcpu, flags_of(hard, soft), sets);
}
