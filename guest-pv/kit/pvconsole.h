/* SPDX-License-Identifier: MIT */
/*
 * The domain's first console: the shared ring of a guest, or the hypervisor's own console for the
 * control domain. Raw bytes both ways, no translation.
 */
#ifndef KIT_PVCONSOLE_H
#define KIT_PVCONSOLE_H

#include <kit/types.h>

/* Early: output works after this, by waiting in a loop for room. No events, no memory needed.
 * ring: the mapped console page of a guest, NULL for the control domain. */
void pvconsole_init_early(void *ring);

/* Late: binds the event channel, so that readers and writers can sleep. */
int pvconsole_init(void);

/* Writes all of it; sleeps when the ring is full. From threads. */
void pvconsole_write(const void *p, size_t n);

/* The same without sleeping: for panics and for event handlers. */
void pvconsole_write_now(const void *p, size_t n);

/* What is there, at least one byte; waits for it until the deadline (ns of system time,
 * OS_FOREVER). 0: the deadline passed. */
size_t pvconsole_read(void *p, size_t n, uint64_t deadline_ns);

#endif
