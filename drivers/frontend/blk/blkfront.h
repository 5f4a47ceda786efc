/* SPDX-License-Identifier: MIT */
/*
 * The block frontend: a guest's disks, on the kit and kit/os.h alone. Any system that implements those has disks.
 *
 * A request is the caller's memory and goes straight to the backend: the pages of its buffer are granted for as long
 * as it takes, nothing is copied (but with persistent grants, where each request is copied to or from pages that
 * stay granted). Submit as many as there is room for, push, and poll for those that are done; `done` is called
 * by whoever polls. From threads, any number of them; sectors are 512 bytes; errors are negative errors of
 * <xen/errno.h>.
 *
 * The backend is a peer, not a master: what it writes into the ring can fail requests or the whole device, no more.
 */
#ifndef FRONTEND_BLKFRONT_H
#define FRONTEND_BLKFRONT_H

#include <kit/types.h>

enum blkfront_op {
	BLKFRONT_READ, BLKFRONT_WRITE,
	BLKFRONT_BARRIER,	/* a write that all before it are done and safe before, and none after begun */
	BLKFRONT_FLUSH,		/* no data: what is written and done is safe */
	BLKFRONT_DISCARD,	/* no data: nr_sectors from sector are of no use any more */
};

struct blkfront_request {
	enum blkfront_op op;
	uint64_t sector;
	uint32_t nr_sectors;	/* at most info.max_sectors, but for a discard */
	void *buf;		/* 512-byte aligned, mapped, own memory; the backend's until done */
	/* 0; -XEN_EIO, -XEN_EOPNOTSUPP: the backend said so; -XEN_ENODEV: the device went away; -XEN_EBUSY: the
	 * backend answered and yet holds the buffer, which must never be used again. */
	void (*done)(struct blkfront_request *r, int error);
	void *client;
	struct blkfront_request *next;	/* private, from submit to done */
	int error;			/* likewise */
};

struct blkfront_options {
	unsigned int ring_order;	/* 2^n pages of ring at most; the backend's limit counts too */
	unsigned int max_segments;	/* of a request, pages; 0: as many as the backend takes */
	bool persistent;		/* grants, where the backend offers them */
	bool eager;			/* an event for each response, not one for several where many are in flight */
};
#define BLKFRONT_DEFAULTS { .ring_order = 2 }

struct blkfront_info {
	uint64_t sectors;
	uint32_t sector_size;		/* requests are multiples of it, and aligned to it */
	uint32_t max_sectors;		/* of a request whose buffer begins a page; 8 less if it does not */
	unsigned int depth;		/* requests at once */
	bool readonly, removable, barrier, flush, discard, persistent, indirect;
};

/* What went through it. */
struct blkfront_counters {
	uint64_t requests, responses, notifications, events;
};

struct blkfront;

/* The node of the disk that the toolstack calls `name` ("xvda"): "device/vbd/51712" in node. -XEN_ENOENT, also for one
 * that is being taken away. */
int blkfront_find(const char *name, char *node, size_t size);

/* Connects to a disk by its node and waits until the backend has answered. options may be NULL. A node that was closed can be
 * opened again. -XEN_ENODEV: the backend will not serve it; -XEN_ETIME: it does not answer. */
int blkfront_open(struct blkfront **out, const char *node, const struct blkfront_options *options);

/* Ends the connection as both ends should; what is in flight and not answered fails with -XEN_ENODEV. No other
 * thread is in a call for it. */
void blkfront_close(struct blkfront *f);

const struct blkfront_info *blkfront_info(const struct blkfront *f);
const struct blkfront_counters *blkfront_counters(const struct blkfront *f);

/* Puts a request on the ring. 0; -XEN_EAGAIN: no room, poll first; -XEN_EINVAL; -XEN_EROFS;
 * -XEN_EOPNOTSUPP; -XEN_ENODEV: closing or broken; -XEN_ENOSPC, -XEN_ENOMEM: no grants, no memory. `done` follows for 0 only. */
int blkfront_submit(struct blkfront *f, struct blkfront_request *r);
void blkfront_push(struct blkfront *f);		/* shows the backend what was submitted */
unsigned int blkfront_poll(struct blkfront *f);	/* calls done for what is; how many */

/* Sleeps until there is something to poll, or the device is closing, or the deadline. */
void blkfront_wait(struct blkfront *f, uint64_t deadline_ns);

/* One transfer of any length, waited for, cut into requests as needed. */
int blkfront_transfer(struct blkfront *f, enum blkfront_op op, uint64_t sector, void *buf, size_t bytes);

/* Sleeps until the backend wants the device closed or is gone (true; submit then gives -XEN_ENODEV, if it is gone all in
 * flight does, and the caller should close) or the deadline. For a thread of its own. */
bool blkfront_closing(struct blkfront *f, uint64_t deadline_ns);

#endif
