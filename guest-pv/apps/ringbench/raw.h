/* SPDX-License-Identifier: MIT */
/* The raw ring's protocol: 32 requests of 64 bytes, and what the server is to do with the page that one names. */
#ifndef RINGBENCH_RAW_H
#define RINGBENCH_RAW_H

#define xen_mb() __sync_synchronize()
#define xen_rmb() __asm__ volatile("" : : : "memory")
#define xen_wmb() __asm__ volatile("" : : : "memory")
#include <string.h>
#include <xen/io/ring.h>
#include <xen/grant_table.h>

#define RAW_REQUESTS 32

enum raw_work {
	RAW_ECHO,		/* nothing: the ring alone */
	RAW_MAP,		/* map the granted page, read it, unmap it */
	RAW_COPY,		/* have it copied to a page of the server's */
	RAW_PERSISTENT,		/* copy it from a mapping that stays */
	RAW_END,		/* the server ends */
	RAW_WORKS
};

struct raw_request { uint32_t id, work; grant_ref_t ref; uint32_t pad[13]; };
struct raw_response { uint32_t id; int32_t status; uint32_t pad[14]; };
DEFINE_RING_TYPES(raw, struct raw_request, struct raw_response);

#endif
