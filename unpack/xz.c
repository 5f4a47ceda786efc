/* SPDX-License-Identifier: MIT */
/* xz by liblzma, which checks the stream's sums. Its dictionary comes on top of the result. */
#include <lzma.h>
#include "expand.h"

static int run(struct expansion *x, lzma_stream *z)
{
	lzma_ret zrc;
	int rc;

	for (;;) {
		z->next_out = x->out + x->out_used;
		z->avail_out = x->out_size - x->out_used;
		zrc = lzma_code(z, LZMA_RUN);
		x->in_used = z->total_in;
		x->out_used = z->total_out;
		if (zrc == LZMA_STREAM_END)
			return 0;
		if (zrc == LZMA_MEM_ERROR || zrc == LZMA_MEMLIMIT_ERROR)
			return expand_no_memory(x);
		if (zrc == LZMA_OPTIONS_ERROR)
			return expand_damaged(x, "it uses a filter that is not supported");
		if (zrc != LZMA_OK && zrc != LZMA_BUF_ERROR)
			return expand_damaged(x, "error");
		if (z->avail_out && !z->avail_in)
			return expand_truncated(x);
		rc = z->avail_out ? 0 : expand_grow(x);
		if (rc)
			return rc;
	}
}

int expand_xz(struct expansion *x)
{
	lzma_stream z = LZMA_STREAM_INIT;
	int rc;

	if (lzma_stream_decoder(&z, UNPACK_MAX, 0) != LZMA_OK)
		return expand_no_memory(x);
	z.next_in = x->in;
	z.avail_in = x->in_size;
	rc = run(x, &z);
	lzma_end(&z);
	return rc;
}
