/* SPDX-License-Identifier: MIT */
/*
 * Client of the xenstore over the domain's own ring. Values are bytes; strings returned are
 * terminated and malloc-free: they live in memory the caller passes. Errors: a negative error of
 * <xen/errno.h>, the store's own (-XEN_ENOENT ...) or -XEN_EIO for a broken conversation,
 * -XEN_ENODEV where there is no store. All functions sleep; call them from threads.
 */
#ifndef KIT_XENBUS_H
#define KIT_XENBUS_H

#include <kit/types.h>
#include <xen/event_channel.h>

typedef uint32_t xenbus_tx_t;
#define XENBUS_NO_TX 0u

/* ring: the mapped page start_info->store_mfn. Not in the control domain, which has none. */
int xenbus_init(void *ring, evtchn_port_t port);

/* Reads a node. Gives its length, and at most size-1 bytes and a terminator in buf; -XEN_ENOSPC if
 * the value is longer than that. */
int xenbus_read(xenbus_tx_t tx, const char *path, char *buf, size_t size);
int xenbus_write(xenbus_tx_t tx, const char *path, const char *value);
int xenbus_mkdir(xenbus_tx_t tx, const char *path);
int xenbus_rm(xenbus_tx_t tx, const char *path);

/* Names of the children, each terminated, one after the other in buf; gives the bytes used. */
int xenbus_ls(xenbus_tx_t tx, const char *path, char *buf, size_t size);

int xenbus_tx_start(xenbus_tx_t *tx);
/* -XEN_EAGAIN: somebody else changed the same; do it all again. */
int xenbus_tx_end(xenbus_tx_t tx, bool abort);

/* For devices, each a directory of numbers (xenbus_node.c). */
#define XENBUS_PATH_SIZE 160
/* Puts dir/key into path and gives path; what does not fit gives "", which names nothing. */
const char *xenbus_path(char path[XENBUS_PATH_SIZE], const char *dir, const char *key);
#define XENBUS_NUMBER_SIZE 24
/* Puts n in decimal into text and gives text. */
const char *xenbus_number(char text[XENBUS_NUMBER_SIZE], uint64_t n);
/* missing: for a key that is not there, or whose value is not a decimal number of 64 bits. */
uint64_t xenbus_read_number(const char *dir, const char *key, uint64_t missing);
int xenbus_write_number(xenbus_tx_t tx, const char *dir, const char *key, uint64_t n);
/* Calls write in a transaction, anew until nobody else came between; 0 or its error or the store's. */
int xenbus_transact(int (*write)(xenbus_tx_t tx, void *arg), void *arg);

/* A watch fires once when it is set, then at each change at or under the path. Events are counted,
 * not queued: look at the store itself. */
struct xenbus_watch {
	struct xenbus_watch *next;
	const char *path;
	volatile uint32_t fired;	/* times fired since xenbus_watch_wait returned last */
};
int xenbus_watch(struct xenbus_watch *w, const char *path);	/* w and path stay until unwatch */
int xenbus_unwatch(struct xenbus_watch *w);
/* 0: fired; -XEN_ETIME: the deadline (ns of system time, OS_FOREVER) passed. */
int xenbus_watch_wait(struct xenbus_watch *w, uint64_t deadline_ns);

#endif
