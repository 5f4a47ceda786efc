/* SPDX-License-Identifier: MIT */
/* domctl's operations on a domain's vcpus: making them, their contexts, where they may run. */
#include "control.h"
#include "cpu.h"
#include "errno.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"
#include "uaccess.h"

/* *v gets the vcpu named; -EINVAL: a number the domain cannot have, -ESRCH: not made yet. */
static int find(const struct domain *d, uint32_t id, struct vcpu **v)
{
	if (id >= d->max_vcpus)
		return -EINVAL;
	*v = domain_vcpu(d, id);
	return *v ? 0 : -ESRCH;
}

long domctl_max_vcpus(struct domain *d, xen_domctl_t *op)
{
	/* The number was fixed at creation; this call is when they come into being. */
	if (op->u.max_vcpus.max != d->max_vcpus)
		return -EINVAL;
	if (d->dying)			/* what vcpus hold has been given up already, or soon will be */
		return -ESRCH;
	for (unsigned i = 0; i < d->max_vcpus; i++)
		if (!d->vcpu[i] && !vcpu_create(d, i))
			return -ENOMEM;
	return 0;
}

long domctl_set_context(struct domain *d, xen_domctl_t *op)
{
	struct xen_domctl_vcpucontext *a = &op->u.vcpucontext;
	vcpu_guest_context_t *c;
	struct vcpu *v;
	long rc = d == current->domain ? -EINVAL : find(d, a->vcpu, &v);

	if (rc)
		return rc;
	if (d->dying)
		return -ESRCH;
	c = hv_alloc(sizeof(*c));
	if (!c)
		return -ENOMEM;
	domain_pause(d);
	if (guest_handle_is_null(a->ctxt)) {
		vcpu_reset(v);
		rc = 0;
	} else {
		rc = copy_from_guest(c, a->ctxt, 1);
		if (!rc)
			rc = vcpu_set_context(v, c);
	}
	domain_unpause(d);
	hv_free(c);
	return rc;
}

long domctl_get_context(struct domain *d, xen_domctl_t *op)
{
	struct xen_domctl_vcpucontext *a = &op->u.vcpucontext;
	vcpu_guest_context_t *c;
	struct vcpu *v;
	long rc = find(d, a->vcpu, &v);

	if (rc)
		return rc;
	if (v == current)
		return -EINVAL;
	if (!v->initialised)
		return -ENODATA;
	c = hv_alloc(sizeof(*c));
	if (!c)
		return -ENOMEM;
	vcpu_pause(v);
	vcpu_get_context(v, c);
	vcpu_unpause(v);
	rc = copy_to_guest(a->ctxt, c, 1);
	hv_free(c);
	return rc;
}

long domctl_vcpu_info(struct domain *d, xen_domctl_t *op)
{
	struct xen_domctl_getvcpuinfo *a = &op->u.getvcpuinfo;
	struct vcpu *v;
	int rc = find(d, a->vcpu, &v);

	if (rc)
		return rc;
	a->online = !(v->sched.flags & VPF_DOWN);
	a->blocked = !!(v->sched.flags & VPF_BLOCKED);
	a->running = v->sched.running;
	a->cpu_time = vcpu_run_time(v);
	a->cpu = v->sched.cpu;
	return 0;
}

/* Hard affinity is obeyed; soft affinity is where the policy puts the vcpu if it has the choice. */
long domctl_set_affinity(struct domain *d, xen_domctl_t *op)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	struct vcpu *v;
	uint64_t set;
	int rc = find(d, a->vcpu, &v);

	if (rc)
		return rc;
	if (a->flags & ~(XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT) || !a->flags)
		return -EINVAL;
	if (a->flags & XEN_VCPUAFFINITY_HARD) {
		if (bitmap_from_tools(&set, &a->cpumap_hard))
			return -EFAULT;
		if (!(set & cpus_online()))
			return -EINVAL;
		sched_set_affinity(v, set);
		if (bitmap_to_tools(&a->cpumap_hard, set & cpus_online()))
			return -EFAULT;
	}
	if (a->flags & XEN_VCPUAFFINITY_SOFT) {
		if (bitmap_from_tools(&set, &a->cpumap_soft))
			return -EFAULT;
		if (!(set & cpus_online()))
			return -EINVAL;
		WRITE_ONCE(v->sched.soft_affinity, set);
		return bitmap_to_tools(&a->cpumap_soft, set & v->sched.affinity & cpus_online());
	}
	return 0;
}

long domctl_get_affinity(struct domain *d, xen_domctl_t *op)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	struct vcpu *v;
	int rc = find(d, a->vcpu, &v);

	if (rc)
		return rc;
	if (a->flags & ~(XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT) || !a->flags)
		return -EINVAL;
	if (a->flags & XEN_VCPUAFFINITY_HARD && bitmap_to_tools(&a->cpumap_hard, v->sched.affinity))
		return -EFAULT;
	if (a->flags & XEN_VCPUAFFINITY_SOFT && bitmap_to_tools(&a->cpumap_soft, v->sched.soft_affinity))
		return -EFAULT;
	return 0;
}

/* 32-bit system-call entries and machine-check capabilities: a guest here has neither. */
long domctl_get_extcontext(struct domain *d, xen_domctl_t *op)
{
	uint32_t vcpu = op->u.ext_vcpucontext.vcpu;
	struct vcpu *v;
	int rc = find(d, vcpu, &v);

	if (rc)
		return rc;
	memset(&op->u.ext_vcpucontext, 0, sizeof(op->u.ext_vcpucontext));
	op->u.ext_vcpucontext.vcpu = vcpu;
	op->u.ext_vcpucontext.size = sizeof(op->u.ext_vcpucontext);
	return 0;
}

long domctl_set_extcontext(struct domain *d, xen_domctl_t *op)
{
	const struct xen_domctl_ext_vcpucontext *a = &op->u.ext_vcpucontext;
	struct vcpu *v;
	int rc = find(d, a->vcpu, &v);

	if (rc)
		return rc;
	if (a->syscall32_callback_eip || a->sysenter_callback_eip) {
		guest_log(LOG_WARN, "domain %u: 32-bit system-call entry points refused", d->id);
		return -EOPNOTSUPP;
	}
	return 0;
}

/* No MSR of a guest needs saving beyond its context. */
long domctl_get_msrs(struct domain *d, xen_domctl_t *op)
{
	struct vcpu *v;
	int rc = find(d, op->u.vcpu_msrs.vcpu, &v);

	if (rc)
		return rc;
	op->u.vcpu_msrs.msr_count = 0;
	return 0;
}
