/* SPDX-License-Identifier: MIT */
/*
 * Between expand.c, which knows the formats by their first bytes, and the file of each format.
 * The stream is hostile: a format reads only in[0..in_size), and grows out only by expand_grow, which
 * keeps it below UNPACK_MAX. All return 0, or -1 with *err filled.
 */
#ifndef UNPACK_EXPAND_H
#define UNPACK_EXPAND_H

#include <stdbool.h>
#include "unpack.h"

struct expansion {
	const char *format;             /* as errors name it */
	const uint8_t *in;
	size_t in_size, in_used;
	uint8_t *out;                   /* malloc'ed */
	size_t out_size, out_used;
	struct unpack_error *err;
};

typedef int expand_format(struct expansion *x);
expand_format expand_gzip, expand_lz4, expand_xz, expand_zstd;

/* Makes out larger; what is in it, out_used bytes, stays. */
int expand_grow(struct expansion *x);
/* The ways in which a stream is wrong. */
int expand_truncated(const struct expansion *x);
int expand_damaged(const struct expansion *x, const char *how);
int expand_no_memory(const struct expansion *x);

/* Fills e and returns -1. */
int unpack_fail(struct unpack_error *e, enum unpack_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Expands size bytes into *out if they begin as a known format does. hint, which may be wrong, is the size
 * expected of the result, 0 if nothing is known. 1: done, 0: no known format, -1: error.
 */
int expand(struct unpacked *out, const uint8_t *in, size_t size, size_t hint, struct unpack_error *err);
bool expand_is_gzip(const uint8_t *in, size_t size);
/* The little-endian number that ends a gzip stream and the payload of a bzImage: the expanded size. */
uint32_t expand_last_word(const uint8_t *in, size_t size);

/* bzimage.c; the image must be one. 1, or -1 with *err filled. */
bool bzimage_is(const uint8_t *image, size_t size);
int bzimage_unpack(const uint8_t *image, size_t size, struct unpacked *out, struct unpack_error *err);

#endif
