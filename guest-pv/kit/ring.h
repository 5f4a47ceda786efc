/* SPDX-License-Identifier: MIT */
/*
 * One direction of a byte stream in a shared page: a power-of-two buffer and two free-running
 * indices. Each side owns one index and only reads the other's, which is hostile: a distance beyond
 * the size is taken as a full (writer) or empty (reader) ring, never followed.
 *
 * The data barrier: bytes are written before the producer index that announces them, and read
 * after it; on x86 a compiler barrier keeps that order.
 */
#ifndef KIT_RING_H
#define KIT_RING_H

#include <stdint.h>
#include <stddef.h>

struct byte_ring {
	char *buf;
	uint32_t size;			/* a power of two */
	volatile uint32_t *cons, *prod;	/* in the shared page */
};

size_t byte_ring_space(const struct byte_ring *r);	/* bytes that may be written now */
size_t byte_ring_used(const struct byte_ring *r);	/* bytes that may be read now */
size_t byte_ring_write(struct byte_ring *r, const void *p, size_t n);	/* bytes taken, 0..n */
size_t byte_ring_read(struct byte_ring *r, void *p, size_t n);		/* bytes given, 0..n */

#endif
