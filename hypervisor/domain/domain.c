/* SPDX-License-Identifier: MIT */
/*
 * Life and death of domains and vcpus (the states are in domain.h). Creation is all or nothing. Destruction
 * goes by steps, each preemptible and finished before the next: stop, close events, give up grants,
 * drop page tables and descriptors, return every frame; what others still map outlives the domain as a
 * frame with references. domctl_lock is held in create and kill.
 */
#include "domain.h"
#include "boot.h"
#include "cpu.h"
#include "errno.h"
#include "grant.h"
#include "mm.h"
#include "printk.h"
#include "pt.h"
#include "pv.h"
#include "x86.h"

struct domain *dom0;

static void vcpu_destroy(struct vcpu *v)
{
	if (!v)
		return;
	vcpu_timers_stop(v);
	sched_vcpu_free(v);
	hv_free(v->fpu);
	hv_free(v);
}

struct vcpu *vcpu_create(struct domain *d, unsigned id)
{
	struct vcpu *v;

	if (id >= d->max_vcpus || d->vcpu[id])
		return NULL;
	v = hv_alloc(MAX(sizeof(*v), PAGE_SIZE));	/* whole pages: the FPU area's alignment, too */
	if (!v)
		return NULL;
	v->domain = d;
	v->id = id;
	v->loaded_on = LOADED_NOWHERE;
	v->info_mfn = v->pv.base_kernel = v->pv.base_user = MFN_NONE;
	v->info = &d->shared->vcpu_info[MIN(id, (unsigned)XEN_LEGACY_MAX_VCPUS - 1)];
	v->pv.kernel_mode = true;
	v->pv.debugreg[6] = 0xffff0ff0;
	v->pv.debugreg[7] = 0x400;
	for (unsigned i = 0; i < ARRAY_SIZE(v->pv.gdt_frame); i++)
		v->pv.gdt_frame[i] = MFN_NONE;
	for (unsigned i = 0; i < ARRAY_SIZE(v->pv.ldt_frame); i++)
		v->pv.ldt_frame[i] = MFN_NONE;
	v->fpu = hv_alloc(MAX((size_t)cpu_features.xsave_size, PAGE_SIZE));
	list_init(&v->sched.queue);
	vcpu_timers_init(v);
	if (!v->fpu || perdomain_add_vcpu(d, id) || sched_vcpu_init(v)) {
		vcpu_destroy(v);
		return NULL;
	}
	fpu_reset(v);
	time_update_vcpu(v);
	spin_lock(&d->shutdown_lock);
	v->sched.pause_count = d->controller_pauses + d->is_shut_down;
	__atomic_store_n(&d->vcpu[id], v, __ATOMIC_RELEASE);	/* whole, for who looks without a lock */
	spin_unlock(&d->shutdown_lock);
	return v;
}

void domain_free(struct domain *d)
{
	for (unsigned i = 0; d->vcpu && i < d->max_vcpus; i++)
		vcpu_destroy(d->vcpu[i]);
	grant_free(d);
	evtchn_free(d);
	if (d->shared)
		domain_unshare_page(d->shared);
	perdomain_free(d);
	console_domain_gone(d);
	hv_free(d->vcpu);
	hv_free(d);
}

int domain_create(uint16_t id, unsigned max_vcpus, unsigned grant_frames, bool privileged,
		  struct domain **out)
{
	struct domain *d;
	int rc = -ENOMEM;

	if (!max_vcpus || max_vcpus > MAX_VCPUS)
		return -EINVAL;
	d = hv_alloc(sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->id = id;
	d->refs = 1;
	d->privileged = privileged;
	d->max_vcpus = max_vcpus;
	d->shutdown_code = SHUTDOWN_CODE_NONE;
	d->created = now();
	d->controller_pauses = 1;
	list_init(&d->link);
	watchdog_init(d);
	d->vcpu = hv_alloc(max_vcpus * sizeof(d->vcpu[0]));
	d->shared = page_alloc_zeroed();
	if (d->shared)
		domain_share_page(d, d->shared, true);	/* as domain_free finds it */
	if (!d->vcpu || !d->shared || perdomain_init(d) || evtchn_init(d))
		goto fail;
	for (unsigned i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
		d->shared->vcpu_info[i].evtchn_upcall_mask = 1;
	time_init_domain(d);
	rc = grant_init(d, grant_frames);
	if (rc)
		goto fail;
	rc = -EEXIST;
	if (!domain_list_insert(d))
		goto fail;
	*out = d;
	return 0;
fail:
	domain_put(d);
	return rc;
}

/* --- pausing --- */

static void each_vcpu(struct domain *d, void (*fn)(struct vcpu *))
{
	for (unsigned i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i])
			fn(d->vcpu[i]);
}

static void wait_stopped(struct vcpu *v) { vcpu_wait_stopped(v); }

void domain_pause(struct domain *d)
{
	each_vcpu(d, vcpu_pause_nosync);
	each_vcpu(d, wait_stopped);
}

void domain_unpause(struct domain *d) { each_vcpu(d, vcpu_unpause); }

int domain_pause_by_controller(struct domain *d)
{
	if (d->controller_pauses == UINT32_MAX)
		return -EBUSY;
	d->controller_pauses++;
	domain_pause(d);
	return 0;
}

int domain_unpause_by_controller(struct domain *d)
{
	if (!d->controller_pauses)
		return -EINVAL;
	d->controller_pauses--;
	domain_unpause(d);
	return 0;
}

unsigned domain_online_vcpus(const struct domain *d)
{
	unsigned n = 0;

	for (unsigned i = 0; i < d->max_vcpus; i++)
		n += d->vcpu[i] && !(d->vcpu[i]->sched.flags & VPF_DOWN);
	return n;
}

/* --- the guest ends --- */

/* The lock is held until all vcpus are paused: who ends and who resumes a domain count the same vcpus. */
void domain_shutdown(struct domain *d, uint8_t reason)
{
	bool first;

	if (d == dom0) {
		printk(LOG_WARN, "Domain 0 ended: reason %u", reason);
		machine_shutdown(reason);
	}
	spin_lock(&d->shutdown_lock);
	first = !d->is_shut_down;
	d->is_shutting_down = d->is_shut_down = true;
	if (first && d->shutdown_code == SHUTDOWN_CODE_NONE)
		d->shutdown_code = reason;
	if (first)
		each_vcpu(d, vcpu_pause_nosync);	/* who waited could be waited for by one of them */
	spin_unlock(&d->shutdown_lock);
	if (first)
		evtchn_send_global_virq(VIRQ_DOM_EXC);
}

void domain_resume(struct domain *d)
{
	spin_lock(&d->shutdown_lock);
	if (d->is_shut_down)
		domain_unpause(d);
	d->is_shutting_down = d->is_shut_down = false;
	d->shutdown_code = SHUTDOWN_CODE_NONE;
	spin_unlock(&d->shutdown_lock);
}

void domain_crash(const char *fmt, ...)
{
	struct vcpu *v = current;
	char why[160];
	va_list ap;

	if (v->crashed)
		return;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	domain_log(v->domain, LOG_ERR, "crashed: %s", why);
	v->crashed = true;
	raise_softirq(SOFTIRQ_SCHEDULE);	/* its registers may be unfit for a quick way out */
}

/* --- destruction --- */

/* What the vcpus hold of guest memory. */
static int drop_vcpus(struct domain *d)
{
	for (unsigned i = 0; i < d->max_vcpus; i++) {
		struct vcpu *v = d->vcpu[i];

		if (!v)
			continue;
		vcpu_unload(v);
		vcpu_reset(v);
		v->info = &d->shared->vcpu_info[MIN(i, (unsigned)XEN_LEGACY_MAX_VCPUS - 1)];
		if (!mfn_eq(v->info_mfn, MFN_NONE))
			frame_put_both(mfn_to_frame(v->info_mfn));
		v->info_mfn = MFN_NONE;
	}
	return 0;
}

static int stop(struct domain *d)
{
	domain_pause(d);		/* for good */
	watchdog_stop_all(d);
	return 0;
}

int domain_kill(struct domain *d)
{
	static int (*const step[])(struct domain *) = {
		stop, evtchn_close_all, drop_vcpus, grant_release_mappings, domain_pages_relinquish,
	};

	if (d == dom0 || d->dying == DEAD)
		return -EINVAL;
	spin_lock(&d->event_lock);
	d->dying = DYING;
	spin_unlock(&d->event_lock);
	for (; d->destroy_step < ARRAY_SIZE(step); d->destroy_step++) {
		int rc = step[d->destroy_step](d);

		if (rc)
			return rc;
	}
	d->dying = DEAD;
	domain_list_remove(d);
	evtchn_send_global_virq(VIRQ_DOM_EXC);
	return 0;
}
