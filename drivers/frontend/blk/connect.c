/* SPDX-License-Identifier: MIT */
/*
 * The frontend's half of the handshake: waits for the backend's offers, publishes ring and event channel, follows the
 * backend to Connected, and leaves as both ends should. What the backend writes into the store is read once, as a number
 * within its limits; a disk whose numbers make no sense is not opened.
 */
#include "impl.h"
#include <kit/evtchn.h>
#include <kit/gnttab.h>
#include <kit/pt.h>
#include <kit/time.h>
#include <kit/xenbus.h>
#include <xen/errno.h>
#include <xen/io/xenbus.h>

#define PATIENCE_NS 10000000000ull	/* a backend that has not answered by then does not */
#define KEY_SIZE 40

static unsigned int back_state(const struct blkfront *f)
{
	uint64_t state = xenbus_read_number(f->back, "state", XenbusStateUnknown);

	return state > XenbusStateReconfigured ? XenbusStateUnknown : state;
}

static int set_state(const struct blkfront *f, enum xenbus_state state)
{
	return xenbus_write_number(XENBUS_NO_TX, f->node, "state", state);
}

#define STATE(s) (1u << XenbusState##s)
#define GONE (STATE(Unknown) | STATE(Closed))

/* Until the backend is in one of the states; which. Unknown, too, when the deadline passes. */
static unsigned int await(const struct blkfront *f, unsigned int states, uint64_t deadline_ns)
{
	char path[XENBUS_PATH_SIZE];
	struct xenbus_watch watch;
	unsigned int state = XenbusStateUnknown;

	if (xenbus_watch(&watch, xenbus_path(path, f->back, "state")))
		return state;
	for (;;) {
		state = back_state(f);
		if (states & 1u << state)
			break;
		if (xenbus_watch_wait(&watch, deadline_ns)) {
			state = XenbusStateUnknown;
			break;
		}
	}
	xenbus_unwatch(&watch);
	return state;
}

static uint64_t soon(void)
{
	return time_now_ns() + PATIENCE_NS;
}

/* --- Opening ------------------------------------------------------------------------------------ */

static int find_backend(struct blkfront *f, const char *node)
{
	char path[XENBUS_PATH_SIZE];
	size_t n = __builtin_strlen(node);
	uint64_t domid;

	if (n >= sizeof(f->node) - 1)
		return -XEN_ENAMETOOLONG;
	__builtin_memcpy(f->node, node, n + 1);
	domid = xenbus_read_number(node, "backend-id", UINT64_MAX);
	if (domid >= DOMID_FIRST_RESERVED ||
	    xenbus_read(XENBUS_NO_TX, xenbus_path(path, node, "backend"), f->back, sizeof(f->back)) <= 0)
		return -XEN_ENOENT;
	f->backend = domid;
	return 0;
}

/* The backend's offers, at the latest when it waits for us. A node left closed begins anew. */
static int await_offers(struct blkfront *f)
{
	unsigned int state;
	int rc = 0;

	if (xenbus_read_number(f->node, "state", XenbusStateUnknown) != XenbusStateInitialising)
		rc = set_state(f, XenbusStateInitialising);
	if (rc)
		return rc;
	state = await(f, STATE(InitWait) | STATE(Initialised) | STATE(Connected) | STATE(Closing), soon());
	return state == XenbusStateUnknown ? -XEN_ETIME : state == XenbusStateClosing ? -XEN_ENODEV : 0;
}

static int make_ring(struct blkfront *f)
{
	uint64_t order = xenbus_read_number(f->back, "max-ring-page-order", 0);

	if (order > f->options.ring_order)
		order = f->options.ring_order;
	if (order > MAX_ORDER)
		order = MAX_ORDER;
	f->nr_pages = 1u << order;
	f->pages = os_pages_alloc(f->nr_pages);
	if (!f->pages)
		return -XEN_ENOMEM;
	while (f->nr_granted < f->nr_pages) {
		int ref = gnttab_grant(f->backend, virt_to_mfn(f->pages + f->nr_granted * PAGE_SIZE), false);

		if (ref < 0)
			return ref;
		f->ring_ref[f->nr_granted++] = ref;
	}
	blkfront_ring_init(f);
	return 0;
}

static void on_event(evtchn_port_t port, void *arg)
{
	struct blkfront *f = arg;

	(void)port;
	f->counters.events++;
	os_wake(&f->wait);
}

static int make_port(struct blkfront *f)
{
	int rc = evtchn_alloc_unbound(f->backend, &f->port);

	if (rc)
		f->port = 0;
	else
		evtchn_set_handler(f->port, on_event, f);
	return rc;
}

static int write_refs(struct blkfront *f, xenbus_tx_t tx)
{
	char key[] = "ring-ref0", path[XENBUS_PATH_SIZE];
	int rc;

	if (f->nr_pages == 1) {
		/* An earlier ring may have had more pages. */
		rc = xenbus_rm(tx, xenbus_path(path, f->node, "ring-page-order"));
		return rc && rc != -XEN_ENOENT ? rc : xenbus_write_number(tx, f->node, "ring-ref", f->ring_ref[0]);
	}
	rc = xenbus_write_number(tx, f->node, "ring-page-order", __builtin_ctz(f->nr_pages));
	for (unsigned int i = 0; !rc && i < f->nr_pages; i++) {
		key[8] = '0' + i;
		rc = xenbus_write_number(tx, f->node, key, f->ring_ref[i]);
	}
	return rc;
}

static int write_all(xenbus_tx_t tx, void *arg)
{
	char path[XENBUS_PATH_SIZE];
	struct blkfront *f = arg;
	int rc = write_refs(f, tx);

	if (!rc)
		rc = xenbus_write_number(tx, f->node, "event-channel", f->port);
	if (!rc)
		rc = xenbus_write_number(tx, f->node, "feature-persistent", f->info.persistent);
	if (!rc)
		rc = xenbus_write(tx, xenbus_path(path, f->node, "protocol"), "x86_64-abi");
	return rc ? rc : xenbus_write_number(tx, f->node, "state", XenbusStateInitialised);
}

static int await_connected(struct blkfront *f)
{
	unsigned int state = await(f, STATE(Connected) | STATE(Closing) | STATE(Closed), soon());

	return state == XenbusStateConnected ? 0 : state == XenbusStateUnknown ? -XEN_ETIME : -XEN_ENODEV;
}

/* What the disk is. Its numbers are the backend's word, taken within reason. */
static int read_disk(struct blkfront *f)
{
	struct blkfront_info *i = &f->info;
	uint64_t segments = xenbus_read_number(f->back, "feature-max-indirect-segments", 0);
	uint64_t size = xenbus_read_number(f->back, "sector-size", 512), info = xenbus_read_number(f->back, "info", 0);

	i->sectors = xenbus_read_number(f->back, "sectors", 0);
	if (!i->sectors || i->sectors > INT64_MAX / 512 || size < 512 || size > PAGE_SIZE || size & (size - 1))
		return -XEN_EIO;
	i->sector_size = size;
	i->readonly = info & VDISK_READONLY;
	i->removable = info & VDISK_REMOVABLE;
	i->barrier = xenbus_read_number(f->back, "feature-barrier", 0) == 1;
	i->flush = xenbus_read_number(f->back, "feature-flush-cache", 0) == 1;
	i->discard = xenbus_read_number(f->back, "feature-discard", 0) == 1;
	i->indirect = segments > BLKIF_MAX_SEGMENTS_PER_REQUEST;
	f->max_segments = !i->indirect ? BLKIF_MAX_SEGMENTS_PER_REQUEST :
			  segments < MAX_SEGMENTS ? segments : MAX_SEGMENTS;
	if (f->options.max_segments && f->options.max_segments < f->max_segments)
		f->max_segments = f->options.max_segments;
	i->max_sectors = f->max_segments * (PAGE_SIZE / 512);
	return 0;
}

static int connect(struct blkfront *f)
{
	int rc = await_offers(f);

	if (rc)
		return rc;
	f->info.persistent = f->options.persistent && xenbus_read_number(f->back, "feature-persistent", 0) == 1;
	rc = make_ring(f);
	if (!rc)
		rc = make_port(f);
	if (!rc)
		rc = xenbus_transact(write_all, f);
	if (!rc)
		rc = await_connected(f);
	if (!rc)
		rc = read_disk(f);
	if (!rc)
		rc = set_state(f, XenbusStateConnected);
	f->connected = !rc;
	return rc;
}

int blkfront_open(struct blkfront **out, const char *node, const struct blkfront_options *options)
{
	static const struct blkfront_options defaults = BLKFRONT_DEFAULTS;
	struct blkfront *f = os_pages_alloc(bytes_to_pages(sizeof(*f)));
	int rc;

	if (!f)
		return -XEN_ENOMEM;
	f->options = options ? *options : defaults;
	os_lock_init(&f->lock);
	os_wait_init(&f->wait);
	rc = find_backend(f, node);
	if (rc) {
		os_pages_free(f, bytes_to_pages(sizeof(*f)));
		return rc;
	}
	rc = connect(f);
	if (rc)
		blkfront_close(f);
	else
		*out = f;
	return rc;
}

/* --- Closing ------------------------------------------------------------------------------------ */

/* Pages whose grants cannot end stay with us for ever: the backend could still write to them. */
static void free_ring(struct blkfront *f)
{
	bool all = true;

	for (unsigned int i = 0; i < f->nr_granted; i++)
		if (gnttab_end(f->ring_ref[i]))
			all = false;
	if (f->pages && all)
		os_pages_free(f->pages, f->nr_pages);
}

void blkfront_close(struct blkfront *f)
{
	f->closing = true;
	os_wake(&f->wait);
	set_state(f, XenbusStateClosing);
	await(f, STATE(Closing) | GONE, soon());
	set_state(f, XenbusStateClosed);
	await(f, GONE | STATE(InitWait), soon());
	blkfront_poll(f);
	if (f->port)
		evtchn_close(f->port);
	if (f->pages)
		blkfront_ring_fini(f);
	free_ring(f);
	os_pages_free(f, bytes_to_pages(sizeof(*f)));
}

bool blkfront_closing(struct blkfront *f, uint64_t deadline_ns)
{
	/* One that makes its offers is not the one we are connected to: that is gone, and another has its name. */
	unsigned int state = await(f, STATE(Closing) | GONE | STATE(Initialising) | STATE(InitWait), deadline_ns);

	/* Nobody there and a deadline that passed look the same: ask. */
	if (state == XenbusStateUnknown && back_state(f) == XenbusStateConnected)
		return false;
	f->closing = true;
	/* Taken away by force: nothing that is in flight will be answered. */
	f->broken |= state != XenbusStateClosing;
	os_wake(&f->wait);
	return true;
}

/* --- Names -------------------------------------------------------------------------------------- */

int blkfront_find(const char *name, char *node, size_t size)
{
	char ids[512], path[XENBUS_PATH_SIZE], back[PATH_SIZE], dev[32];
	int used = xenbus_ls(XENBUS_NO_TX, "device/vbd", ids, sizeof(ids));

	for (const char *id = ids; used > 0 && id < ids + used; id += __builtin_strlen(id) + 1) {
		char dir[KEY_SIZE + sizeof("device/vbd/")] = "device/vbd/";

		if (__builtin_strlen(id) >= KEY_SIZE || sizeof("device/vbd/") + __builtin_strlen(id) > size)
			continue;
		__builtin_memcpy(dir + sizeof("device/vbd/") - 1, id, __builtin_strlen(id) + 1);
		/* One that is being taken away is not online, then has no name: in this order neither passes for one to use. */
		if (xenbus_read(XENBUS_NO_TX, xenbus_path(path, dir, "backend"), back, sizeof(back)) <= 0 ||
		    !xenbus_read_number(back, "online", 1) ||
		    xenbus_read(XENBUS_NO_TX, xenbus_path(path, back, "dev"), dev, sizeof(dev)) <= 0 ||
		    __builtin_strcmp(dev, name))
			continue;
		__builtin_memcpy(node, dir, __builtin_strlen(dir) + 1);
		return 0;
	}
	return -XEN_ENOENT;
}
