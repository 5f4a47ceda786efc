/* SPDX-License-Identifier: MIT */
/* gzip by zlib, which checks the stream's sum and length. */
#include <string.h>
#include <zlib.h>
#include "expand.h"

static int run(struct expansion *x, z_stream *z)
{
	int zrc, rc;

	for (;;) {
		z->next_out = x->out + x->out_used;
		z->avail_out = (unsigned int)(x->out_size - x->out_used);
		zrc = inflate(z, Z_NO_FLUSH);
		x->in_used = z->total_in;
		x->out_used = z->total_out;
		if (zrc == Z_STREAM_END)
			return 0;
		if (zrc == Z_MEM_ERROR)
			return expand_no_memory(x);
		if (zrc != Z_OK && zrc != Z_BUF_ERROR)
			return expand_damaged(x, z->msg ? z->msg : "error");
		if (z->avail_out && !z->avail_in)
			return expand_truncated(x);
		rc = z->avail_out ? 0 : expand_grow(x);
		if (rc)
			return rc;
	}
}

int expand_gzip(struct expansion *x)
{
	z_stream z;
	int rc;

	if (x->in_size < 18)            /* the header and the two sums */
		return expand_truncated(x);
	memset(&z, 0, sizeof(z));
	z.next_in = (uint8_t *)x->in;
	z.avail_in = (unsigned int)x->in_size;
	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return expand_no_memory(x);
	rc = run(x, &z);
	inflateEnd(&z);
	return rc;
}
