/* SPDX-License-Identifier: MIT */
/*
 * Virtual block devices as a kind of the backends' bus, and the list of them. `lock` guards the list; devices come and
 * go in the bus's thread only.
 */
#include "blkback.h"
#include "vbd.h"
#include <bus/bus.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

static struct os_mutex *lock;
static struct vbd *vbds;

static int probe(struct bus_device *d, const char **why)
{
	static char text[sizeof(((struct vbd *)0)->why)];	/* outlives the device */
	struct vbd *v = calloc(1, sizeof(*v));
	int rc;

	if (!v)
		return -ENOMEM;
	v->bus = d;
	v->domid = d->domid;
	v->id = d->id;
	rc = vbd_open(v);
	if (rc) {
		snprintf(text, sizeof(text), "%s", v->why);
		*why = text;
		free(v);
		return rc;
	}
	d->driver = v;
	os_mutex_lock(lock);
	v->next = vbds;
	vbds = v;
	os_mutex_unlock(lock);
	return 0;
}

static void publish(struct bus_device *d)
{
	vbd_offer(d->driver);
}

static int connect(struct bus_device *d, const char **why)
{
	struct vbd *v = d->driver;
	int rc = vbd_connect(v);

	*why = v->why;
	return rc;
}

static void disconnect(struct bus_device *d)
{
	vbd_disconnect(d->driver);
}

static void remove_vbd(struct bus_device *d)
{
	struct vbd *v = d->driver, **link = &vbds;

	os_mutex_lock(lock);
	while (*link != v)
		link = &(*link)->next;
	*link = v->next;
	os_mutex_unlock(lock);
	block_close(v->queue);
	free(v);
}

int blkback_start(void)
{
	static const struct bus_kind kind = {
		.name = "vbd", .probe = probe, .publish = publish, .connect = connect,
		.disconnect = disconnect, .remove = remove_vbd,
	};

	lock = os_mutex_new();
	return lock ? bus_start(&kind) : -ENOMEM;
}

void blkback_list(FILE *out)
{
	fprintf(out, "%-5s %-6s %10s %8s %8s %12s %12s %8s %8s %8s %8s\n", "Dom", "Vdev", "requests", "refused",
		"errors", "rd-sectors", "wr-sectors", "events", "notifies", "maps", "copies");
	os_mutex_lock(lock);
	for (const struct vbd *v = vbds; v; v = v->next) {
		const struct vbd_counters *c = &v->counters;

		fprintf(out, "%-5u %-6u %10" PRIu64 " %8" PRIu64 " %8" PRIu64 " %12" PRIu64 " %12" PRIu64
			" %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "\n", v->domid, v->id,
			c->requests, c->refused, c->errors, c->sectors_read, c->sectors_written, c->events,
			c->notifications, c->maps + v->grants.mapped, c->copies);
	}
	os_mutex_unlock(lock);
}
