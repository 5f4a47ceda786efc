/* SPDX-License-Identifier: MIT */
/*
 * What the kit and the drivers need of the operating system under them: the whole of it. A ported
 * system implements these functions and gets the xenbus client, the console and, through the same
 * header, the split drivers. libos/os.c is the reference.
 *
 * Waiting: a waiter says where it waits with a `struct os_wait` it owns, which os_wait_init makes
 * ready. The predicate is read again after each wake, and a wake that comes between reading it and
 * sleeping is never lost: that promise is the implementation's.
 */
#ifndef KIT_OS_H
#define KIT_OS_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <kit/types.h>

/* n pages of zeroed memory, physically adjacent in pfn, mapped; NULL if there are none. */
void *os_pages_alloc(size_t n);
void os_pages_free(void *va, size_t n);

/* Reserves n pages of virtual addresses whose page-table entries exist and are empty; NULL if there
 * are none. The kit fills the entries in (frames, grants) and clears them before release. */
void *os_va_alloc(size_t n);
void os_va_free(void *va, size_t n);

/* One place to wait. Zeroed memory is not valid: use os_wait_init. */
struct os_wait { void *opaque[4]; };
void os_wait_init(struct os_wait *w);

/* Sleeps until pred(arg) is true. Called from a thread with events enabled; pred may be called with
 * events masked. False when the deadline (system time, ns; OS_FOREVER for none) passed first. */
#define OS_FOREVER UINT64_MAX
bool os_wait_until(struct os_wait *w, bool (*pred)(void *arg), void *arg, uint64_t deadline_ns);

/* Wakes all who wait on w. May be called from an event handler. */
void os_wake(struct os_wait *w);

/* A lock held while one conversation with the hypervisor's shared pages is in progress; taken from
 * threads only. Zeroed memory is not valid: use os_lock_init. */
struct os_lock { void *opaque[6]; };
void os_lock_init(struct os_lock *l);
void os_lock(struct os_lock *l);
void os_unlock(struct os_lock *l);

/* Last words: says what broke and stops the domain. Never returns. */
void os_panic(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
