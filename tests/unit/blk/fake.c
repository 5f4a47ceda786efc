/* SPDX-License-Identifier: MIT */
/* See fake.h. The guest's memory is a file, so that a mapping can be made anywhere and taken away again. */
#include "fake.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "block/impl.h"
#include <bus/bus.h>

struct fake fake;
static int memory_fd = -1;

static void broken(const char *what)
{
	fprintf(stderr, "fake: %s\n", what);
	abort();
}

void fake_reset(void)
{
	if (memory_fd < 0) {
		memory_fd = memfd_create("guest", 0);
		if (ftruncate(memory_fd, GUEST_PAGES * 4096))
			broken("memfd");
		fake.memory = mmap(NULL, GUEST_PAGES * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd, 0);
		block_start();
	}
	if (fake.mapped || fake.areas)
		broken("a test left something mapped");
	fake = (struct fake){ .memory = fake.memory };
	memset(fake.memory, 0, GUEST_PAGES * 4096);
}

void fake_grant(unsigned int ref, unsigned int page, bool readonly)
{
	fake.grant[ref] = (struct fake_grant){ true, readonly, page };
}

/* --- Memory and grants -------------------------------------------------------------------------- */

void *os_alloc_pages(size_t n)
{
	void *p = aligned_alloc(4096, n * 4096);

	return p ? memset(p, 0, n * 4096) : NULL;
}

void os_free_pages(void *p, size_t n)
{
	(void)n;
	free(p);
}

uint64_t os_maddr(const void *p)
{
	return (uintptr_t)p;
}

void *os_reserve_pages(size_t n)
{
	void *p = mmap(NULL, n * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	fake.areas++;
	return p == MAP_FAILED ? NULL : p;
}

void os_release_pages(void *p, size_t n)
{
	fake.areas--;
	munmap(p, n * 4096);
}

static const struct fake_grant *granted(uint32_t ref, domid_t domid, bool write)
{
	const struct fake_grant *g = ref < GUEST_PAGES * 2 ? &fake.grant[ref] : NULL;

	return g && g->granted && domid == GUEST_DOMID && !(write && g->readonly) ? g : NULL;
}

static void map_one(struct gnttab_map_grant_ref *op)
{
	bool readonly = op->flags & GNTMAP_readonly;
	const struct fake_grant *g = granted(op->ref, op->dom, !readonly);

	op->status = GNTST_bad_gntref;
	if (!g)
		return;
	if (mmap((void *)op->host_addr, 4096, PROT_READ | (readonly ? 0 : PROT_WRITE), MAP_SHARED | MAP_FIXED,
		 memory_fd, g->page * 4096l) == MAP_FAILED)
		broken("mmap");
	op->status = GNTST_okay;
	op->handle = (grant_handle_t)(op->host_addr >> 12);
	op->dev_bus_addr = op->host_addr;
	fake.mapped++;
}

static void unmap_one(struct gnttab_unmap_grant_ref *op)
{
	if (op->handle != (grant_handle_t)(op->host_addr >> 12) || !fake.mapped)
		broken("an unmap of what is not mapped");
	mmap((void *)op->host_addr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
	op->status = GNTST_okay;
	fake.mapped--;
}

static char *side(const struct gnttab_copy_ptr *p, bool gref, bool write)
{
	const struct fake_grant *g;

	if (!gref)
		return p->domid == DOMID_SELF ? (char *)(p->u.gmfn << 12) + p->offset : NULL;
	g = granted(p->u.ref, p->domid, write);
	return g ? fake.memory + g->page * 4096 + p->offset : NULL;
}

static void copy_one(struct gnttab_copy *op)
{
	char *from = side(&op->source, op->flags & GNTCOPY_source_gref, false);
	char *to = side(&op->dest, op->flags & GNTCOPY_dest_gref, true);

	op->status = GNTST_bad_gntref;
	if (!from || !to)
		return;
	if (op->source.offset + op->len > 4096 || op->dest.offset + op->len > 4096)
		broken("a copy across a page");
	memmove(to, from, op->len);
	op->status = GNTST_okay;
}

int os_grant_batch(unsigned int cmd, void *ops, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (cmd == GNTTABOP_map_grant_ref)
			map_one((struct gnttab_map_grant_ref *)ops + i);
		else if (cmd == GNTTABOP_unmap_grant_ref)
			unmap_one((struct gnttab_unmap_grant_ref *)ops + i);
		else
			copy_one((struct gnttab_copy *)ops + i);
	fake.maps += cmd == GNTTABOP_map_grant_ref;
	fake.unmaps += cmd == GNTTABOP_unmap_grant_ref;
	fake.copies += cmd == GNTTABOP_copy;
	return 0;
}

/* --- Locks, threads, events: there is one thread ------------------------------------------------- */

struct os_mutex { bool held; };
struct os_cond { int unused; };

struct os_mutex *os_mutex_new(void) { return calloc(1, sizeof(struct os_mutex)); }
void os_mutex_free(struct os_mutex *m) { free(m); }

void os_mutex_lock(struct os_mutex *m)
{
	if (m->held)
		broken("a lock is taken twice");
	m->held = true;
}

void os_mutex_unlock(struct os_mutex *m)
{
	void (*other)(void) = fake.other;

	if (!m->held)
		broken("a lock is released twice");
	m->held = false;
	if (!other || --fake.moment)
		return;
	fake.other = NULL;
	other();
}

static struct will *willing;

struct os_cond *os_cond_new(void) { return calloc(1, sizeof(struct os_cond)); }
void os_cond_free(struct os_cond *c) { free(c); }
void os_cond_broadcast(struct os_cond *c) { (void)c; }

int os_cond_wait(struct os_cond *c, struct os_mutex *m, int timeout_ms)
{
	(void)c;
	(void)timeout_ms;
	if (!willing || !willing->nr_waiting)
		broken("waits for ever");
	os_mutex_unlock(m);
	will_end(willing, 0);
	os_mutex_lock(m);
	return 0;
}

int os_thread_start(const char *name, void (*fn)(void *), void *arg)
{
	(void)name;
	(void)fn;
	(void)arg;
	return -EAGAIN;
}

int os_evtchn_notify(struct os_evtchn *h, uint32_t port)
{
	(void)h;
	(void)port;
	fake.notified++;
	return 0;
}

void os_evtchn_wake(struct os_evtchn *h) { (void)h; }
int os_evtchn_wait(struct os_evtchn *h, int timeout_ms) { (void)h; (void)timeout_ms; return -EINTR; }

void bus_write(const struct bus_device *d, const char *key, const char *value) { (void)d; (void)key; (void)value; }
void bus_write_number(const struct bus_device *d, const char *key, uint64_t n) { (void)d; (void)key; (void)n; }

/* --- The disk ----------------------------------------------------------------------------------- */

static bool touches(const struct block_io *io, uint64_t sector)
{
	return (io->op == BLOCK_READ || io->op == BLOCK_WRITE) && sector >= io->sector &&
	       sector < io->sector + io->nr_sectors;
}

static void move(struct will *w, const struct block_io *io)
{
	char *at = w->data + io->sector * 512;

	for (const struct block_request *r = io->parts; r; r = r->next)
		for (unsigned int i = 0; i < r->nr_segments; i++) {
			if (io->op == BLOCK_WRITE)
				memcpy(at, r->segments[i].va, r->segments[i].len);
			else if (io->op == BLOCK_READ)
				memcpy(r->segments[i].va, at, r->segments[i].len);
			at += r->segments[i].len;
		}
}

static void end_io(struct will *w, struct block_io *io)
{
	bool bad = touches(io, w->bad_sector);

	if (!bad)
		move(w, io);
	w->flushes += io->op == BLOCK_FLUSH;
	w->order[w->done++ % 256] = io->op == BLOCK_FLUSH ? UINT64_MAX : io->sector;
	block_io_done(io, bad ? -EIO : 0);
}

static void will_submit(struct block_device *d, struct block_io *io)
{
	struct will *w = d->driver;

	if (io->sector + io->nr_sectors > d->sectors || io->nr_segments > d->max_segments ||
	    io->nr_sectors > d->max_sectors)
		broken("an io that the disk does not take");
	w->ios++;
	if (w->at_once) {
		end_io(w, io);
		return;
	}
	if (w->nr_waiting == d->depth)
		broken("more in flight than the disk takes");
	w->waiting[w->nr_waiting++] = io;
}

static void will_kick(struct block_device *d)
{
	((struct will *)d->driver)->kicks++;
}

static const struct block_ops will_ops = { .submit = will_submit, .kick = will_kick };

void will_make(struct will *w, unsigned int sectors, bool cached)
{
	*w = (struct will){ .bad_sector = UINT64_MAX, .at_once = true };
	w->data = calloc(sectors, 512);
	w->device = (struct block_device){
		.name = "will", .what = "will", .sectors = sectors, .sector_size = 512, .max_sectors = 512,
		.max_segments = 32, .depth = 8, .cached = cached, .ops = &will_ops, .driver = w,
	};
	if (block_register(&w->device))
		broken("the disk is not taken");
	w->at_once = false;
	w->ios = w->kicks = w->done = 0;
	willing = w;
}

void will_end(struct will *w, unsigned int i)
{
	struct block_io *io = w->waiting[i];

	memmove(&w->waiting[i], &w->waiting[i + 1], (--w->nr_waiting - i) * sizeof(io));
	end_io(w, io);
}

void will_end_all(struct will *w)
{
	while (w->nr_waiting)
		will_end(w, 0);
}

void will_free(struct will *w)
{
	w->at_once = true;
	if (block_unregister(&w->device))
		broken("the disk is still in use");
	free(w->data);
	willing = NULL;
}

/* --- A connected device -------------------------------------------------------------------------- */

struct vbd *fake_connect(const char *name, enum vbd_mode mode, bool persistent, unsigned int nr_pages)
{
	struct vbd *v = calloc(1, sizeof(*v));

	v->domid = GUEST_DOMID;
	v->mode = mode;
	v->nr_pages = nr_pages;
	v->pages = fake.memory;
	v->lock = os_mutex_new();
	v->copy = calloc(256, sizeof(*v->copy));
	v->copied = calloc(256, sizeof(*v->copied));
	if (block_open(&v->queue, name, true, false))
		broken("cannot open the disk");
	block_limits(v->queue, &v->limits);
	if (vbd_worker_init(v, persistent))
		broken("no memory");
	return v;
}

/* As the worker does at its end: what is at the disk is waited for. */
void fake_disconnect(struct vbd *v)
{
	v->broken = true;
	while (v->in_flight) {
		if (willing)
			will_end_all(willing);
		vbd_round(v);
	}
	vbd_worker_fini(v);
	block_close(v->queue);
	os_mutex_free(v->lock);
	free(v->copy);
	free(v->copied);
	free(v);
}
