/* SPDX-License-Identifier: MIT */
/*
 * The block frontend against a backend that answers anything. The first byte says which way the device works; then come
 * steps of four bytes: submit a request of any kind, push, answer with any id and status, move the index, write to
 * the ring's pages or what they grant, hold a page or let it go, poll.
 *
 * Whatever comes, a request that was accepted ends exactly once, a buffer that was given back without an error is
 * granted no more, and when the device is gone all that the backend never held on to is free again.
 */
#include "kit.h"
#include <stdlib.h>
#include <string.h>
#include <xen/errno.h>

#define ASKED 64
#define BUFFER (33 * PAGE_SIZE)

static struct blkfront *f;
static struct asked { struct blkfront_request r; bool pending; } asked[ASKED];
static char *buffer;
static bool ever_held;

static void start(uint8_t how)
{
	f = os_pages_alloc(bytes_to_pages(sizeof(*f)));
	f->nr_pages = how & 1 ? 4 : 1;
	f->pages = os_pages_alloc(f->nr_pages);
	f->info = (struct blkfront_info){ .sectors = 1024, .sector_size = how & 2 ? 4096 : 512, .max_sectors = 32 * 8,
					  .barrier = true, .flush = true, .discard = true, .persistent = how & 4 };
	f->max_segments = how & 8 ? 32 : BLKIF_MAX_SEGMENTS_PER_REQUEST;
	f->options.eager = how & 16;
	os_lock_init(&f->lock);
	blkfront_ring_init(f);
	f->connected = true;
	buffer = aligned_alloc(PAGE_SIZE, BUFFER);
	memset(buffer, 0, BUFFER);
	memset(asked, 0, sizeof(asked));
	ever_held = false;
}

/* Nothing is granted of a buffer that came back sound: the caller may use it for something else. */
static void done(struct blkfront_request *r, int error)
{
	struct asked *a = r->client;

	if (!a->pending)
		abort();
	a->pending = false;
	if (error && error != -XEN_EIO && error != -XEN_EOPNOTSUPP && error != -XEN_ENODEV && error != -XEN_EBUSY)
		abort();
	memset(a, 0, sizeof(*a));
}

static void submit(const uint8_t *in)
{
	struct asked *a = asked;
	int rc;

	while (a < asked + ASKED && a->pending)
		a++;
	if (a == asked + ASKED)
		return;
	a->r = (struct blkfront_request){ .op = in[1] % 6, .sector = in[2] * 5, .nr_sectors = in[3],
					  .buf = buffer + (in[1] >> 4) * 512, .done = done, .client = a };
	a->pending = true;
	rc = blkfront_submit(f, &a->r);
	if (rc)
		a->pending = false;
}

static void answer(const uint8_t *in)
{
	struct blkif_sring *s = (struct blkif_sring *)f->pages;
	unsigned int at = s->rsp_prod % f->info.depth;
	uint64_t id = s->ring[at].req.id;

	if (in[0] & 0x80)
		id = in[0] & 0x40 ? ~0ull << in[2] % 64 : in[2];
	s->ring[at].rsp = (struct blkif_response){ .id = id, .operation = in[1], .status = (int16_t)(in[3] % 5 - 2) };
	s->rsp_prod++;
}

static void hold(const uint8_t *in)
{
	struct kit_grant *g = &kit_grants[(in[1] | in[2] << 8) % KIT_REFS];

	if (g->used) {
		g->held = !g->held;
		ever_held = true;
	}
}

static void step(const uint8_t *in)
{
	switch (in[0] % 8) {
	case 0 ... 1:
		submit(in);
		break;
	case 2:
		blkfront_push(f);
		break;
	case 3 ... 4:
		answer(in);
		break;
	case 5:
		f->pages[(in[1] | in[2] << 8) % (f->nr_pages * PAGE_SIZE)] = (char)in[3];
		break;
	case 6:
		hold(in);
		break;
	default:
		blkfront_poll(f);
	}
}

/* The backend lets go of everything, as its end would. */
static void stop(void)
{
	bool all;

	for (unsigned int i = 0; i < KIT_REFS; i++)
		kit_grants[i].held = false;
	all = blkfront_ring_fini(f);
	for (unsigned int i = 0; i < ASKED; i++)
		if (asked[i].pending)
			abort();
	if (!all)
		abort();
	os_pages_free(f->pages, f->nr_pages);
	os_pages_free(f, bytes_to_pages(sizeof(*f)));
	free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	start(*data++);
	for (size--; size >= 4; data += 4, size -= 4)
		step(data);
	stop();
	if (kit_nr_pages || (kit_nr_grants && !ever_held))	/* what came back held is granted for good */
		abort();
	memset(kit_grants, 0, sizeof(kit_grants));
	kit_nr_grants = 0;
	return 0;
}
