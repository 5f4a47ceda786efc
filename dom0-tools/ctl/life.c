/* SPDX-License-Identifier: MIT */
/*
 * Creates and destroys domains. Creation checks the files before it asks for a domain, and undoes
 * its steps in reverse order where one fails. Destruction first takes every mapping of ours away
 * (devices, console, store): a frame that we map would keep the dead domain's memory allocated.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/device.h"
#include "ctl/hyper.h"
#include "ctl/life.h"
#include "ctl/logscan.h"
#include "ctl/records.h"
#include "ctl/target.h"
#include "ctl/vcpus.h"
#include "ctl/xstree.h"
#include "console/console.h"

#define OVERHEAD_PAGES 256              /* the hypervisor's own per domain: tables, vcpu, heap */
#define REPORT_LINES 60
#define GONE_STEPS 400                  /* of GONE_STEP_MS: two seconds */
#define GONE_STEP_MS 5

static struct os_mutex *lock;

int life_start(void)
{
	int rc = xstree_open();

	lock = os_mutex_new();
	if (!rc)
		rc = lock ? xstree_domain0() : -ENOMEM;
	return rc ? rc : records_start();
}

static int refused(struct err *err, int rc, const char *what)
{
	return err_set(err, rc == -ENOMEM ? ERR_NO_MEMORY : ERR_HYPERVISOR, "%s: %s", what,
		       strerror(-rc));
}

static bool has_name(const ctl_info *info, const void *who)
{
	char name[DOMAIN_NAME_MAX + 1];

	if (isdigit(*(const unsigned char *)who))
		snprintf(name, sizeof(name), "%u", info->domain);
	else
		xstree_name(info->domain, name);
	return !strcmp(name, who);
}

static bool has_uuid(const ctl_info *info, const void *uuid)
{
	return !(info->flags & XEN_DOMINF_dying) && !memcmp(info->handle, uuid, sizeof(info->handle));
}

/* The first domain for which is(info, what). */
static int find(bool (*is)(const ctl_info *info, const void *what), const void *what,
		domid_t *domid)
{
	ctl_info *infos;
	int n = ctl_domain_list(&infos), rc = n < 0 ? n : -ENOENT;

	for (int i = 0; i < n && rc; i++)
		if (is(&infos[i], what)) {
			*domid = infos[i].domain;
			rc = 0;
		}
	free(infos);
	return rc;
}

int life_find(const char *who, domid_t *domid)
{
	return find(has_name, who, domid);
}

static int check_memory(const struct domain_config *c, struct err *err)
{
	struct xen_sysctl_physinfo info;
	int rc = ctl_physinfo(&info);

	if (rc)
		return refused(err, rc, "cannot ask for the machine's free memory");
	if (info.free_pages < (c->memory_kb >> 2) + OVERHEAD_PAGES)
		return err_set(err, ERR_NO_MEMORY, "too little free memory: the domain needs "
			       "%" PRIu64 " KB and %u KB for its keeping, the machine has "
			       "%" PRIu64 " KB free", c->memory_kb, OVERHEAD_PAGES * 4,
			       info.free_pages * 4);
	return 0;
}

static int new_domain(const struct domain_config *c, domid_t *domid, struct err *err)
{
	struct ctl_new_domain new = {
		.max_vcpus = c->max_vcpus, .max_evtchn_port = c->max_event_channels,
		.max_grant_frames = c->max_grant_frames,
	};
	int rc;

	memcpy(new.uuid, c->uuid, sizeof(new.uuid));
	rc = ctl_domain_create(&new, domid);
	return rc ? refused(err, rc, "the hypervisor refuses a new domain") : 0;
}

static int set_limits(const struct domain_config *c, domid_t domid, struct err *err)
{
	int rc = ctl_domain_max_vcpus(domid, c->max_vcpus);

	if (rc)
		return refused(err, rc, "cannot allocate the domain's vcpus");
	rc = ctl_domain_max_mem(domid, c->max_memory_kb + TARGET_SLACK_KB);
	if (rc)
		return refused(err, rc, "cannot set the domain's memory limit");
	if (!c->weight && !c->cap)
		return vcpus_pin_config(domid, c, err);
	rc = ctl_domain_weight(domid, c->weight ? c->weight : 256, c->cap);
	if (rc == -EOPNOTSUPP)
		return err_set(err, ERR_HYPERVISOR, "the hypervisor's scheduler knows neither cpu_weight nor cap: "
			       "expected 256 and 0, or none");
	return rc ? refused(err, rc, "cpu_weight and cap") : vcpus_pin_config(domid, c, err);
}

static int alloc_ports(struct builder_domain *d, struct err *err)
{
	int store = os_evtchn_alloc_for(d->domid, 0);
	int console = store < 0 ? store : os_evtchn_alloc_for(d->domid, 0);

	if (console < 0)
		return refused(err, console, "cannot allocate the domain's event channels");
	d->store_port = (uint32_t)store;
	d->console_port = (uint32_t)console;
	return 0;
}

/* Console, xenstore and records learn of a domain that is built; they forget it on error. */
static int announce(const struct domain_config *c, const struct builder_domain *d,
		    struct err *err)
{
	int rc = xstree_create(c, d, err);

	if (rc)
		goto fail_tree;
	if (!xs_introduce_domain(xstree_handle(), d->domid, d->store_mfn, d->store_port)) {
		rc = err_set(err, ERR_XENSTORE, "xenstored does not take the new domain: %s",
			     strerror(errno));
		goto fail_tree;
	}
	rc = console_add(d->domid, c->name, d->console_mfn, d->console_port);
	if (rc) {
		refused(err, rc, "the console daemon does not take the new domain");
		goto fail_introduced;
	}
	rc = records_add(d->domid, c);
	if (!rc)
		return 0;
	err_set(err, ERR_NO_MEMORY, "domain 0 has no memory for the domain's record");
	console_forget(d->domid);
fail_introduced:
	xs_release_domain(xstree_handle(), d->domid);
fail_tree:
	xstree_remove(d->domid, c->uuid);
	return rc;
}

static void retract(const struct domain_config *c, const struct builder_domain *d)
{
	xstree_close(d->domid);
	device_remove_all(d->domid);
	records_drop(d->domid);
	console_forget(d->domid);
	xs_release_domain(xstree_handle(), d->domid);
	xstree_remove(d->domid, c->uuid);
}

static int add_devices(const struct domain_config *c, domid_t domid, struct err *err)
{
	int rc = 0;

	for (unsigned int i = 0; !rc && i < c->nr_disks; i++)
		rc = disk_attach(domid, &c->disks[i], err);
	for (unsigned int i = 0; !rc && i < c->nr_vifs; i++)
		rc = vif_attach(domid, &c->vifs[i], err);
	return rc;
}

/* Its frames come back in the background: wait, so that who looks next sees them free. */
static int destroy_and_wait(domid_t domid)
{
	ctl_info info;
	int rc = ctl_domain_destroy(domid);

	for (int i = 0; !rc && i < GONE_STEPS; i++) {
		if (ctl_domain_info(domid, &info))
			return 0;
		os_sleep_ms(GONE_STEP_MS);
	}
	return rc ? rc : -EBUSY;
}

static int not_gone(struct err *err, domid_t domid, int rc)
{
	if (rc == -EBUSY)
		return err_set(err, ERR_HELD, "domain %u is destroyed, but memory of it stays until others that "
			       "map it let go", domid);
	return refused(err, rc, "the hypervisor does not destroy the domain");
}

static int create(const struct domain_config *c, const struct builder_kernel *k, domid_t *domid,
		  struct err *err)
{
	struct builder_domain d = { .cmdline = c->cmdline };
	int rc = new_domain(c, &d.domid, err);

	if (rc)
		return rc;
	rc = set_limits(c, d.domid, err);
	if (!rc)
		rc = alloc_ports(&d, err);
	if (!rc)
		rc = builder_build(k, &d, err);
	if (!rc)
		rc = announce(c, &d, err);
	if (!rc) {
		rc = add_devices(c, d.domid, err);
		if (rc)
			retract(c, &d);
	}
	if (rc)
		destroy_and_wait(d.domid);
	else
		*domid = d.domid;
	return rc;
}

static int create_locked(const struct domain_config *c, domid_t *domid, struct err *err)
{
	struct builder_kernel k;
	domid_t other;
	int rc;

	rc = life_find(c->name, &other);
	if (!rc)
		return err_set(err, ERR_EXISTS, "a domain named \"%s\" exists already, its id is %u",
			       c->name, other);
	if (rc == -ENOENT)
		rc = find(has_uuid, c->uuid, &other);
	if (!rc)
		return err_set(err, ERR_EXISTS, "the uuid of \"%s\" is in use by domain %u",
			       c->name, other);
	if (rc != -ENOENT)
		return refused(err, rc, "cannot list the domains there are");
	rc = builder_load(&k, c->kernel, c->ramdisk, c->memory_kb >> 2, err);
	if (rc)
		return rc;
	rc = check_memory(c, err);
	if (!rc)
		rc = create(c, &k, domid, err);
	builder_unload(&k);
	return rc;
}

int life_create(const struct domain_config *c, domid_t *domid, struct err *err)
{
	int rc;

	os_mutex_lock(lock);
	rc = create_locked(c, domid, err);
	os_mutex_unlock(lock);
	if (rc)
		records_failed(c->name, err);
	return rc;
}

int life_unpause(domid_t domid, struct err *err)
{
	int rc = ctl_domain_unpause(domid);

	return rc ? refused(err, rc, "cannot unpause the domain") : 0;
}

static char *take_report(domid_t domid)
{
	char *log = ctl_log(false), *report = log ? logscan_domain(log, domid, REPORT_LINES) : NULL;

	free(log);
	return report;
}

static int destroy_locked(domid_t domid, int code, struct err *err)
{
	ctl_info info;
	int rc = domid ? ctl_domain_info(domid, &info) : -EPERM;

	if (rc)
		return refused(err, rc, domid ? "no such domain" : "domain 0 stays");
	if (info.flags & XEN_DOMINF_dying)
		return err_set(err, ERR_HYPERVISOR, "domain %u is destroyed already; others map memory of it",
			       domid);
	/* A domain that had ended and was preserved keeps its own reason. */
	if (code == RECORD_DESTROYED && info.flags & XEN_DOMINF_shutdown)
		code = (int)(info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask);
	ctl_domain_pause(domid);        /* so that the last words are the last */
	xstree_close(domid);
	device_remove_all(domid);
	console_gone(domid);
	records_died(domid, code, take_report(domid));
	xs_release_domain(xstree_handle(), domid);
	rc = destroy_and_wait(domid);
	xstree_remove(domid, info.handle);
	return rc ? not_gone(err, domid, rc) : 0;
}

int life_destroy(domid_t domid, int code, struct err *err)
{
	int rc;

	os_mutex_lock(lock);
	rc = destroy_locked(domid, code, err);
	os_mutex_unlock(lock);
	return rc;
}

int life_request(domid_t domid, const char *what, struct err *err)
{
	int rc = xstree_write(domid, "control/shutdown", what);

	return rc ? err_set(err, ERR_XENSTORE, "cannot ask domain %u to shut down: %s", domid,
			    strerror(-rc)) : 0;
}
