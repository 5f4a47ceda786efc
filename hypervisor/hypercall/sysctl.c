/* SPDX-License-Identifier: MIT */
/* sysctl: the machine as a whole, for dom0's tools: log, CPUs, memory, list of domains. Reads snapshots;
 * changes nothing but the log ring. */
#include "control.h"
#include "boot.h"
#include "cpu.h"
#include "errno.h"
#include "lib.h"
#include "mm.h"
#include "uaccess.h"

#define CHUNK 256
#define KEYS_MAX 32
#define LOCAL_DISTANCE 10		/* of a NUMA node to itself, by ACPI's convention */

static long op_readconsole(xen_sysctl_t *op)
{
	struct xen_sysctl_readconsole *a = &op->u.readconsole;
	bool incremental = a->incremental;
	uint32_t total = 0;
	char buf[CHUNK];
	size_t n;

	do {
		n = console_ring_read(&a->index, buf, MIN(a->count - total, (uint32_t)CHUNK), incremental);
		if (copy_to_guest_off(a->buffer, total, buf, n))
			return -EFAULT;
		incremental = true;
		total += n;
	} while (n && total < a->count);
	a->count = total;
	if (a->clear)
		console_ring_clear();
	return 0;
}

static long op_physinfo(xen_sysctl_t *op)
{
	struct xen_sysctl_physinfo *a = &op->u.physinfo;

	*a = (struct xen_sysctl_physinfo){
		.threads_per_core = 1,
		.cores_per_socket = nr_cpus,
		.nr_cpus = nr_cpus,
		.max_cpu_id = nr_cpus - 1,
		.nr_nodes = 1,
		.cpu_khz = tsc_khz,
		.capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1,
		.total_pages = page_total_count(),
		.free_pages = page_free_count(),
		.outstanding_pages = page_claimed_count(),
		.max_mfn = max_mfn - 1,
	};
	featureset_host(a->hw_cap, ARRAY_SIZE(a->hw_cap));
	return 0;
}

static long op_sched_id(xen_sysctl_t *op)
{
	op->u.sched_id.sched_id = sched_policy->id;
	return 0;
}

static long op_domain_list(xen_sysctl_t *op)
{
	struct xen_sysctl_getdomaininfolist *a = &op->u.getdomaininfolist;
	xen_domctl_getdomaininfo_t info;
	unsigned id = a->first_domain;
	struct domain *d;
	uint32_t n = 0;

	while (n < a->max_domains && id < HV_DOMID_FIRST_RESERVED && (d = domain_get_next(id))) {
		id = d->id + 1;
		domain_info(d, &info);
		domain_put(d);
		if (copy_to_guest_off(a->buffer, n, &info, 1))
			return -EFAULT;
		n++;
	}
	a->num_domains = n;
	return 0;
}

static long op_debug_keys(xen_sysctl_t *op)
{
	const struct xen_sysctl_debug_keys *a = &op->u.debug_keys;
	char key[KEYS_MAX];

	if (a->nr_keys > KEYS_MAX)
		return -E2BIG;
	if (copy_from_guest(key, a->keys, a->nr_keys))
		return -EFAULT;
	if (!spin_trylock(&domctl_lock))	/* whoever has it may wait for us to leave */
		return hypercall_again();
	for (uint32_t i = 0; i < a->nr_keys; i++)
		debug_key(key[i]);
	spin_unlock(&domctl_lock);
	return 0;
}

static long op_cpuinfo(xen_sysctl_t *op)
{
	struct xen_sysctl_getcpuinfo *a = &op->u.getcpuinfo;

	a->nr_cpus = MIN(a->max_cpus, nr_cpus);
	for (uint32_t i = 0; i < a->nr_cpus; i++) {
		xen_sysctl_cpuinfo_t info = { .idletime = vcpu_run_time(cpus[i]->idle) };

		if (copy_to_guest_off(a->info, i, &info, 1))
			return -EFAULT;
	}
	return 0;
}

static long op_availheap(xen_sysctl_t *op)
{
	struct xen_sysctl_availheap *a = &op->u.availheap;

	if (a->node != -1 && a->node != 0)
		return -EINVAL;
	a->avail_bytes = page_free_count() << PAGE_SHIFT;
	return 0;
}

/* One socket, one node, a core each. A null handle asks for the number only. */
static long op_cputopo(xen_sysctl_t *op)
{
	struct xen_sysctl_cputopoinfo *a = &op->u.cputopoinfo;
	uint32_t n = nr_cpus;

	for (uint32_t i = 0; !guest_handle_is_null(a->cputopo) && i < MIN(a->num_cpus, n); i++) {
		xen_sysctl_cputopo_t t = { .core = i };

		if (copy_to_guest_off(a->cputopo, i, &t, 1))
			return -EFAULT;
	}
	a->num_cpus = guest_handle_is_null(a->cputopo) ? n : MIN(a->num_cpus, n);
	return 0;
}

static long op_numa(xen_sysctl_t *op)
{
	struct xen_sysctl_numainfo *a = &op->u.numainfo;
	xen_sysctl_meminfo_t mem = {
		.memsize = page_total_count() << PAGE_SHIFT,
		.memfree = page_free_count() << PAGE_SHIFT,
	};
	uint32_t distance = LOCAL_DISTANCE;

	if (guest_handle_is_null(a->meminfo) && guest_handle_is_null(a->distance)) {
		a->num_nodes = 1;
		return 0;
	}
	if (!a->num_nodes)
		return 0;
	if (!guest_handle_is_null(a->meminfo) && copy_to_guest(a->meminfo, &mem, 1))
		return -EFAULT;
	if (!guest_handle_is_null(a->distance) && copy_to_guest(a->distance, &distance, 1))
		return -EFAULT;
	a->num_nodes = 1;
	return 0;
}

static unsigned domain_count(void)
{
	struct domain *d;
	unsigned n = 0;

	for (unsigned id = 0; id < HV_DOMID_FIRST_RESERVED && (d = domain_get_next(id)); n++) {
		id = d->id + 1;
		domain_put(d);
	}
	return n;
}

/* One pool, number 0, with every CPU and every domain. */
static long op_cpupool(xen_sysctl_t *op)
{
	struct xen_sysctl_cpupool_op *a = &op->u.cpupool_op;

	switch (a->op) {
	case XEN_SYSCTL_CPUPOOL_OP_INFO:
		if (a->cpupool_id != 0 && a->cpupool_id != XEN_SYSCTL_CPUPOOL_PAR_ANY)
			return -ENOENT;
		a->cpupool_id = 0;
		a->sched_id = sched_policy->id;
		a->n_dom = domain_count();
		return bitmap_to_tools(&a->cpumap, cpus_online());
	case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
		return bitmap_to_tools(&a->cpumap, 0);
	case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
		return a->cpupool_id == 0 ? 0 : -ENOENT;
	}
	return -EOPNOTSUPP;
}

static sysctl_fn *const ops[] = {
	[XEN_SYSCTL_readconsole] = op_readconsole,
	[XEN_SYSCTL_physinfo] = op_physinfo,
	[XEN_SYSCTL_sched_id] = op_sched_id,
	[XEN_SYSCTL_getdomaininfolist] = op_domain_list,
	[XEN_SYSCTL_debug_keys] = op_debug_keys,
	[XEN_SYSCTL_getcpuinfo] = op_cpuinfo,
	[XEN_SYSCTL_availheap] = op_availheap,
	[XEN_SYSCTL_cputopoinfo] = op_cputopo,
	[XEN_SYSCTL_numainfo] = op_numa,
	[XEN_SYSCTL_cpupool_op] = op_cpupool,
	[XEN_SYSCTL_get_cpu_featureset] = sysctl_featureset,
	[XEN_SYSCTL_get_cpu_policy] = sysctl_cpu_policy,
};

long do_sysctl(uint64_t arg, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	xen_sysctl_t op, *guest = (xen_sysctl_t *)arg;
	sysctl_fn *fn;
	long rc;

	(void)a2, (void)a3, (void)a4, (void)a5, (void)a6;
	if (!guest_range_ok(guest, sizeof(op)) || copy_from_guest_bytes(&op, guest, sizeof(op)))
		return -EFAULT;
	if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
		return -EACCES;
	if (!current->domain->privileged)
		return -EPERM;
	fn = op.cmd < ARRAY_SIZE(ops) ? ops[index_nospec(op.cmd, ARRAY_SIZE(ops))] : NULL;
	if (!fn)
		return -ENOSYS;
	rc = fn(&op);
	if ((rc >= 0 || rc == -ENOBUFS) && copy_to_guest_bytes(guest, &op, sizeof(op)))
		return -EFAULT;
	return rc;
}
