/* SPDX-License-Identifier: MIT */
/*
 * The list of console records: a living one moves to the end when it dies, so the dead stand in
 * the order of their deaths, and the longest dead is forgotten first.
 */
#include "record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "console.h"

struct record *record_first;

static void append(struct record *r)
{
	struct record **at = &record_first;

	while (*at)
		at = &(*at)->next;
	r->next = NULL;
	*at = r;
}

static void unlink_record(struct record *r)
{
	struct record **at = &record_first;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
}

struct record *record_add(unsigned int domid, const char *name)
{
	size_t len = strlen(name) + 1;
	struct record *r = calloc(1, sizeof(*r) + len);

	if (!r)
		return NULL;
	memcpy(r->name, name, len);
	r->domid = domid;
	r->alive = true;
	append(r);
	return r;
}

void record_drop(struct record *r)
{
	unlink_record(r);
	scroll_free(&r->scroll);
	free(r);
}

/* Among records that answer to the same id or name, the living one is meant, else the youngest. */
static struct record *better(struct record *found, struct record *r)
{
	return !found || r->alive || !found->alive ? r : found;
}

struct record *record_youngest(unsigned int domid)
{
	struct record *r, *found = NULL;

	for (r = record_first; r; r = r->next)
		if (r->domid == domid)
			found = better(found, r);
	return found;
}

struct record *record_living(unsigned int domid)
{
	struct record *r = record_youngest(domid);

	return r && r->alive ? r : NULL;
}

struct record *record_find(const char *who)
{
	struct record *r, *by_name = NULL, *by_id;
	unsigned int domid;
	char end;

	for (r = record_first; r; r = r->next)
		if (!strcmp(r->name, who))
			by_name = better(by_name, r);
	if (by_name && by_name->alive)
		return by_name;
	by_id = sscanf(who, "%u%c", &domid, &end) == 1 ? record_youngest(domid) : NULL;
	return by_id ? by_id : by_name;
}

void record_die(struct record *r)
{
	struct record *oldest = NULL, *each;
	unsigned int dead = 0;

	unlink_record(r);
	append(r);
	r->alive = false;
	r->page = NULL;
	for (each = record_first; each; each = each->next) {
		if (each->alive || each->attached)
			continue;
		if (!oldest)
			oldest = each;
		dead++;
	}
	if (dead > CONSOLE_DEAD)
		record_drop(oldest);
}
