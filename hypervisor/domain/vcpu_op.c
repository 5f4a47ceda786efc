/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_vcpu_op: a domain brings up, takes down, times and observes its own vcpus. A table says for each
 * operation how much is copied in and out; the context of a new vcpu alone is too large for that and copied
 * into the heap.
 */
#include <xen/vcpu.h>
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "hypercall.h"
#include "lib.h"
#include "mm.h"
#include "pv.h"
#include "uaccess.h"

static bool is_down(const struct vcpu *v)
{
	return READ_ONCE(v->sched.flags) & VPF_DOWN;
}

static long op_initialise(struct vcpu *v, const void *guest_ctx)
{
	vcpu_guest_context_t *c;
	long ret;

	/* Beyond the array in shared_info a vcpu needs a place of its own first. */
	if (v->id >= XEN_LEGACY_MAX_VCPUS && mfn_eq(v->info_mfn, MFN_NONE))
		return -EINVAL;
	if (__atomic_exchange_n(&v->setting_context, true, __ATOMIC_ACQUIRE))
		return -EEXIST;
	c = hv_alloc(sizeof(*c));
	if (!c)
		ret = -ENOMEM;
	else if (copy_from_guest_bytes(c, guest_ctx, sizeof(*c)))
		ret = -EFAULT;
	else
		ret = v->initialised ? -EEXIST : vcpu_set_context(v, c);
	hv_free(c);
	__atomic_store_n(&v->setting_context, false, __ATOMIC_RELEASE);
	return ret;
}

static long op_up(struct vcpu *v, void *arg)
{
	(void)arg;
	if (!v->initialised)
		return -EINVAL;
	vcpu_up(v);
	return 0;
}

/* Each is down first and looks at the others after: of those that go down at once, one sees that it was the last. */
static long op_down(struct vcpu *v, void *arg)
{
	(void)arg;
	vcpu_down(v);
	if (!domain_online_vcpus(v->domain))		/* nobody could ever bring one up again */
		domain_shutdown(v->domain, SHUTDOWN_poweroff);
	return 0;
}

static long op_is_up(struct vcpu *v, void *arg)
{
	(void)arg;
	return !is_down(v);
}

static long op_get_runstate(struct vcpu *v, void *arg)
{
	vcpu_runstate_info_t *r = arg;
	s_time_t since;

	vcpu_runstate_get(v, r);
	since = now() - (s_time_t)r->state_entry_time;
	if (since > 0)
		r->time[r->state] += since;
	return 0;
}

static long op_register_runstate(struct vcpu *v, void *arg)
{
	const vcpu_register_runstate_memory_area_t *a = arg;

	if (!guest_range_ok(a->addr.v, sizeof(*a->addr.v)))
		return -EFAULT;
	v->runstate_guest = a->addr.h;
	if (v == current) {
		runstate_update_guest(v);
	} else {
		vcpu_runstate_info_t r;

		op_get_runstate(v, &r);
		(void)!copy_to_guest(a->addr.h, &r, 1);		/* an unmapped area is the guest's own loss */
	}
	return 0;
}

static long op_set_periodic(struct vcpu *v, void *arg)
{
	uint64_t period = ((vcpu_set_periodic_timer_t *)arg)->period_ns;

	if (period < (uint64_t)MILLISECS(1) || period > (uint64_t)SECONDS(1000000000))
		return -EINVAL;
	v->periodic_period = period;
	timer_set(&v->periodic, now() + period);
	return 0;
}

static long op_stop_periodic(struct vcpu *v, void *arg)
{
	(void)arg;
	v->periodic_period = 0;
	timer_stop(&v->periodic);
	return 0;
}

static long op_set_singleshot(struct vcpu *v, void *arg)
{
	const vcpu_set_singleshot_timer_t *a = arg;

	if (v != current)
		return -EINVAL;
	/* VCPU_SSHOTTMR_future is a hint: a time in the past fires at once either way. */
	timer_set(&v->singleshot, MIN(a->timeout_abs_ns, (uint64_t)NEVER));
	return 0;
}

static long op_stop_singleshot(struct vcpu *v, void *arg)
{
	(void)arg;
	if (v != current)
		return -EINVAL;
	timer_stop(&v->singleshot);
	return 0;
}

static long op_register_info(struct vcpu *v, void *arg)
{
	const vcpu_register_vcpu_info_t *a = arg;

	return vcpu_register_info(v, mfn(a->mfn), a->offset);
}

static long op_register_time(struct vcpu *v, void *arg)
{
	const vcpu_register_time_memory_area_t *a = arg;
	vcpu_time_info_t t = { .version = 0 };

	if (!guest_range_ok(a->addr.v, sizeof(*a->addr.v)))
		return -EFAULT;
	v->time_guest = a->addr.h;
	v->time_area_tsc = this_cpu()->tsc_boot;
	time_fill(&t);
	(void)!copy_to_guest(a->addr.h, &t, 1);
	return 0;
}

static const struct vcpu_subop {
	long (*fn)(struct vcpu *v, void *arg);
	uint8_t in, out;			/* bytes copied from and, on success, to the guest */
} ops[] = {
	[VCPUOP_up] = { op_up, 0, 0 },
	[VCPUOP_down] = { op_down, 0, 0 },
	[VCPUOP_is_up] = { op_is_up, 0, 0 },
	[VCPUOP_get_runstate_info] = { op_get_runstate, 0, sizeof(vcpu_runstate_info_t) },
	[VCPUOP_register_runstate_memory_area] =
		{ op_register_runstate, sizeof(vcpu_register_runstate_memory_area_t), 0 },
	[VCPUOP_set_periodic_timer] = { op_set_periodic, sizeof(vcpu_set_periodic_timer_t), 0 },
	[VCPUOP_stop_periodic_timer] = { op_stop_periodic, 0, 0 },
	[VCPUOP_set_singleshot_timer] = { op_set_singleshot, sizeof(vcpu_set_singleshot_timer_t), 0 },
	[VCPUOP_stop_singleshot_timer] = { op_stop_singleshot, 0, 0 },
	[VCPUOP_register_vcpu_info] = { op_register_info, sizeof(vcpu_register_vcpu_info_t), 0 },
	[VCPUOP_register_vcpu_time_memory_area] =
		{ op_register_time, sizeof(vcpu_register_time_memory_area_t), 0 },
};

static long send_nmi(struct vcpu *v, uint64_t arg)
{
	if (arg)
		return -EINVAL;
	pv_send_nmi(v);
	return 0;
}

long do_vcpu_op(uint64_t cmd64, uint64_t id, uint64_t arg, uint64_t a4, uint64_t a5, uint64_t a6)
{
	struct vcpu *v = domain_vcpu(current->domain, (uint32_t)id);
	uint32_t cmd = cmd64;
	uint64_t buf[sizeof(vcpu_runstate_info_t) / 8];
	const struct vcpu_subop *op;
	long ret;

	(void)a4, (void)a5, (void)a6;
	if (!v)
		return -ENOENT;
	if (cmd == VCPUOP_initialise)
		return op_initialise(v, (void *)arg);
	if (cmd == VCPUOP_send_nmi)
		return send_nmi(v, arg);
	if (cmd == VCPUOP_get_physid)
		return -EINVAL;			/* only a vcpu pinned to a CPU for good has one */
	if (cmd >= ARRAY_SIZE(ops))
		return -ENOSYS;
	op = &ops[index_nospec(cmd, ARRAY_SIZE(ops))];
	if (!op->fn)
		return -ENOSYS;
	if (copy_from_guest_bytes(buf, (void *)arg, op->in))
		return -EFAULT;
	ret = op->fn(v, buf);
	if (ret >= 0 && copy_to_guest_bytes((void *)arg, buf, op->out))
		return -EFAULT;
	return ret;
}
