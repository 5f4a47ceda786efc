/* SPDX-License-Identifier: MIT */
/*
 * Attack: memory that ends at any point of a domain's creation. As the control domain it takes all that is free, and for
 * each number of pages given back creates a domain and its vcpus.
 *
 * Expected: each is there whole or refused for want of memory, and leaves as much memory as there was.
 */
#define __XEN_TOOLS__ 1
#include "test.h"
#include <xen/domctl.h>
#include <xen/sysctl.h>
#include "self_audit.h"

#define CHOSEN 77
#define LARGE 9
#define LARGE_MAX 1024
#define SMALL_MAX 4096
#define STEPS 64
#define VCPUS 3

static xen_pfn_t large[LARGE_MAX], small[SMALL_MAX];
static struct xen_domctl op;

static long domctl(unsigned int cmd)
{
	op.cmd = cmd;
	op.domain = CHOSEN;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	return hypercall1(__HYPERVISOR_domctl, (unsigned long)&op);
}

static long free_pages(void)
{
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_physinfo, .interface_version = XEN_SYSCTL_INTERFACE_VERSION };

	return hypercall_sysctl(&s) ? -1 : (long)s.u.physinfo.free_pages;
}

static long reserve(unsigned int cmd, xen_pfn_t *frames, unsigned int n, unsigned int order)
{
	struct xen_memory_reservation r = { .nr_extents = n, .extent_order = order, .domid = DOMID_SELF };

	set_xen_guest_handle(r.extent_start, frames);
	return hypercall_memory_op(cmd, &r);
}

static unsigned int created, no_domain, no_vcpu, other, lost;

static void try(void)
{
	long before = free_pages(), rc;

	op = (struct xen_domctl){ .u.createdomain = { .max_vcpus = VCPUS, .max_evtchn_port = 1023, .max_grant_frames = 4,
		.grant_opts = XEN_DOMCTL_GRANT_version(1) } };
	rc = domctl(XEN_DOMCTL_createdomain);
	no_domain += rc == -XEN_ENOMEM;
	other += rc && rc != -XEN_ENOMEM;
	if (!rc) {
		op = (struct xen_domctl){ .u.max_vcpus.max = VCPUS };
		rc = domctl(XEN_DOMCTL_max_vcpus);
		created += !rc;
		no_vcpu += rc == -XEN_ENOMEM;
		other += rc && rc != -XEN_ENOMEM;
		other += domctl(XEN_DOMCTL_destroydomain) != 0;
	}
	lost += free_pages() != before;
}

void test_main(void)
{
	long nr_large, nr_small;

	if (!start_info_is_dom0())
		return check("not the control domain", true);
	nr_large = reserve(XENMEM_increase_reservation, large, LARGE_MAX, LARGE);
	nr_small = reserve(XENMEM_increase_reservation, small, SMALL_MAX, 0);
	say("# took %ld extents and %ld frames, %ld are free\n", nr_large, nr_small, free_pages());
	check("all memory is taken", nr_large < LARGE_MAX && nr_small > STEPS && nr_small < SMALL_MAX && !free_pages());
	for (unsigned int i = 0; i < STEPS; i++) {
		try();
		reserve(XENMEM_decrease_reservation, &small[i], 1, 0);
	}
	say("# %u without memory for the domain, %u for its vcpus, %u created\n", no_domain, no_vcpu, created);
	check("each may fail, and at last none does", no_domain && no_vcpu && created);
	check_value("other answers", other, 0);
	check_value("times that pages were lost or won", lost, 0);
	reserve(XENMEM_decrease_reservation, small + STEPS, nr_small - STEPS, 0);
	reserve(XENMEM_decrease_reservation, large, nr_large, LARGE);
	self_audit();
}
