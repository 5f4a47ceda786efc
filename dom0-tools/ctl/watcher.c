/* SPDX-License-Identifier: MIT */
/*
 * The watcher sleeps on xenstore's @releaseDomain, which the store fires when the hypervisor says
 * that some domain shut down or died, and then compares the living records with the hypervisor's
 * list. A domain that shut down is destroyed, restarted, or preserved, as its configuration says; a
 * domain that is gone without us (another tool) only loses its records.
 *
 * One that ends again within a second of its start is restarted when that second is over. It is there until then: what
 * the operator destroys meanwhile stays destroyed, and others are not kept waiting.
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

#define LIFE_MIN_MS 1000U
#define FOREVER_MS (-1)

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
static int rename_away(const struct record_living *r)
{
	time_t now = (time_t)(os_wall_ns() / 1000000000ULL);
	char name[DOMAIN_NAME_MAX + 1];
	struct tm tm;
	char stamp[16];
	domid_t other;
	int rc;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%MZ", &tm);
	snprintf(name, sizeof(name), "%.40s-%s", r->config.name, stamp);
	if (!life_find(name, &other))
		snprintf(name, sizeof(name), "%.40s-%s-%u", r->config.name, stamp, r->domid);
	rc = xstree_rename(r->domid, name);
	if (rc)
		return rc;
	records_set_preserved(r->domid, name);
	/* The restarted domain needs the same disks and addresses. */
	device_remove_all(r->domid);
	return 0;
}

static void apply(struct record_living *r, unsigned int code, enum domain_action action)
{
	struct err err;

	note(r, code, action);
	switch (action) {
	case ACTION_PRESERVE:
		records_set_preserved(r->domid, NULL);
		return;
	case ACTION_RENAME_RESTART:
		if (rename_away(r))
			return;
		/* A new uuid, for the preserved domain keeps its own. */
		r->config.uuid[15] = (uint8_t)(r->config.uuid[15] + r->domid);
		r->config.uuid[14] ^= (uint8_t)(r->domid >> 8);
		break;
	default:
		if (life_destroy(r->domid, (int)code, &err) && err.kind != ERR_HELD)
			return;
	}
	if (action != ACTION_DESTROY)
		restart(&r->config);
}

/* Applies its policy, now or when it is time: the milliseconds until then. */
static int end(struct record_living *r, unsigned int code)
{
	enum domain_action action = code < NR_ENDS ? r->config.on[code] : ACTION_DESTROY;
	uint64_t lived_ms = (os_now_ns() - r->started_ns) / 1000000U;

	if ((action == ACTION_RESTART || action == ACTION_RENAME_RESTART) && lived_ms < LIFE_MIN_MS)
		return (int)(LIFE_MIN_MS - lived_ms);
	apply(r, code, action);
	return FOREVER_MS;
}

static void forget(const struct record_living *r)
{
	xstree_close(r->domid);
	device_remove_all(r->domid);
	console_gone(r->domid);
	xs_release_domain(xstree_handle(), r->domid);
	records_died(r->domid, RECORD_DESTROYED, NULL);
	xstree_remove(r->domid, r->config.uuid);
}

/* When to look again, if nothing happens. */
static int check(domid_t domid)
{
	int rc, known, again = FOREVER_MS;
	struct record_living r;
	ctl_info info;

	rc = ctl_domain_info(domid, &info);
	if (!rc && !(info.flags & XEN_DOMINF_shutdown))
		return again;
	known = records_living(domid, &r);
	if (known)
		return known == -ENOMEM ? (int)LIFE_MIN_MS : again;
	if (rc == -ESRCH)
		forget(&r);
	else if (!rc && !r.preserved && !(info.flags & XEN_DOMINF_dying))
		again = end(&r, info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask);
	domain_config_free(&r.config);
	return again;
}

static void watch(void *arg)
{
	struct xs_handle *h = arg;
	int again = FOREVER_MS;
	unsigned int n;

	for (;;) {
		free(xs_read_watch_timeout(h, &n, again));
		again = FOREVER_MS;
		for (int domid = -1; records_next(&domid);) {
			int ms = check((domid_t)domid);

			if (ms != FOREVER_MS && (again == FOREVER_MS || ms < again))
				again = ms;
		}
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
