/* SPDX-License-Identifier: MIT */
/*
 * The handshake's contents: which disk the toolstack wants a guest to have, what the backend offers, and the ring and the
 * event channel that the frontend answers with. The backend's directory is domain 0's and is believed; the
 * frontend's is the guest's: each value is read once, as a number in its range or not at all.
 */
#include "vbd.h"
#include <bus/bus.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* A number up to max from the frontend's directory. False: there is none such, and no `missing` either. */
static bool front_number(struct vbd *v, const char *key, uint32_t max, uint64_t missing, uint32_t *n)
{
	uint64_t value = bus_read_number(v->bus, true, key, missing);

	*n = (uint32_t)value;
	return value <= max;
}

#define REQUIRED UINT64_MAX

/* A word from our own directory; an empty one if it is not there. */
static void word(struct vbd *v, const char *key, char *buf, size_t size)
{
	if (bus_read(v->bus, false, key, buf, size) < 0)
		*buf = 0;
}

/* Says why; the text is the device's until the next refusal. */
static int refuse(struct vbd *v, int rc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(struct vbd *v, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->why, sizeof(v->why), fmt, ap);
	va_end(ap);
	return rc;
}

/* How to get at the guest's pages, by what the disk is and what the toolstack wants. */
static int choose_mode(struct vbd *v)
{
	char grants[16];
	uint32_t one = 1;
	bool memory = block_memory(v->queue, 0, &one, false), best, copy;

	word(v, "grants", grants, sizeof(grants));
	best = !*grants || !strcmp(grants, "best");
	copy = !strcmp(grants, "copy");
	v->mode = memory && (best || copy) ? VBD_COPY : VBD_MAP;
	v->offer_persistent = !strcmp(grants, "persistent");
	return copy && !memory ? refuse(v, -EINVAL, "grants=copy is for disks that are memory") : 0;
}

void vbd_offer(struct vbd *v)
{
	uint32_t segments = v->limits.max_segments < BLK_MAX_SEGMENTS ? v->limits.max_segments :
			    BLK_MAX_SEGMENTS;

	bus_write_number(v->bus, "max-ring-page-order", BLK_RING_MAX_ORDER);
	bus_write_number(v->bus, "feature-max-indirect-segments", segments);
	bus_write_number(v->bus, "feature-persistent", v->offer_persistent);
	bus_write_number(v->bus, "feature-barrier", !v->limits.readonly);
	bus_write_number(v->bus, "feature-flush-cache", v->limits.flush);
	bus_write_number(v->bus, "feature-discard", v->offer_discard);
	if (v->offer_discard) {
		bus_write_number(v->bus, "discard-granularity", v->limits.discard_sectors * BLOCK_SECTOR);
		bus_write_number(v->bus, "discard-alignment", 0);
		bus_write_number(v->bus, "discard-secure", 0);
	}
}

int vbd_open(struct vbd *v)
{
	char target[BLOCK_NAME_MAX], type[8], mode[4];
	int rc;

	word(v, "params", target, sizeof(target));
	word(v, "type", type, sizeof(type));
	word(v, "mode", mode, sizeof(mode));
	rc = (strcmp(type, "file") ? block_open : block_open_file)(&v->queue, target, *mode == 'w', false);
	if (rc == -ENOENT)
		return refuse(v, rc, "domain 0 has no disk \"%s\"; `disk` lists them", target);
	if (rc == -EBUSY)
		return refuse(v, rc, "\"%s\" is in use, and a writer must be alone", target);
	if (rc)
		return refuse(v, rc, "cannot open \"%s\"", target);
	block_limits(v->queue, &v->limits);
	v->offer_discard = v->limits.discard_sectors && bus_read_number(v->bus, false, "discard-enable", 1);
	rc = choose_mode(v);
	if (rc)
		block_close(v->queue);
	return rc;
}

/* --- Connecting --------------------------------------------------------------------------------- */

struct offered_ring {
	uint32_t refs[BLK_RING_MAX_PAGES], nr_pages, port;
};

static int read_ring(struct vbd *v, struct offered_ring *r)
{
	uint32_t order;
	char key[16] = "ring-ref";

	if (!front_number(v, "ring-page-order", BLK_RING_MAX_ORDER, 0, &order))
		return refuse(v, -EINVAL, "the frontend's ring-page-order is above %u", BLK_RING_MAX_ORDER);
	r->nr_pages = 1u << order;
	for (unsigned int i = 0; i < r->nr_pages; i++) {
		/* A ring of one page may have either name. */
		if (!order && front_number(v, key, UINT32_MAX, REQUIRED, &r->refs[i]))
			break;
		snprintf(key, sizeof(key), "ring-ref%u", i);
		if (!front_number(v, key, UINT32_MAX, REQUIRED, &r->refs[i]))
			return refuse(v, -EINVAL, "the frontend has no sound %s", key);
	}
	if (!front_number(v, "event-channel", UINT32_MAX, REQUIRED, &r->port))
		return refuse(v, -EINVAL, "the frontend has no sound event-channel");
	return 0;
}

static int check_protocol(struct vbd *v)
{
	char protocol[32];
	int len = bus_read(v->bus, true, "protocol", protocol, sizeof(protocol));

	return len < 0 || !strcmp(protocol, "x86_64-abi") ? 0 :
	       refuse(v, -EINVAL, "the frontend's protocol is \"%s\", not x86_64-abi", protocol);
}

static void unmap_ring(struct vbd *v)
{
	if (!v->pages)
		return;
	os_grant_batch(GNTTABOP_unmap_grant_ref, v->ring_unmap, v->nr_pages);
	os_release_pages(v->pages, v->nr_pages);
	v->pages = NULL;
}

/* All of the ring's pages or none. */
static int map_ring(struct vbd *v, const struct offered_ring *r)
{
	struct gnttab_map_grant_ref map[BLK_RING_MAX_PAGES];
	unsigned int mapped = 0;
	char *area = os_reserve_pages(r->nr_pages);

	if (!area)
		return -ENOMEM;
	for (unsigned int i = 0; i < r->nr_pages; i++)
		map[i] = (struct gnttab_map_grant_ref){
			.host_addr = (uintptr_t)area + i * OS_PAGE_SIZE, .flags = GNTMAP_host_map,
			.ref = r->refs[i], .dom = v->domid, .status = GNTST_general_error,
		};
	os_grant_batch(GNTTABOP_map_grant_ref, map, r->nr_pages);
	for (unsigned int i = 0; i < r->nr_pages; i++)
		if (map[i].status == GNTST_okay)
			v->ring_unmap[mapped++] = (struct gnttab_unmap_grant_ref){
				.host_addr = map[i].host_addr, .handle = map[i].handle,
			};
	if (mapped == r->nr_pages) {
		v->pages = area;
		v->nr_pages = mapped;
		return 0;
	}
	os_grant_batch(GNTTABOP_unmap_grant_ref, v->ring_unmap, mapped);
	os_release_pages(area, r->nr_pages);
	return refuse(v, -EINVAL, "the frontend's ring-ref is no grant to domain 0");
}

static int open_events(struct vbd *v, uint32_t remote)
{
	v->lock = os_mutex_new();
	v->over = os_cond_new();
	v->events = os_evtchn_open();
	if (!v->lock || !v->over || !v->events)
		return -ENOMEM;
	v->port = os_evtchn_bind_interdomain(v->events, v->domid, remote);
	return v->port < 0 ? refuse(v, v->port, "the frontend's event-channel %u is not for domain 0", remote) :
	       0;
}

#define COPY_BATCH 256u

static int open_copies(struct vbd *v)
{
	v->copy = calloc(COPY_BATCH, sizeof(*v->copy));
	v->copied = calloc(COPY_BATCH, sizeof(*v->copied));
	v->nr_copy = 0;
	return v->copy && v->copied ? 0 : -ENOMEM;
}

static void publish_disk(struct vbd *v)
{
	char type[8];
	bool cdrom;

	word(v, "device-type", type, sizeof(type));
	cdrom = !strcmp(type, "cdrom");
	bus_write_number(v->bus, "sectors", v->limits.sectors);
	bus_write_number(v->bus, "sector-size", v->limits.sector_size);
	bus_write_number(v->bus, "physical-sector-size", v->limits.sector_size);
	bus_write_number(v->bus, "info", (cdrom ? VDISK_CDROM | VDISK_REMOVABLE : 0) |
		   (v->limits.readonly ? VDISK_READONLY : 0));
}

int vbd_connect(struct vbd *v)
{
	struct offered_ring r = { .nr_pages = 0 };
	int rc = check_protocol(v);

	if (!rc)
		rc = read_ring(v, &r);
	if (!rc)
		rc = map_ring(v, &r);
	if (!rc)
		rc = open_events(v, r.port);
	if (!rc)
		rc = open_copies(v);
	if (!rc)
		rc = vbd_worker_init(v, v->offer_persistent &&
				     bus_read_number(v->bus, true, "feature-persistent", 0) == 1);
	if (!rc) {
		publish_disk(v);
		rc = vbd_worker_start(v);
	}
	if (rc == -ENOMEM)
		refuse(v, rc, "domain 0");
	if (rc)
		vbd_disconnect(v);
	return rc;
}

/* From any half-made state, too. */
void vbd_disconnect(struct vbd *v)
{
	if (v->running)
		vbd_worker_stop(v);
	vbd_worker_fini(v);
	free(v->copy);
	free(v->copied);
	os_evtchn_close(v->events);
	os_cond_free(v->over);
	os_mutex_free(v->lock);
	unmap_ring(v);
	v->copy = NULL;
	v->copied = NULL;
	v->events = NULL;
	v->over = NULL;
	v->lock = NULL;
}
