/* SPDX-License-Identifier: MIT */
/*
 * The watcher sleeps on xenstore's @releaseDomain, which the store fires when the hypervisor says
 * that some domain shut down or died, and then compares the living records with the hypervisor's
 * list. A domain that shut down is destroyed, restarted, or preserved, as its configuration says; a
 * domain that is gone without us (another tool) only loses its records.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "console/console.h"
#include "ctl/device.h"
#include "ctl/hyper.h"
#include "ctl/life.h"
#include "ctl/records.h"
#include "ctl/watcher.h"
#include "ctl/xstree.h"

/* A domain that ends again within this time of its start is not restarted for ever. */
#define RESTART_MIN_NS 1000000000ULL
#define RESTART_PAUSE_MS 1000

static void note(const struct record_living *r, unsigned int code, enum domain_action action)
{
	char text[160];

	snprintf(text, sizeof(text), "[pvctl] domain %u \"%s\" has shut down: %s; action: %s\r\n",
		 r->domid, r->config.name, domain_end_name(code), domain_action_name(action));
	console_note(r->domid, text);
}

static void restart(const struct domain_config *config)
{
	struct err err = { .kind = ERR_NONE };
	domid_t domid;

	if (!life_create(config, &domid, &err))
		life_unpause(domid, &err);
}

/* As xl does, under a name that says when: the restarted domain gets the old one. */
static void rename_away(const struct record_living *r)
{
	time_t now = (time_t)(os_wall_ns() / 1000000000ULL);
	char name[DOMAIN_NAME_MAX + 1];
	struct tm tm;
	char stamp[16];
	domid_t other;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%MZ", &tm);
	snprintf(name, sizeof(name), "%.40s-%s", r->config.name, stamp);
	if (!life_find(name, &other))
		snprintf(name, sizeof(name), "%.40s-%s-%u", r->config.name, stamp, r->domid);
	xstree_rename(r->domid, name);
	records_set_preserved(r->domid, name);
}

static void apply(struct record_living *r, unsigned int code)
{
	enum domain_action action = code < NR_ENDS ? r->config.on[code] : ACTION_DESTROY;
	bool quick = os_now_ns() - r->started_ns < RESTART_MIN_NS;
	struct err err;

	note(r, code, action);
	switch (action) {
	case ACTION_PRESERVE:
		records_set_preserved(r->domid, NULL);
		return;
	case ACTION_RENAME_RESTART:
		rename_away(r);
		/* A new uuid, for the preserved domain keeps its own. */
		r->config.uuid[15] = (uint8_t)(r->config.uuid[15] + r->domid);
		r->config.uuid[14] ^= (uint8_t)(r->domid >> 8);
		break;
	default:
		if (life_destroy(r->domid, (int)code, &err))
			return;
	}
	if (action == ACTION_DESTROY)
		return;
	if (quick)
		os_sleep_ms(RESTART_PAUSE_MS);
	restart(&r->config);
}

static void check(domid_t domid)
{
	struct record_living r;
	ctl_info info;
	int rc = ctl_domain_info(domid, &info);

	if (!rc && !(info.flags & XEN_DOMINF_shutdown))
		return;
	if (records_living(domid, &r))
		return;
	if (rc == -ESRCH) {
		xstree_close(domid);
		device_remove_all(domid);
		console_gone(domid);
		xs_release_domain(xstree_handle(), domid);
		records_died(domid, RECORD_DESTROYED, NULL);
		xstree_remove(domid, r.config.uuid);
	} else if (!rc && !r.preserved && !(info.flags & XEN_DOMINF_dying)) {
		apply(&r, info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask);
	}
	domain_config_free(&r.config);
}

static void watch(void *arg)
{
	struct xs_handle *h = arg;
	static domid_t ids[LIFE_MAX_DOMAINS];
	unsigned int n;
	char **event;

	while ((event = xs_read_watch(h, &n))) {
		free(event);
		n = records_ids(ids, LIFE_MAX_DOMAINS);
		for (unsigned int i = 0; i < n; i++)
			check(ids[i]);
	}
}

int watcher_start(void)
{
	struct xs_handle *h = xs_open(0);
	int rc;

	if (!h)
		return -errno;
	if (!xs_watch(h, "@releaseDomain", "watcher"))
		rc = -errno;
	else
		rc = os_thread_start("watcher", watch, h);
	if (rc)
		xs_close(h);
	return rc;
}
