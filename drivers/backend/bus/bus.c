/* SPDX-License-Identifier: MIT */
/*
 * The handshake. Both ends publish a state; ours follows from the frontend's, from what the toolstack asks (state 5
 * written to our side, or the directory removed) and from what is connected. Whatever order these come
 * in, a device is connected at most once and disconnected before it is forgotten.
 *
 * Trust: the frontend writes its directory as it likes at any time; the path to it is the toolstack's, and is checked to be
 * in the domain it is said to be. The lists are each thread's own, hence no lock.
 */
#include "bus/bus.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "os/os.h"
#include "xenstore/xs.h"

enum { GONE = -1, INITIALISING = 1, INIT_WAIT, INITIALISED, CONNECTED, CLOSING, CLOSED };

struct bus {
	const struct bus_kind *kind;
	struct xs_handle *xs;
	struct bus_device *first;
	char root[48];
};

#define LOST_MS 100             /* until some memory may have come back */
#define MAX_KINDS 8
static struct bus buses[MAX_KINDS];
static unsigned int nr_buses;

static struct bus *bus_of(const struct bus_device *d)
{
	struct bus *b = buses;

	while (b->kind != d->kind)
		b++;
	return b;
}

/* --- Entries ---------------------------------------------------------------------------------- */

static void path_of(char *path, size_t size, const struct bus_device *d, bool front, const char *key)
{
	snprintf(path, size, "%s/%s", front ? d->front : d->back, key);
}

int bus_read(const struct bus_device *d, bool front, const char *key, char *buf, size_t size)
{
	char path[160], *value;
	unsigned int len;

	path_of(path, sizeof(path), d, front, key);
	value = xs_read(bus_of(d)->xs, XBT_NULL, path, &len);
	if (!value)
		return -errno;
	if (len >= size) {
		free(value);
		return -ENAMETOOLONG;
	}
	memcpy(buf, value, len + 1);
	free(value);
	return (int)len;
}

uint64_t bus_read_number(const struct bus_device *d, bool front, const char *key, uint64_t missing)
{
	char text[24], *end;
	uint64_t n;

	if (bus_read(d, front, key, text, sizeof(text)) <= 0 || *text < '0' || *text > '9')
		return missing;
	n = strtoull(text, &end, 10);
	return *end ? missing : n;
}

static bool write_if(const struct bus_device *d, const char *node, const char *is, const char *key, const char *value)
{
	char there[160], path[160];

	path_of(there, sizeof(there), d, false, node);
	path_of(path, sizeof(path), d, false, key);
	return xs_write_if(bus_of(d)->xs, there, is, path, value);
}

/* A directory that the toolstack has just removed is not to be made anew. */
void bus_write(const struct bus_device *d, const char *key, const char *value)
{
	write_if(d, "frontend", NULL, key, value);
}

void bus_write_number(const struct bus_device *d, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	bus_write(d, key, text);
}

static void set_state(struct bus_device *d, int state)
{
	if (d->state == state)
		return;
	d->state = state;
	bus_write_number(d, "state", (uint64_t)state);
}

static int state_of(const struct bus_device *d, bool front)
{
	uint64_t state = bus_read_number(d, front, "state", UINT64_MAX);

	return state > CLOSED ? GONE : (int)state;
}

/* Where the toolstack looks for it (device_attach), and on the console. */
static void fail(struct bus_device *d, const char *why, int rc)
{
	char text[160], who[40];

	snprintf(text, sizeof(text), "%s: %s", why, strerror(-rc));
	bus_write(d, "error", text);
	snprintf(who, sizeof(who), "%s%u.%u", d->kind->name, d->domid, d->id);
	complain(&d->complaints, who, text);
}

/* --- The handshake ---------------------------------------------------------------------------- */

static void disconnect(struct bus_device *d)
{
	if (d->connected)
		d->kind->disconnect(d);
	d->connected = false;
}

static void connect(struct bus_device *d)
{
	const char *why = "";
	int rc;

	if (d->connected || d->state >= CLOSING)
		return;
	rc = d->kind->connect(d, &why);
	if (rc) {
		fail(d, why, rc);
		set_state(d, CLOSING);
		return;
	}
	d->connected = true;
	set_state(d, CONNECTED);
}

static void offer(struct bus_device *d)
{
	if (d->state == INIT_WAIT)
		return;
	disconnect(d);
	d->kind->publish(d);
	set_state(d, INIT_WAIT);
}

static void watch_front(struct bus_device *d, bool on)
{
	struct xs_handle *xs = bus_of(d)->xs;
	char path[160], token[32];

	path_of(path, sizeof(path), d, true, "state");
	snprintf(token, sizeof(token), "%u/%u", d->domid, d->id);
	if (on)
		xs_watch(xs, path, token);
	else
		xs_unwatch(xs, path, token);
}

/* Nothing of the driver's stays, whatever becomes of the directory. */
static void let_go(struct bus_device *d)
{
	if (d->empty)
		return;
	watch_front(d, false);
	disconnect(d);
	d->kind->remove(d);
	d->empty = true;
}

static bool is_online(const struct bus_device *d)
{
	return bus_read_number(d, false, "online", 0);
}

/* Closed, and to be opened again: false if it is not online any more at the moment of saying so. */
static bool rest(struct bus_device *d)
{
	if (d->state != CLOSED && !write_if(d, "online", "1", "state", "6"))
		return false;
	d->state = CLOSED;
	return true;
}

/* The toolstack takes a device offline and waits for this state, to use what the device was made of: it is free
 * before, and what was said while the device was online is no answer to that. */
static void close_device(struct bus_device *d)
{
	disconnect(d);
	if (is_online(d) && (rest(d) || is_online(d)))
		return;
	let_go(d);
	set_state(d, CLOSED);
}

static void follow(struct bus_device *d)
{
	int front = d->empty ? GONE : state_of(d, true);

	/* The toolstack wrote it over our state. */
	if (state_of(d, false) == CLOSING)
		d->state = CLOSING;
	switch (front) {
	case INITIALISING:
		if (is_online(d) && d->state != CLOSING)
			offer(d);
		else
			close_device(d);
		break;
	case INITIALISED:
	case CONNECTED:
		if (is_online(d))
			connect(d);
		else
			set_state(d, CLOSING);	/* it was asked for, maybe over a state that we wrote then */
		break;
	case CLOSING:
		disconnect(d);
		set_state(d, CLOSING);
		break;
	case CLOSED:
	case GONE:
		close_device(d);
		break;
	}
}

/* --- Devices come and go ---------------------------------------------------------------------- */

static void forget(struct bus_device **link)
{
	struct bus_device *d = *link;

	let_go(d);
	*link = d->next;
	free(d);
}

static bool find_front(struct bus_device *d)
{
	char home[32];

	snprintf(home, sizeof(home), "/local/domain/%u/", d->domid);
	return bus_read(d, false, "frontend", d->front, sizeof(d->front)) > 0 &&
	       bus_read_number(d, false, "frontend-id", UINT64_MAX) == d->domid &&
	       !strncmp(d->front, home, strlen(home));
}

static void discover(struct bus *b, domid_t domid, unsigned int id)
{
	struct bus_device *d = calloc(1, sizeof(*d));
	const char *why = "memory of domain 0";
	int rc;

	if (!d)
		return;
	d->kind = b->kind;
	d->domid = domid;
	d->id = id;
	d->state = INITIALISING;
	snprintf(d->back, sizeof(d->back), "%s/%u/%u", b->root, domid, id);
	if (!find_front(d)) {		/* not complete: its watch will fire again */
		free(d);
		return;
	}
	d->next = b->first;
	b->first = d;
	rc = d->kind->probe(d, &why);
	if (!rc) {
		watch_front(d, true);
		return;
	}
	d->empty = true;
	fail(d, why, rc);
	set_state(d, CLOSED);
}

/* The toolstack may have removed a directory and made one of the same name before we looked: a state that only it
 * writes, and that we have left, tells that the device is another one. */
static bool outlived(const struct bus_device *d)
{
	int published = state_of(d, false);

	return published == GONE || (published == INITIALISING && d->state != INITIALISING);
}

static void update(struct bus *b, domid_t domid, unsigned int id)
{
	struct bus_device **link = &b->first;

	while (*link && ((*link)->domid != domid || (*link)->id != id))
		link = &(*link)->next;
	if (*link && outlived(*link))
		forget(link);
	else if (*link)
		return follow(*link);
	discover(b, domid, id);
}

/* Everything there is and everything we know of. */
static void scan(struct bus *b)
{
	char path[96], **domids, **ids;
	unsigned int n, m;

	for (struct bus_device *d = b->first, *next; d; d = next) {
		next = d->next;
		update(b, d->domid, d->id);
	}
	domids = xs_directory(b->xs, XBT_NULL, b->root, &n);
	for (unsigned int i = 0; domids && i < n; i++) {
		snprintf(path, sizeof(path), "%s/%.16s", b->root, domids[i]);
		ids = xs_directory(b->xs, XBT_NULL, path, &m);
		for (unsigned int j = 0; ids && j < m; j++)
			update(b, (domid_t)strtoul(domids[i], NULL, 10), (unsigned int)strtoul(ids[j], NULL, 10));
		free(ids);
	}
	free(domids);
}

static void handle(struct bus *b, char **event)
{
	const char *path = event[XS_WATCH_PATH], *token = event[XS_WATCH_TOKEN];
	unsigned int domid, id;

	if (!strcmp(token, "root"))
		path += strlen(b->root) + (strlen(path) > strlen(b->root));
	else
		path = token;
	if (sscanf(path, "%u/%u", &domid, &id) == 2)
		update(b, (domid_t)domid, id);
	else
		scan(b);
}

static void run(void *arg)
{
	struct bus *b = arg;
	unsigned int n;

	for (;;) {
		char **event = xs_read_watch(b->xs, &n);

		if (event) {
			handle(b, event);
		} else {                /* one is lost for want of memory: it may have been about anything */
			os_sleep_ms(LOST_MS);
			scan(b);
		}
		free(event);
	}
}

int bus_start(const struct bus_kind *kind)
{
	struct bus *b = &buses[nr_buses];
	char name[16];

	if (nr_buses == MAX_KINDS)
		return -ENOSPC;
	b->kind = kind;
	b->xs = xs_open(0);
	if (!b->xs)
		return -errno;
	snprintf(b->root, sizeof(b->root), "/local/domain/0/backend/%s", kind->name);
	if (!xs_mkdir(b->xs, XBT_NULL, b->root) || !xs_watch(b->xs, b->root, "root")) {
		xs_close(b->xs);
		return -errno;
	}
	nr_buses++;
	snprintf(name, sizeof(name), "%sback", kind->name);
	return os_thread_start(name, run, b);
}
