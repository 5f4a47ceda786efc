/* SPDX-License-Identifier: MIT */
/*
 * What the control domain alone may do: information about a domain and about the machine, creation of an empty
 * domain and its destruction. Also what peer.c needs to make one.
 */
#define __XEN_TOOLS__ 1
#include "control.h"
#include <string.h>
#include <xen/sysctl.h>

#define SAMPLES_CREATE 100

struct xen_domctl control_op;
static struct xen_sysctl sysctl_op;
static domid_t created;

long control(unsigned int cmd, domid_t domid)
{
	control_op.cmd = cmd;
	control_op.domain = domid;
	control_op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	return hypercall1(__HYPERVISOR_domctl, (unsigned long)&control_op);
}

static void prepare_create(void)
{
	struct xen_domctl_createdomain *c = &control_op.u.createdomain;

	memset(&control_op, 0, sizeof(control_op));
	control_op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	control_op.cmd = XEN_DOMCTL_createdomain;
	c->handle[0] = 1;
	c->max_vcpus = 1;
	c->max_evtchn_port = 1023;
	c->max_grant_frames = 1;
	c->max_maptrack_frames = 1;
	c->grant_opts = XEN_DOMCTL_GRANT_version(1);
}

static void run_op(void) { hypercall1(__HYPERVISOR_domctl, (unsigned long)&control_op); }

static void prepare_destroy(void)
{
	control_op.domain = created;
	control_op.cmd = XEN_DOMCTL_destroydomain;
}

/* Ends the domain of the sample before, if any. */
static void end_created(void)
{
	if (control_op.cmd == XEN_DOMCTL_createdomain)
		must("destroydomain", control(XEN_DOMCTL_destroydomain, control_op.domain));
}

static void next_create(void)
{
	end_created();
	prepare_create();
}

domid_t control_create(void)
{
	prepare_create();
	must("createdomain", control(XEN_DOMCTL_createdomain, 0));
	return control_op.domain;
}

static void next_destroy(void)
{
	created = control_create();
	prepare_destroy();
}

static void get_info(void) { control(XEN_DOMCTL_getdomaininfo, 0); }

static void physinfo(void)
{
	sysctl_op.cmd = XEN_SYSCTL_physinfo;
	sysctl_op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	hypercall1(__HYPERVISOR_sysctl, (unsigned long)&sysctl_op);
}

void bench_control(void)
{
	static const struct bench table[] = {
		{ "domctl_getdomaininfo", get_info, NULL, 0 },
		{ "sysctl_physinfo", physinfo, NULL, 0 },
		{ "domctl_create", run_op, next_create, SAMPLES_CREATE },
		{ "domctl_destroy", run_op, next_destroy, SAMPLES_CREATE },
	};

	bench_run(table, 3);
	end_created();
	bench_run(table + 3, 1);
}
