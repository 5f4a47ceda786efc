/* SPDX-License-Identifier: MIT */
/*
 * Kernel images as they are shipped: compressed (gzip, LZ4's legacy frame, xz, zstd), and Linux's bzImage
 * around such a stream. The same sources serve the domain builder in the control domain and the hypervisor's own;
 * of their surroundings they ask for malloc, calloc, free, the mem functions and vsnprintf.
 * The image is hostile. No lock: all state is the caller's.
 */
#ifndef UNPACK_H
#define UNPACK_H

#include <stddef.h>
#include <stdint.h>

#define UNPACK_MAX (512UL << 20)        /* bytes; what expands to more is refused */

enum unpack_kind {
	UNPACK_TRUNCATED,               /* the file ends before its headers say, or the stream does */
	UNPACK_BAD_HEADER,              /* a bzImage that does not fit together, or is too old */
	UNPACK_DAMAGED,                 /* a damaged or unknown compressed stream */
	UNPACK_NO_MEMORY,
};

struct unpack_error {
	enum unpack_kind kind;
	char text[200];                 /* a sentence: what was found and what was expected */
};

struct unpacked {
	uint8_t *data;                  /* malloc'ed */
	size_t size;
};

/* 1: *out is what the image expands to; 0: it is neither compressed nor a bzImage; -1: *e says what is wrong. */
int unpack(const uint8_t *image, size_t size, struct unpacked *out, struct unpack_error *e);

#endif
