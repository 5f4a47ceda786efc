/* SPDX-License-Identifier: MIT */
/*
 * The records. A list of the living, rings of the dead and of failures, oldest overwritten first.
 * One lock guards all three; nothing is called while it is held but the allocator.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/records.h"

struct living {
	struct living *next;            /* by rising id */
	struct record_living r;
};

static struct os_mutex *lock;
static struct living *living;
static struct record_dead dead[RECORDS_KEPT];
static struct record_failed failed[RECORDS_KEPT];
static unsigned int nr_dead, nr_failed;         /* ever; next slot: modulo RECORDS_KEPT */

int records_start(void)
{
	lock = os_mutex_new();
	return lock ? 0 : -ENOMEM;
}

int records_add(domid_t domid, const struct domain_config *config)
{
	struct living *l = calloc(1, sizeof(*l)), **link;

	if (!l || domain_config_copy(&l->r.config, config)) {
		free(l);
		return -ENOMEM;
	}
	l->r.domid = domid;
	l->r.started_ns = os_now_ns();
	os_mutex_lock(lock);
	for (link = &living; *link && (*link)->r.domid < domid; link = &(*link)->next)
		;
	l->next = *link;
	*link = l;
	os_mutex_unlock(lock);
	return 0;
}

static struct living *find_locked(domid_t domid)
{
	struct living *l;

	for (l = living; l && l->r.domid != domid; l = l->next)
		;
	return l;
}

static struct living *unlink_locked(domid_t domid)
{
	struct living **link, *l;

	for (link = &living; (l = *link) && l->r.domid != domid; link = &l->next)
		;
	if (l)
		*link = l->next;
	return l;
}

static void living_free(struct living *l)
{
	if (l)
		domain_config_free(&l->r.config);
	free(l);
}

void records_drop(domid_t domid)
{
	struct living *l;

	os_mutex_lock(lock);
	l = unlink_locked(domid);
	os_mutex_unlock(lock);
	living_free(l);
}

void records_set_preserved(domid_t domid, const char *new_name)
{
	struct living *l;

	os_mutex_lock(lock);
	l = find_locked(domid);
	if (l) {
		l->r.preserved = true;
		if (new_name)
			snprintf(l->r.config.name, sizeof(l->r.config.name), "%s", new_name);
	}
	os_mutex_unlock(lock);
}

void records_died(domid_t domid, int code, char *report)
{
	struct record_dead *d;
	struct living *l;

	os_mutex_lock(lock);
	l = unlink_locked(domid);
	if (l) {
		d = &dead[nr_dead++ % RECORDS_KEPT];
		free(d->report);
		*d = (struct record_dead){ .domid = domid, .code = code, .report = report };
		d->ended_ns = os_now_ns();
		d->lived_ns = d->ended_ns - l->r.started_ns;
		strcpy(d->name, l->r.config.name);
		report = NULL;
	}
	os_mutex_unlock(lock);
	living_free(l);
	free(report);
}

void records_failed(const char *name, const struct err *err)
{
	struct record_failed *f;

	os_mutex_lock(lock);
	f = &failed[nr_failed++ % RECORDS_KEPT];
	f->err = *err;
	f->when_ns = os_now_ns();
	snprintf(f->name, sizeof(f->name), "%s", name);
	os_mutex_unlock(lock);
}

int records_living(domid_t domid, struct record_living *out)
{
	struct living *l;
	int rc = -ENOENT;

	os_mutex_lock(lock);
	l = find_locked(domid);
	if (l) {
		*out = l->r;
		rc = domain_config_copy(&out->config, &l->r.config);
	}
	os_mutex_unlock(lock);
	return rc;
}

static bool is_called(const struct record_dead *d, const char *who)
{
	char id[8];

	snprintf(id, sizeof(id), "%u", d->domid);
	return !strcmp(d->name, who) || !strcmp(id, who);
}

int records_dead(const char *who, struct record_dead *out)
{
	int rc = -ENOENT;

	os_mutex_lock(lock);
	for (unsigned int i = nr_dead; rc && i > 0 && nr_dead - i < RECORDS_KEPT; i--) {
		const struct record_dead *d = &dead[(i - 1) % RECORDS_KEPT];

		if (!is_called(d, who))
			continue;
		*out = *d;
		out->report = d->report ? strdup(d->report) : NULL;
		rc = 0;
	}
	os_mutex_unlock(lock);
	return rc;
}

int records_last_failure(const char *name, struct record_failed *out)
{
	int rc = -ENOENT;

	os_mutex_lock(lock);
	for (unsigned int i = nr_failed; rc && i > 0 && nr_failed - i < RECORDS_KEPT; i--) {
		const struct record_failed *f = &failed[(i - 1) % RECORDS_KEPT];

		if (strcmp(f->name, name))
			continue;
		*out = *f;
		rc = 0;
	}
	os_mutex_unlock(lock);
	return rc;
}

bool records_next(int *domid)
{
	struct living *l;

	os_mutex_lock(lock);
	for (l = living; l && l->r.domid <= *domid; l = l->next)
		;
	if (l)
		*domid = l->r.domid;
	os_mutex_unlock(lock);
	return l;
}
