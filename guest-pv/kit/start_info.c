/* SPDX-License-Identifier: MIT */
/*
 * What the hypervisor tells a new domain: see start_info.h. All of it is written before the domain
 * runs, or by the hypervisor only, and is trusted.
 */
#include <kit/start_info.h>
#include <kit/hypercall.h>
#include <kit/os.h>
#include <kit/pt.h>
#include <xen/features.h>

struct start_info *start_info;
struct shared_info *shared_info;
unsigned int (*kit_vcpu_self)(void);

static uint32_t features;

void kit_init(struct start_info *si, void *shared_va)
{
	struct xen_feature_info fi = { .submap_idx = 0 };
	int rc;

	start_info = si;
	rc = hypercall_update_va_mapping(shared_va, si->shared_info | PTE_RW, UVMF_INVLPG);
	if (rc)
		os_panic("cannot map the shared info page: error %d", rc);
	shared_info = shared_va;
	if (hypercall_xen_version(XENVER_get_features, &fi) == 0)
		features = fi.submap;
}

bool start_info_is_dom0(void)
{
	return start_info->flags & SIF_INITDOMAIN;
}

bool start_info_feature(unsigned int xenfeat)
{
	return xenfeat < 32 && (features >> xenfeat & 1);
}

/* A port that is open to "myself" reports the number the hypervisor took that for. */
domid_t start_info_domid(void)
{
	static domid_t domid = DOMID_INVALID;
	struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
	struct evtchn_status status = { .dom = DOMID_SELF };
	struct evtchn_close close;

	if (domid != DOMID_INVALID)
		return domid;
	if (hypercall_event_channel_op(EVTCHNOP_alloc_unbound, &alloc))
		return DOMID_INVALID;
	status.port = alloc.port;
	if (hypercall_event_channel_op(EVTCHNOP_status, &status) == 0 &&
	    status.status == EVTCHNSTAT_unbound)
		domid = status.u.unbound.dom;
	close.port = alloc.port;
	hypercall_event_channel_op(EVTCHNOP_close, &close);
	return domid;
}
