/* SPDX-License-Identifier: MIT */
/* See world.h. There is one thread: what waits here would wait for ever. */
#include "world.h"
#include <stdio.h>
#include <stdlib.h>
#include <kit/evtchn.h>
#include <kit/os.h>
#include <kit/pt.h>
#include <kit/time.h>
#include <xen/errno.h>
#include "net/parse.h"
#include "os/os.h"
#include "vif.h"

struct grant grants[GUESTS][REFS];
uint64_t world_now_ns;
unsigned int world_sends, world_copies, world_hypercalls;
void (*world_meanwhile)(void);
domid_t world_self = 1;

static struct { void *va; size_t n; } held[4096];
static unsigned int nr_held;
static evtchn_handler_t handler;
static void *handler_arg;
static evtchn_port_t handler_port;
static bool masked, pending;		/* the port that has the handler */
unsigned int world_upcalls;

void *world_page(void)
{
	assert_true(nr_held < sizeof(held) / sizeof(held[0]));
	held[nr_held].va = os_pages_alloc(1);
	return held[nr_held++].va;
}

void world_reset(void)
{
	assert_int_equal(world_mapped(), 0);
	while (nr_held)
		os_pages_free(held[--nr_held].va, 1);
	memset(grants, 0, sizeof(grants));
	world_sends = world_copies = world_hypercalls = 0;
}

unsigned int world_mapped(void)
{
	unsigned int n = 0;

	for (unsigned int d = 0; d < GUESTS; d++)
		for (unsigned int r = 0; r < REFS; r++)
			n += grants[d][r].maps;
	return n;
}

/* --- Memory ----------------------------------------------------------------------------------- */

void *os_pages_alloc(size_t n)
{
	void *p = aligned_alloc(PAGE_SIZE, n * PAGE_SIZE);

	return memset(p, 0, n * PAGE_SIZE);
}

void os_pages_free(void *va, size_t n)
{
	(void)n;
	free(va);
}

void *os_va_alloc(size_t n)
{
	return os_pages_alloc(n);
}

void os_va_free(void *va, size_t n)
{
	os_pages_free(va, n);
}

maddr_t virt_to_maddr(const void *va)
{
	return (maddr_t)(uintptr_t)va;
}

mfn_t virt_to_mfn(const void *va)
{
	return maddr_to_mfn(virt_to_maddr(va));
}

/* --- Grants ----------------------------------------------------------------------------------- */

static struct grant *find(domid_t domid, grant_ref_t ref)
{
	return domid < GUESTS && ref < REFS && grants[domid][ref].page ? &grants[domid][ref] : NULL;
}

static char *side(const struct gnttab_copy_ptr *p, bool gref, bool write, uint16_t len)
{
	struct grant *g;

	if (p->offset + len > PAGE_SIZE)
		return NULL;
	if (!gref)
		return (char *)(uintptr_t)mfn_to_maddr(p->u.gmfn) + p->offset;
	g = find(p->domid, p->u.ref);
	return g && !(write && g->readonly) ? (char *)g->page + p->offset : NULL;
}

static void copy(gnttab_copy_t *op)
{
	char *from = side(&op->source, op->flags & GNTCOPY_source_gref, false, op->len);
	char *to = side(&op->dest, op->flags & GNTCOPY_dest_gref, true, op->len);

	world_copies++;
	op->status = from && to ? GNTST_okay : GNTST_bad_gntref;
	if (!op->status)
		memmove(to, from, op->len);
}

/* A mapping shows the page when it is unmapped: what was written in between goes there. */
static struct { struct grant *g; char *va; bool used; } maps[512];

static void map(gnttab_map_grant_ref_t *op)
{
	struct grant *g = find(op->dom, op->ref);

	op->status = g && (op->flags & GNTMAP_readonly || !g->readonly) ? GNTST_okay : GNTST_bad_gntref;
	for (unsigned int i = 0; !op->status && i < 512; i++)
		if (!maps[i].used) {
			maps[i].used = true;
			maps[i].g = g;
			maps[i].va = (char *)(uintptr_t)op->host_addr;
			memcpy(maps[i].va, g->page, PAGE_SIZE);
			g->maps++;
			op->handle = i;
			return;
		}
}

static void unmap(gnttab_unmap_grant_ref_t *op)
{
	assert_true(op->handle < 512 && maps[op->handle].used);
	memcpy(maps[op->handle].g->page, maps[op->handle].va, PAGE_SIZE);
	maps[op->handle].used = false;
	maps[op->handle].g->maps--;
	op->status = GNTST_okay;
}

int gnttab_batch(unsigned int cmd, void *ops, unsigned int n)
{
	world_hypercalls++;
	if (world_meanwhile)
		world_meanwhile();
	for (unsigned int i = 0; i < n; i++) {
		if (cmd == GNTTABOP_copy)
			copy((gnttab_copy_t *)ops + i);
		else if (cmd == GNTTABOP_map_grant_ref)
			map((gnttab_map_grant_ref_t *)ops + i);
		else
			unmap((gnttab_unmap_grant_ref_t *)ops + i);
	}
	return 0;
}

/* Rings are mapped where they are: both sides see each other at once. */
int gnttab_map(struct gnttab_mapping *m, domid_t domid, grant_ref_t ref, bool readonly)
{
	struct grant *g = find(domid, ref);

	if (!g || (g->readonly && !readonly))
		return GNTST_bad_gntref;
	g->maps++;
	m->va = g->page;
	m->handle = (grant_handle_t)(domid * REFS + ref);
	return GNTST_okay;
}

int gnttab_unmap(struct gnttab_mapping *m)
{
	grants[m->handle / REFS][m->handle % REFS].maps--;
	m->va = NULL;
	return GNTST_okay;
}

int gnttab_grant(domid_t domid, mfn_t mfn, bool readonly)
{
	(void)domid;
	for (int ref = 8; ref < REFS; ref++)
		if (!grants[world_self][ref].page) {
			grants[world_self][ref] = (struct grant){ (void *)(uintptr_t)mfn_to_maddr(mfn), readonly, 0 };
			return ref;
		}
	return -XEN_ENOSPC;
}

int gnttab_end(grant_ref_t ref)
{
	if (grants[world_self][ref].maps)
		return -XEN_EBUSY;
	grants[world_self][ref].page = NULL;
	return 0;
}

/* --- The rest of the system ------------------------------------------------------------------- */

int evtchn_send(evtchn_port_t port)
{
	(void)port;
	world_sends++;
	return 0;
}

int evtchn_bind_interdomain(domid_t remote, evtchn_port_t remote_port, evtchn_port_t *port)
{
	(void)remote;
	*port = remote_port;
	return remote_port < 64 ? 0 : -XEN_EINVAL;
}

int evtchn_close(evtchn_port_t port)
{
	(void)port;
	handler = NULL;
	pending = false;
	return 0;
}

void world_event(void)
{
	pending = true;
	if (masked || !handler)
		return;
	pending = false;
	world_upcalls++;
	handler(handler_port, handler_arg);
}

void evtchn_mask(evtchn_port_t port)
{
	masked |= port == handler_port;
}

void evtchn_unmask(evtchn_port_t port)
{
	if (port != handler_port)
		return;
	masked = false;
	if (pending)
		world_event();
}

void evtchn_set_handler(evtchn_port_t port, evtchn_handler_t fn, void *arg)
{
	handler = fn;
	handler_arg = arg;
	handler_port = port;
	if (fn)
		evtchn_unmask(port);
}

void os_lock_init(struct os_lock *l) { l->opaque[0] = NULL; }

void os_lock(struct os_lock *l)
{
	assert_null(l->opaque[0]);
	l->opaque[0] = l;
}

void os_unlock(struct os_lock *l)
{
	assert_non_null(l->opaque[0]);
	l->opaque[0] = NULL;
}

void os_wait_init(struct os_wait *w) { (void)w; }
void os_wake(struct os_wait *w) { (void)w; }

bool os_wait_until(struct os_wait *w, bool (*pred)(void *arg), void *arg, uint64_t deadline_ns)
{
	(void)w;
	assert_true(deadline_ns != OS_FOREVER || pred(arg));
	return pred(arg);
}

void os_panic(const char *fmt, ...)
{
	fail_msg("%s", fmt);
	abort();
}

uint64_t time_now_ns(void) { return world_now_ns; }
void os_sleep_ms(unsigned int ms) { (void)ms; }

int os_thread_start(const char *name, void (*fn)(void *), void *arg)
{
	(void)name, (void)fn, (void)arg;
	return 0;
}

/* Flipping exchanges frames, which there are none of here; tests/system does it. */
const struct rx_mode vif_rx_flip;

int gnttab_grant_transfer(domid_t domid)
{
	(void)domid;
	return -XEN_ENOSPC;
}

int gnttab_end_transfer(grant_ref_t ref, mfn_t *mfn)
{
	(void)ref, (void)mfn;
	return -XEN_EINVAL;
}

struct netfront;
int netfront_flip_out(void *page) { (void)page; return -XEN_EBUSY; }
int netfront_flip_in(void *page, mfn_t mfn) { (void)page, (void)mfn; return -XEN_EBUSY; }
int netfront_flip_refill(void *page) { (void)page; return -XEN_EBUSY; }

/* --- Packets ---------------------------------------------------------------------------------- */

static void put_mac(uint8_t *p, const char *mac)
{
	unsigned int b[6];

	sscanf(mac, "%x:%x:%x:%x:%x:%x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]);
	for (int i = 0; i < 6; i++)
		p[i] = (uint8_t)b[i];
}

void make_packet(uint8_t *p, uint32_t len, const char *to, const char *from, uint8_t protocol, uint32_t source,
		 uint32_t target, uint16_t sport, uint16_t dport)
{
	uint32_t sum = 0;

	for (uint32_t i = 34; i < len; i++)
		p[i] = (uint8_t)(i * 7 + i / 256);
	put_mac(p, to);
	put_mac(p + 6, from);
	net_put16(p + 12, 0x0800);
	memset(p + 14, 0, 20);
	p[14] = 0x45;
	net_put16(p + 16, (uint16_t)(len - 14));
	p[22] = 64;
	p[23] = protocol;
	net_put32(p + 26, source);
	net_put32(p + 30, target);
	for (int i = 14; i < 34; i += 2)
		sum += net_get16(p + i);
	sum = (sum & 0xffff) + (sum >> 16);
	net_put16(p + 24, (uint16_t)~(sum + (sum >> 16)));
	net_put16(p + 34, sport);
	net_put16(p + 36, dport);
	if (protocol == PROTO_TCP)
		p[46] = 0x50;
	if (protocol == PROTO_UDP)
		net_put16(p + 38, (uint16_t)(len - 34));
	/* the pseudo-header's sum, as offload has it */
	sum = (source >> 16) + (source & 0xffff) + (target >> 16) + (target & 0xffff) + protocol + len - 34;
	sum = (sum & 0xffff) + (sum >> 16);
	net_put16(p + (protocol == PROTO_TCP ? 50 : 40), (uint16_t)(sum + (sum >> 16)));
}
