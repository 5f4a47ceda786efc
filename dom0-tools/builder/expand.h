/* SPDX-License-Identifier: MIT */
/*
 * Between expand.c, which knows the formats by their first bytes, and the file of each format.
 * The stream is hostile: a format reads only in[0..in_size), and grows out only by expand_grow, which
 * keeps it below IMAGE_MAX.
 */
#ifndef DOM0_TOOLS_BUILDER_EXPAND_H
#define DOM0_TOOLS_BUILDER_EXPAND_H

#include "builder/image.h"

struct expansion {
	const char *format;             /* as errors name it */
	const uint8_t *in;
	size_t in_size, in_used;
	uint8_t *out;                   /* malloc'ed */
	size_t out_size, out_used;
};

typedef int expand_format(struct expansion *x, struct err *err);
expand_format expand_gzip, expand_lz4, expand_xz, expand_zstd;

/* Makes out larger; what is in it stays. */
int expand_grow(struct expansion *x, struct err *err);
/* The two ways in which a stream is wrong. */
int expand_truncated(const struct expansion *x, struct err *err);
int expand_damaged(const struct expansion *x, const char *how, struct err *err);
int expand_no_memory(const struct expansion *x, struct err *err);

/*
 * Expands size bytes into *out if they begin as a known format does. hint, which may be wrong, is the size
 * expected of the result, 0 if nothing is known. 1: done, 0: no known format, negative: err.
 */
int expand(struct image *out, const uint8_t *in, size_t size, size_t hint, struct err *err);
/* The little-endian number that ends a gzip stream and the payload of a bzImage: the expanded size. */
uint32_t expand_last_word(const uint8_t *in, size_t size);

#endif
