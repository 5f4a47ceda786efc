/* SPDX-License-Identifier: MIT */
/*
 * Dom0's block devices: what a disk (virtio-blk, a RAM disk, a partition of either, a file) is to those
 * who use it (a guest's backend, dom0 itself), and what a request is between them.
 *
 * A client opens a device and gets a queue of its own. It submits requests, which are only collected, and
 * unplugs: adjacent ones that are collected then go to the disk as one `block_io`, as scattered as its parts
 * were; nothing is copied. Reads and writes of one queue may be done in any order, but for barriers. Each
 * request ends once, by its `done`, in whatever thread the driver has, or before unplug returns.
 *
 * A driver sees whole disks only and is never given more than it said it can take: the bounds, the rights, the
 * offset of a partition, the limits on segments and on requests in flight, merging, barriers and what
 * is left waiting are all this layer's. The data of a request stays where it is, mapped, until it is done.
 *
 * Sectors are 512 bytes here, whatever the disk's own. Errors are negative errno of the C library. Functions
 * are called from threads, never from event handlers. Lock: each disk has one, held by no caller.
 */
#ifndef DOM0_TOOLS_BLOCK_H
#define DOM0_TOOLS_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define BLOCK_SECTOR 512u
#define BLOCK_NAME_MAX 128		/* a file's is its path */
#define BLOCK_MIN_SEGMENTS 16		/* the least that a driver must be able to take at once */

/* --- Requests ----------------------------------------------------------------------------------- */

enum block_op {
	BLOCK_READ,
	BLOCK_WRITE,
	BLOCK_FLUSH,		/* what was written and done is safe from a power failure; no sectors */
	BLOCK_DISCARD,		/* the contents are of no use any more; no segments */
};

/* A piece of a request's data, in one piece for a device too: usually within one page. */
struct block_segment {
	void *va;		/* mapped here, readable and (for BLOCK_READ) writable */
	uint64_t maddr;		/* the same bytes on the machine's bus; perhaps another domain's frame */
	uint32_t len;		/* bytes, a multiple of BLOCK_SECTOR, not 0 */
};

/* The client's memory; from submit to done it is this layer's and does not change. */
struct block_request {
	enum block_op op;
	/* A write (or a flush) that all submitted before it to the same queue are done and safe before, that
	 * is safe itself when done, and that none submitted after it is begun before. */
	bool barrier;
	uint64_t sector;
	uint32_t nr_sectors;	/* the segments' lengths add up to it */
	uint16_t nr_segments;
	const struct block_segment *segments;
	/* 0 or -EIO, -ENOSPC, ...: after this call the request is the client's again. It must not
	 * sleep, nor submit to the same queue; it may wake the thread that does. */
	void (*done)(struct block_request *r, int error);
	void *client;		/* for `done` */
	/* Private to this layer. */
	struct block_request *next;
	struct block_queue *queue;
	bool alone;			/* not to be merged: its io failed */
};

/* --- Clients ------------------------------------------------------------------------------------ */

struct block_device;
struct block_queue;

/* What an open queue's device can do; constant while it is open. */
struct block_limits {
	uint64_t sectors;
	uint32_t sector_size;		/* 512 or 4096: sector, nr_sectors and lengths are multiples of it */
	uint32_t max_sectors;		/* of one request */
	uint16_t max_segments;		/* of one request */
	bool readonly;			/* the disk, or how it was opened */
	bool flush;			/* it has a cache: BLOCK_FLUSH is more than nothing */
	uint32_t discard_sectors;	/* granularity of BLOCK_DISCARD; 0: there is none */
};

/* The layer itself: before any of the rest. */
int block_start(void);

/* Opens by name ("vda", "vda2", "ram0"). -ENOENT; -EROFS: to write a read-only disk; -ENOMEM; -EBUSY: a writer
 * wants to be alone on its sectors, and a reader wants no writer there, but when it is `shared`: then both
 * sides are asked for nothing. */
int block_open(struct block_queue **q, const char *name, bool write, bool shared);
/* The same for a file of dom0's, by its path, which is a disk while somebody has it open: of as many whole sectors
 * as the file has. */
int block_open_file(struct block_queue **q, const char *path, bool write, bool shared);
/* Waits for what is in flight; what is collected and not unplugged goes first. NULL is fine. The partitions of
 * a disk are read anew when its last user could write to the whole of it. */
void block_close(struct block_queue *q);
void block_limits(const struct block_queue *q, struct block_limits *limits);

/* A request that the device could not take (outside of it, to write a read-only one, too many segments)
 * ends with -EINVAL, -EROFS or -EOPNOTSUPP like any other. One thread a queue. */
void block_submit(struct block_queue *q, struct block_request *r);
void block_unplug(struct block_queue *q);

/* One transfer of n bytes from or to dom0's own memory, waited for. buf: page-aligned, from
 * os_alloc_pages. */
int block_transfer(struct block_queue *q, enum block_op op, uint64_t sector, void *buf, size_t n);

/* Where the sectors from `sector` on lie in dom0's memory, if the disk is nothing but that: the address and at
 * most *nr_sectors of them, adjacent in the machine. NULL with *nr_sectors 0: the disk is no memory, or
 * `write` is not allowed, or they are outside. What is written there is written at once. */
void *block_memory(struct block_queue *q, uint64_t sector, uint32_t *nr_sectors, bool write);

/* Prints a line for each device: name, sectors, sector size, ro or rw, users, what it is. */
void block_list(FILE *out);

/* --- RAM disks ---------------------------------------------------------------------------------- */

/* Makes one of `bytes` (whole pages), zeroed, "ram" and the first free number; the number or -ENOMEM, -EINVAL. */
int block_ram_add(uint64_t bytes);
int block_ram_remove(const char *name);	/* -ENOENT: no RAM disk of that name; -EBUSY */

/* --- Drivers ------------------------------------------------------------------------------------ */

/* A stretch of a disk in one operation: requests of clients whose sectors follow each other. The driver walks
 * parts (by `next`) and their segments in order. */
struct block_io {
	enum block_op op;
	uint64_t sector;		/* of the whole disk */
	uint32_t nr_sectors;
	uint16_t nr_segments;		/* of all parts */
	struct block_request *parts;
	/* The driver's while it has the io. */
	void *driver;
	/* Private to this layer. */
	struct block_io *next;
	struct block_queue *queue;
};

struct block_ops {
	/* Takes an io, to end it by block_io_done: now or later, in any thread. Called from any thread, several at
	 * once. The driver holds no lock of its own when it calls block_io_done, since that submits more. */
	void (*submit)(struct block_device *disk, struct block_io *io);
	/* No more comes at once: tell the device of what was submitted. May be NULL. */
	void (*kick)(struct block_device *disk);
	/* As block_memory, in bounds. NULL unless the disk is memory. */
	void *(*memory)(struct block_device *disk, uint64_t sector, uint32_t *nr_sectors);
	/* The last user has closed it, and it is forgotten: the driver may free it. NULL: it stays. */
	void (*release)(struct block_device *disk);
};

/* The driver's memory, until block_unregister. */
struct block_device {
	/* Set before block_register, constant after. */
	char name[BLOCK_NAME_MAX];
	const char *what;		/* for people: "virtio-blk 00:03.0", "memory" */
	uint64_t sectors;
	uint32_t sector_size;		/* 512 or 4096 */
	uint32_t max_sectors;		/* of one io */
	uint16_t max_segments;		/* of one io, BLOCK_MIN_SEGMENTS at least */
	uint16_t depth;			/* ios in flight at once, 1 at least */
	uint32_t discard_sectors;	/* granularity; 0: no BLOCK_DISCARD. One may be of any length: the driver
					 * cuts it up if the device takes less */
	bool readonly, cached;		/* cached: written data needs BLOCK_FLUSH to be safe */
	const struct block_ops *ops;
	void *driver;
	/* Private to this layer. */
	struct block_device *next, *disk;	/* disk: the whole one, also of itself */
	uint64_t start;				/* of a partition on its disk */
	unsigned int users, writers;
	struct block_line *line;		/* the whole disk's */
};

/* Makes the disk known, and the partitions that it has. -EEXIST: the name is taken; -EINVAL: the limits make no
 * sense (said on the console); -ENOMEM. Reads from the disk, so it must be ready. */
int block_register(struct block_device *disk);
/* Forgets the disk and its partitions. -EBUSY: somebody has it open; nothing changed. */
int block_unregister(struct block_device *disk);

void block_io_done(struct block_io *io, int error);

#endif
