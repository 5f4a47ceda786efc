/* SPDX-License-Identifier: MIT */
/*
 * domctl: creation, control and destruction of domains, for dom0 alone. All run under domctl_lock, which
 * serialises the life cycle; what takes long (destruction) is preempted and comes back here anew.
 * An operation that would need a device given to a guest (pass-through) is refused by name.
 */
#include "control.h"
#include "cpu.h"
#include "errno.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"
#include "pv.h"
#include "uaccess.h"

#define DEFAULT_GRANT_FRAMES 64
#define DEFAULT_WEIGHT 256

/* Any free id, from the one after the last given. */
static int create_anywhere(unsigned max_vcpus, unsigned grant_frames, struct domain **d)
{
	static uint16_t last;
	int rc = -ENOSPC;

	for (unsigned tries = 0; tries < HV_DOMID_FIRST_RESERVED; tries++) {
		last = last + 1 < HV_DOMID_FIRST_RESERVED ? last + 1 : 1;
		rc = domain_create(last, max_vcpus, grant_frames, false, d);
		if (rc != -EEXIST)
			break;
	}
	return rc;
}

static int create_check(const struct xen_domctl_createdomain *a)
{
	const char *why = NULL;

	if (a->flags & XEN_DOMCTL_CDF_hvm)
		why = "HVM guests are not supported";
	else if (a->flags & (XEN_DOMCTL_CDF_iommu | XEN_DOMCTL_CDF_nested_virt | XEN_DOMCTL_CDF_vpmu))
		why = "IOMMU, nested virtualisation and vPMU are not supported";
	else if (a->flags & ~(XEN_DOMCTL_CDF_hap | XEN_DOMCTL_CDF_s3_integrity | XEN_DOMCTL_CDF_oos_off |
			      XEN_DOMCTL_CDF_xs_domain))
		why = "unknown flags";
	else if (!a->max_vcpus || a->max_vcpus > MAX_VCPUS)
		why = "1 to 128 vcpus are possible";
	else if (!XEN_DOMCTL_GRANT_version(a->grant_opts) || XEN_DOMCTL_GRANT_version(a->grant_opts) > 2)
		why = "grant table version must be 1 or 2";
	if (why)
		guest_log(LOG_WARN, "createdomain refused: %s (flags %#x, %u vcpus)", why, a->flags, a->max_vcpus);
	return why ? -EINVAL : 0;
}

static long op_create(struct domain *none, xen_domctl_t *op)
{
	const struct xen_domctl_createdomain *a = &op->u.createdomain;
	unsigned frames = a->max_grant_frames < 0 ? DEFAULT_GRANT_FRAMES : (unsigned)a->max_grant_frames;
	struct domain *d;
	int rc = create_check(a);

	(void)none;
	if (rc)
		return rc;
	if (a->arch.emulation_flags) {
		guest_log(LOG_WARN, "createdomain refused: a PV guest has no emulated devices");
		return -EOPNOTSUPP;
	}
	if (op->domain > 0 && op->domain < HV_DOMID_FIRST_RESERVED)
		rc = domain_create(op->domain, a->max_vcpus, frames, false, &d);
	else
		rc = create_anywhere(a->max_vcpus, frames, &d);
	if (rc)
		return rc;
	memcpy(d->uuid, a->handle, sizeof(d->uuid));
	op->domain = d->id;
	return 0;
}

static long op_destroy(struct domain *d, xen_domctl_t *op)
{
	(void)op;
	return d == dom0 ? -EINVAL : domain_kill(d);
}

static long op_pause(struct domain *d, xen_domctl_t *op)
{
	(void)op;
	return d == current->domain ? -EINVAL : domain_pause_by_controller(d);
}

static long op_unpause(struct domain *d, xen_domctl_t *op)
{
	(void)op;
	return domain_unpause_by_controller(d);
}

/* By tradition the next domain from this id on, if there is none with it. */
static long op_info(struct domain *none, xen_domctl_t *op)
{
	struct domain *d = op->domain < HV_DOMID_FIRST_RESERVED ? domain_get_next(op->domain) : NULL;

	(void)none;
	if (!d)
		return -ESRCH;
	domain_info(d, &op->u.getdomaininfo);
	op->domain = d->id;
	domain_put(d);
	return 0;
}

static long op_max_mem(struct domain *d, xen_domctl_t *op)
{
	uint64_t pages = op->u.max_mem.max_memkb >> (PAGE_SHIFT - 10);

	spin_lock(&d->page_lock);
	d->max_pages = MIN(pages, (uint64_t)INT32_MAX);
	spin_unlock(&d->page_lock);
	return 0;
}

static long op_set_handle(struct domain *d, xen_domctl_t *op)
{
	memcpy(d->uuid, op->u.setdomainhandle.handle, sizeof(d->uuid));
	return 0;
}

/* No debugger is served, so switching it off is all that can be done. */
static long op_set_debugging(struct domain *d, xen_domctl_t *op)
{
	(void)d;
	return op->u.setdebugging.enable ? -EOPNOTSUPP : 0;
}

static long op_hypercall_init(struct domain *d, xen_domctl_t *op)
{
	struct frame *f;
	int rc = frame_get_both(mfn(op->u.hypercall_init.gmfn), d, FT_WRITABLE, &f);

	if (rc)
		return rc;
	hypercall_page_fill(mfn_to_virt(frame_mfn(f)));
	frame_put_both(f);
	return 0;
}

static long op_time_offset(struct domain *d, xen_domctl_t *op)
{
	d->time_offset_seconds = op->u.settimeoffset.time_offset_seconds;
	time_init_domain(d);
	return 0;
}

static long op_resume(struct domain *d, xen_domctl_t *op)
{
	(void)op;
	if (d == current->domain)
		return -EINVAL;
	domain_resume(d);
	return 0;
}

/* Of the buttons of a machine a PV guest has the NMI alone. */
static long op_trigger(struct domain *d, xen_domctl_t *op)
{
	struct vcpu *v = domain_vcpu(d, op->u.sendtrigger.vcpu);

	if (op->u.sendtrigger.trigger != XEN_DOMCTL_SENDTRIGGER_NMI)
		return -ENOSYS;
	if (!v)
		return -ESRCH;
	pv_send_nmi(v);
	return 0;
}

/* dom0 has every device, no other domain any: only what keeps that so can be granted. */
static long permission(const struct domain *d, bool allow, const char *what)
{
	if (allow == d->privileged)
		return 0;
	guest_log(LOG_WARN, "domain %u: change of access to %s refused: no device pass-through", d->id, what);
	return -EOPNOTSUPP;
}

static long op_irq_permission(struct domain *d, xen_domctl_t *op)
{
	return permission(d, op->u.irq_permission.allow_access, "an interrupt");
}

static long op_iomem_permission(struct domain *d, xen_domctl_t *op)
{
	return permission(d, op->u.iomem_permission.allow_access, "device memory");
}

static long op_ioport_permission(struct domain *d, xen_domctl_t *op)
{
	return permission(d, op->u.ioport_permission.allow_access, "I/O ports");
}

static long op_set_address_size(struct domain *d, xen_domctl_t *op)
{
	if (op->u.address_size.size == 64)
		return 0;
	guest_log(LOG_WARN, "domain %u: %u-bit guests are not supported", d->id, op->u.address_size.size);
	return -EINVAL;
}

static long op_get_address_size(struct domain *d, xen_domctl_t *op)
{
	(void)d;
	op->u.address_size.size = 64;
	return 0;
}

/* The TSC is the machine's own in every guest (modes "default" and "never emulate"). */
static long op_get_tsc(struct domain *d, xen_domctl_t *op)
{
	(void)d;
	op->u.tsc_info = (struct xen_domctl_tsc_info){ .gtsc_khz = tsc_khz };
	return 0;
}

static long op_set_tsc(struct domain *d, xen_domctl_t *op)
{
	(void)d;
	return op->u.tsc_info.tsc_mode == 0 || op->u.tsc_info.tsc_mode == 2 ? 0 : -EOPNOTSUPP;
}

/* The policy knows no weights: the default ones are what every domain has. */
static long op_scheduler(struct domain *d, xen_domctl_t *op)
{
	struct xen_domctl_scheduler_op *a = &op->u.scheduler_op;

	if (a->sched_id != sched_policy->id)
		return -EINVAL;
	switch (a->cmd) {
	case XEN_DOMCTL_SCHEDOP_getinfo:
		a->u.credit.weight = DEFAULT_WEIGHT;
		a->u.credit.cap = 0;
		return 0;
	case XEN_DOMCTL_SCHEDOP_putinfo:
		/* 0 and ~0 say: leave this one */
		if ((a->u.credit.weight == 0 || a->u.credit.weight == DEFAULT_WEIGHT) &&
		    (a->u.credit.cap == 0 || a->u.credit.cap == 0xffff))
			return 0;
		guest_log(LOG_WARN, "domain %u: weight %u, cap %u refused: the %s scheduler has none",
			  d->id, a->u.credit.weight, a->u.credit.cap, sched_policy->name);
		return -EOPNOTSUPP;
	}
	return -EINVAL;
}

/* A PV guest runs on its own page tables, without shadow or dirty log. */
static long op_shadow(struct domain *d, xen_domctl_t *op)
{
	(void)d;
	return op->u.shadow_op.op == XEN_DOMCTL_SHADOW_OP_OFF ? 0 : -EINVAL;
}

static long op_set_node_affinity(struct domain *d, xen_domctl_t *op)
{
	uint64_t nodes;

	(void)d;
	if (bitmap_from_tools(&nodes, &op->u.nodeaffinity.nodemap))
		return -EFAULT;
	return nodes & 1 ? 0 : -EINVAL;
}

static long op_get_node_affinity(struct domain *d, xen_domctl_t *op)
{
	(void)d;
	return bitmap_to_tools(&op->u.nodeaffinity.nodemap, 1);
}

static const struct { domctl_fn *fn; bool copy_back, no_target; } ops[] = {
	[XEN_DOMCTL_createdomain] = { op_create, true, true },
	[XEN_DOMCTL_destroydomain] = { op_destroy, false, false },
	[XEN_DOMCTL_pausedomain] = { op_pause, false, false },
	[XEN_DOMCTL_unpausedomain] = { op_unpause, false, false },
	[XEN_DOMCTL_getdomaininfo] = { op_info, true, true },
	[XEN_DOMCTL_setvcpuaffinity] = { domctl_set_affinity, true, false },
	[XEN_DOMCTL_shadow_op] = { op_shadow, false, false },
	[XEN_DOMCTL_max_mem] = { op_max_mem, false, false },
	[XEN_DOMCTL_setvcpucontext] = { domctl_set_context, false, false },
	[XEN_DOMCTL_getvcpucontext] = { domctl_get_context, true, false },
	[XEN_DOMCTL_getvcpuinfo] = { domctl_vcpu_info, true, false },
	[XEN_DOMCTL_max_vcpus] = { domctl_max_vcpus, false, false },
	[XEN_DOMCTL_scheduler_op] = { op_scheduler, true, false },
	[XEN_DOMCTL_setdomainhandle] = { op_set_handle, false, false },
	[XEN_DOMCTL_setdebugging] = { op_set_debugging, false, false },
	[XEN_DOMCTL_irq_permission] = { op_irq_permission, false, false },
	[XEN_DOMCTL_iomem_permission] = { op_iomem_permission, false, false },
	[XEN_DOMCTL_ioport_permission] = { op_ioport_permission, false, false },
	[XEN_DOMCTL_hypercall_init] = { op_hypercall_init, false, false },
	[XEN_DOMCTL_settimeoffset] = { op_time_offset, false, false },
	[XEN_DOMCTL_getvcpuaffinity] = { domctl_get_affinity, true, false },
	[XEN_DOMCTL_resumedomain] = { op_resume, false, false },
	[XEN_DOMCTL_sendtrigger] = { op_trigger, false, false },
	[XEN_DOMCTL_set_address_size] = { op_set_address_size, false, false },
	[XEN_DOMCTL_get_address_size] = { op_get_address_size, true, false },
	[XEN_DOMCTL_set_ext_vcpucontext] = { domctl_set_extcontext, false, false },
	[XEN_DOMCTL_get_ext_vcpucontext] = { domctl_get_extcontext, true, false },
	[XEN_DOMCTL_gettscinfo] = { op_get_tsc, true, false },
	[XEN_DOMCTL_settscinfo] = { op_set_tsc, false, false },
	[XEN_DOMCTL_getpageframeinfo3] = { domctl_page_types, false, false },
	[XEN_DOMCTL_setnodeaffinity] = { op_set_node_affinity, false, false },
	[XEN_DOMCTL_getnodeaffinity] = { op_get_node_affinity, true, false },
	[XEN_DOMCTL_get_vcpu_msrs] = { domctl_get_msrs, true, false },
	[XEN_DOMCTL_get_cpu_policy] = { domctl_get_cpu_policy, true, false },
	[XEN_DOMCTL_set_cpu_policy] = { domctl_set_cpu_policy, false, false },
};

static long act(xen_domctl_t *op)
{
	unsigned cmd = index_nospec(op->cmd, ARRAY_SIZE(ops));
	struct domain *d = NULL;
	long rc;

	if (!ops[cmd].no_target) {
		d = domain_get(op->domain);
		if (!d)
			return -ESRCH;
	}
	if (spin_trylock(&domctl_lock)) {
		rc = ops[cmd].fn(d, op);
		spin_unlock(&domctl_lock);
	} else {
		rc = hypercall_again();		/* whoever has it may wait for us to leave */
	}
	if (d)
		domain_put(d);
	return rc;
}

long do_domctl(uint64_t arg, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	xen_domctl_t op, *guest = (xen_domctl_t *)arg;
	long rc;

	(void)a2, (void)a3, (void)a4, (void)a5, (void)a6;
	if (!guest_range_ok(guest, sizeof(op)) || copy_from_guest_bytes(&op, guest, sizeof(op)))
		return -EFAULT;
	if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
		return -EACCES;
	if (!current->domain->privileged)
		return -EPERM;
	if (op.cmd >= ARRAY_SIZE(ops) || !ops[index_nospec(op.cmd, ARRAY_SIZE(ops))].fn)
		return -ENOSYS;
	rc = act(&op);
	if ((rc >= 0 || rc == -ENOBUFS) && ops[index_nospec(op.cmd, ARRAY_SIZE(ops))].copy_back &&
	    copy_to_guest_bytes(guest, &op, sizeof(op)))
		return -EFAULT;
	return rc;
}
