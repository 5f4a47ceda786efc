/* SPDX-License-Identifier: MIT */
/* Domains and their vcpus: domctl, typed. The structures that handles point to are page buffers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/hyper.h"

#define LIST_BATCH 32U
#define LIST_PAGES ((LIST_BATCH * sizeof(ctl_info) + OS_PAGE_SIZE - 1) / OS_PAGE_SIZE)
#define CONTEXT_PAGES ((sizeof(vcpu_guest_context_t) + OS_PAGE_SIZE - 1) / OS_PAGE_SIZE)

static int plain(uint32_t cmd, domid_t domid)
{
	struct xen_domctl op = { .cmd = cmd, .domain = domid };

	return os_domctl(&op);
}

/* The newest grant interface that the hypervisor has: a guest may choose any up to it. */
static uint32_t grant_version(void)
{
	struct xen_sysctl_physinfo info;

	if (!ctl_physinfo(&info) && info.capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v2)
		return 2;
	return 1;
}

int ctl_domain_create(const struct ctl_new_domain *new, domid_t *domid)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_createdomain, .domain = 0 };
	struct xen_domctl_createdomain *c = &op.u.createdomain;
	int rc;

	memcpy(c->handle, new->uuid, sizeof(c->handle));
	c->max_vcpus = new->max_vcpus;
	c->max_evtchn_port = new->max_evtchn_port;
	c->max_grant_frames = new->max_grant_frames;
	c->max_maptrack_frames = -1;
	c->grant_opts = XEN_DOMCTL_GRANT_version(grant_version());
	rc = os_domctl(&op);
	if (!rc)
		*domid = op.domain;
	return rc;
}

int ctl_domain_destroy(domid_t domid)
{
	int rc;

	do {
		rc = plain(XEN_DOMCTL_destroydomain, domid);
	} while (rc == -EAGAIN);        /* the teardown is long and comes in steps */
	return rc;
}

int ctl_domain_pause(domid_t domid)
{
	return plain(XEN_DOMCTL_pausedomain, domid);
}

int ctl_domain_unpause(domid_t domid)
{
	return plain(XEN_DOMCTL_unpausedomain, domid);
}

int ctl_domain_max_mem(domid_t domid, uint64_t kb)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_max_mem, .domain = domid };

	op.u.max_mem.max_memkb = kb;
	return os_domctl(&op);
}

int ctl_domain_max_vcpus(domid_t domid, unsigned int n)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_max_vcpus, .domain = domid };

	op.u.max_vcpus.max = n;
	return os_domctl(&op);
}

int ctl_domain_hypercall_page(domid_t domid, xen_pfn_t mfn)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_hypercall_init, .domain = domid };

	op.u.hypercall_init.gmfn = mfn;
	return os_domctl(&op);
}

int ctl_domain_info(domid_t domid, ctl_info *info)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_getdomaininfo, .domain = domid };
	int rc = os_domctl(&op);

	if (rc)
		return rc;
	*info = op.u.getdomaininfo;
	/* An id that is free gives the next domain that is not. */
	return info->domain == domid ? 0 : -ESRCH;
}

int ctl_domain_list(ctl_info **infos)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_getdomaininfolist };
	struct xen_sysctl_getdomaininfolist *l = &op.u.getdomaininfolist;
	ctl_info *batch = os_alloc_pages(LIST_PAGES), *all = NULL, *more;
	unsigned int n = 0;
	int rc = batch ? 0 : -ENOMEM;

	while (!rc) {
		l->first_domain = n ? (domid_t)(all[n - 1].domain + 1) : 0;
		l->max_domains = LIST_BATCH;
		set_xen_guest_handle(l->buffer, (void *)batch);
		rc = os_sysctl(&op);
		if (rc || !l->num_domains)
			break;
		more = realloc(all, (n + l->num_domains) * sizeof(*all));
		if (!more) {
			rc = -ENOMEM;
			break;
		}
		all = more;
		memcpy(all + n, batch, l->num_domains * sizeof(*all));
		n += l->num_domains;
	}
	os_free_pages(batch, LIST_PAGES);
	if (rc)
		free(all);
	*infos = rc ? NULL : all;
	return rc ? rc : (int)n;
}

int ctl_vcpu_set_context(domid_t domid, unsigned int vcpu, const vcpu_guest_context_t *context)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_setvcpucontext, .domain = domid };
	vcpu_guest_context_t *page = os_alloc_pages(CONTEXT_PAGES);
	int rc = -ENOMEM;

	if (page) {
		memcpy(page, context, sizeof(*page));
		op.u.vcpucontext.vcpu = vcpu;
		set_xen_guest_handle(op.u.vcpucontext.ctxt, page);
		rc = os_domctl(&op);
	}
	os_free_pages(page, CONTEXT_PAGES);
	return rc;
}

int ctl_domain_weight(domid_t domid, unsigned int weight, unsigned int cap)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_scheduler_op, .domain = domid };
	struct xen_domctl_scheduler_op *s = &op.u.scheduler_op;
	int rc = ctl_scheduler(&s->sched_id);

	if (rc)
		return rc;
	s->cmd = XEN_DOMCTL_SCHEDOP_putinfo;
	if (s->sched_id == XEN_SCHEDULER_CREDIT) {
		s->u.credit.weight = (uint16_t)weight;
		s->u.credit.cap = (uint16_t)cap;
	} else if (s->sched_id == XEN_SCHEDULER_CREDIT2) {
		s->u.credit2.weight = (uint16_t)weight;
		s->u.credit2.cap = (uint16_t)cap;
	} else {
		return -EOPNOTSUPP;
	}
	return os_domctl(&op);
}
