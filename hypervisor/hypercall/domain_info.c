/* SPDX-License-Identifier: MIT */
/* What the tools may know of a domain: its state and its frames' types. A snapshot: counters are read
 * without their locks, for they may change the moment after anyway. */
#include "control.h"
#include "errno.h"
#include "lib.h"
#include "mm.h"
#include "uaccess.h"

#define PAGE_TYPES_MAX 1024

static void vcpus_info(const struct domain *d, xen_domctl_getdomaininfo_t *info)
{
	bool blocked = true;

	for (unsigned i = 0; i < d->max_vcpus; i++) {
		const struct vcpu *v = d->vcpu[i];

		if (!v)
			continue;
		info->max_vcpu_id = i;
		info->cpu_time += vcpu_run_time(v);
		if (v->sched.flags & VPF_DOWN)
			continue;
		info->nr_online_vcpus++;
		blocked = blocked && v->sched.flags & VPF_BLOCKED;
		if (v->sched.running)
			info->flags |= XEN_DOMINF_running;
	}
	if (blocked)
		info->flags |= XEN_DOMINF_blocked;
}

void domain_info(const struct domain *d, xen_domctl_getdomaininfo_t *info)
{
	*info = (xen_domctl_getdomaininfo_t){
		.domain = d->id,
		.max_vcpu_id = XEN_INVALID_MAX_VCPU_ID,
		.tot_pages = d->tot_pages,
		.outstanding_pages = d->claimed,
		.max_pages = d->max_pages,
		.shr_pages = d->shr_pages,
		.shared_info_frame = mfn_x(virt_to_mfn(d->shared)),
		.flags = (d->dying == DEAD ? XEN_DOMINF_dying : 0) |
			 (d->is_shut_down ? XEN_DOMINF_shutdown : 0) |
			 (d->controller_pauses ? XEN_DOMINF_paused : 0) |
			 (uint32_t)d->shutdown_code << XEN_DOMINF_shutdownshift,
	};
	memcpy(info->handle, d->uuid, sizeof(d->uuid));
	vcpus_info(d, info);
}

static uint64_t page_type(struct domain *d, uint64_t gfn)
{
	static const uint32_t table[] = {
		[FT_L1] = XEN_DOMCTL_PFINFO_L1TAB, [FT_L2] = XEN_DOMCTL_PFINFO_L2TAB,
		[FT_L3] = XEN_DOMCTL_PFINFO_L3TAB, [FT_L4] = XEN_DOMCTL_PFINFO_L4TAB,
	};
	struct frame *f = frame_get_mfn(mfn(gfn), d);
	enum frame_type t;
	uint64_t state, type = 0;

	if (!f)
		return XEN_DOMCTL_PFINFO_XTAB;
	state = READ_ONCE(f->state);
	t = frame_type(state);
	if (frame_tcount(state) && t >= FT_L1 && t <= FT_L4)
		type = table[t] | (state & FRAME_PINNED ? XEN_DOMCTL_PFINFO_LPINTAB : 0);
	frame_put(f);
	return type;
}

long domctl_page_types(struct domain *d, xen_domctl_t *op)
{
	struct xen_domctl_getpageframeinfo3 *a = &op->u.getpageframeinfo3;

	if (a->num > PAGE_TYPES_MAX)
		return -E2BIG;
	for (uint64_t i = 0; i < a->num; i++) {
		xen_pfn_t x;

		if (copy_from_guest_off(&x, a->array, i, 1))
			return -EFAULT;
		x = page_type(d, x);
		if (copy_to_guest_off(a->array, i, &x, 1))
			return -EFAULT;
	}
	return 0;
}
