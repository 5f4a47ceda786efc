/* SPDX-License-Identifier: MIT */
/*
 * LZ4's legacy frame: the magic, then blocks, each a 32-bit compressed size and its data, each but the
 * last expanding to BLOCK bytes. The frame has no end mark and no sum: it ends with the file.
 */
#include <string.h>
#include <lz4.h>
#include "expand.h"

#define BLOCK (8u << 20)

static int expand_block(struct expansion *x, uint32_t size)
{
	const char *from = (const char *)x->in + x->in_used;

	for (;;) {
		size_t room = x->out_size - x->out_used;
		int n = LZ4_decompress_safe(from, (char *)x->out + x->out_used, (int)size,
					    room < BLOCK ? (int)room : (int)BLOCK), rc;

		if (n >= 0) {
			x->out_used += (size_t)n;
			x->in_used += size;
			return 0;
		}
		/* The library does not tell a short buffer from a damaged block. */
		if (room >= BLOCK)
			return expand_damaged(x, "a block that cannot be expanded");
		rc = expand_grow(x);
		if (rc)
			return rc;
	}
}

int expand_lz4(struct expansion *x)
{
	uint32_t size;
	int rc;

	x->in_used = 4;
	while (x->in_used < x->in_size) {
		if (x->in_size - x->in_used < sizeof(size))
			return expand_truncated(x);
		memcpy(&size, x->in + x->in_used, sizeof(size));
		if (size > (uint32_t)LZ4_compressBound(BLOCK))
			return expand_damaged(x, "a block larger than blocks can be");
		x->in_used += sizeof(size);
		if (size > x->in_size - x->in_used)
			return expand_truncated(x);
		rc = expand_block(x, size);
		if (rc)
			return rc;
	}
	return 0;
}
