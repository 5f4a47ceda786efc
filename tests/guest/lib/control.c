/* SPDX-License-Identifier: MIT */
/* The control domain's part in a micro guest; see control.h. */
#include "control.h"

long domctl_on(struct xen_domctl *op, unsigned int cmd, domid_t domid)
{
	op->cmd = cmd;
	op->domain = domid;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	return hypercall_domctl(op);
}

void control_prepare_create(struct xen_domctl *op, unsigned int vcpus)
{
	struct xen_domctl_createdomain *c = &op->u.createdomain;

	__builtin_memset(op, 0, sizeof(*op));
	c->max_vcpus = vcpus;
	c->max_evtchn_port = 1023;
	c->max_grant_frames = 4;
	c->max_maptrack_frames = 16;
	c->grant_opts = XEN_DOMCTL_GRANT_version(1);
}

void control_create(struct xen_domctl *op, domid_t domid, unsigned int vcpus, xen_pfn_t *mfns, unsigned int blocks,
		    unsigned int order)
{
	struct xen_memory_reservation r = { .nr_extents = blocks, .extent_order = order, .domid = domid };
	long rc;

	control_prepare_create(op, vcpus);
	while ((rc = domctl_on(op, XEN_DOMCTL_createdomain, domid)) == -XEN_EEXIST && !on_parvus())
		hypercall_sched_op(SCHEDOP_yield, NULL);	/* the peer keeps a number while somebody looks at the domain */
	if (rc)
		os_panic("no domain %u: %ld", domid, rc);
	op->u.max_mem.max_memkb = ((unsigned long)blocks << order) * (PAGE_SIZE / 1024);
	domctl_on(op, XEN_DOMCTL_max_mem, domid);
	for (unsigned int i = 0; i < blocks; i++)
		mfns[i] = i << order;
	set_xen_guest_handle(r.extent_start, mfns);
	if (hypercall_memory_op(XENMEM_populate_physmap, &r) != (long)blocks)
		os_panic("no memory for a domain");
}

long control_pin(struct xen_domctl *op, domid_t domid, unsigned int vcpu, unsigned int cpu)
{
	uint8_t set = 1u << cpu;

	op->u.vcpuaffinity = (struct xen_domctl_vcpuaffinity){ .vcpu = vcpu, .flags = XEN_VCPUAFFINITY_HARD };
	op->u.vcpuaffinity.cpumap_hard.nr_bits = 8;
	set_xen_guest_handle(op->u.vcpuaffinity.cpumap_hard.bitmap, &set);
	return domctl_on(op, XEN_DOMCTL_setvcpuaffinity, domid);
}

/* One page each of tables, a level above the next, and the program. */
void control_build(struct xen_domctl *op, domid_t domid, struct control_program *p, const char *code, size_t n)
{
	xen_pfn_t mfns[PT_LEVELS + 1];
	char *window = os_va_alloc(PT_LEVELS + 1);

	control_create(op, domid, 1, mfns, PT_LEVELS + 1, 0);
	op->u.max_vcpus.max = 1;
	if (domctl_on(op, XEN_DOMCTL_max_vcpus, domid) || !window || pt_map(window, mfns, PT_LEVELS + 1, PTE_RW, domid))
		os_panic("no domain for a program");
	for (unsigned int i = 0; i < PT_LEVELS; i++) {
		pte_t *table = (pte_t *)(window + i * PAGE_SIZE);

		__builtin_memset(table, 0, PAGE_SIZE);
		table[pt_index(CONTROL_PROGRAM_VA, PT_LEVELS - i)] = pte_make(mfns[i + 1], PTE_RW);
	}
	p->page = window + PT_LEVELS * PAGE_SIZE;
	__builtin_memcpy(p->page, code, n);
	p->cr3 = xen_pfn_to_cr3(mfns[0]);
	if (pt_unmap(window, PT_LEVELS))	/* they become tables, which are nobody's to write */
		os_panic("a program's tables stay mapped");
	if (!control_pin(op, domid, 0, 1))
		control_pin(op, 0, 0, 0);
}

long free_pages(void)
{
	struct xen_sysctl sys = { .cmd = XEN_SYSCTL_physinfo, .interface_version = XEN_SYSCTL_INTERFACE_VERSION };

	return hypercall_sysctl(&sys) ? -1 : (long)sys.u.physinfo.free_pages;
}
