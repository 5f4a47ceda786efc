/* SPDX-License-Identifier: MIT */
/* xz by liblzma, which checks the stream's sums. Its dictionary comes on top of the result. */
#include <lzma.h>
#include "builder/expand.h"

static int run(struct expansion *x, lzma_stream *z, struct err *err)
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
			return expand_no_memory(x, err);
		if (zrc == LZMA_OPTIONS_ERROR)
			return expand_damaged(x, "it uses a filter that is not supported", err);
		if (zrc != LZMA_OK && zrc != LZMA_BUF_ERROR)
			return expand_damaged(x, "error", err);
		if (z->avail_out && !z->avail_in)
			return expand_truncated(x, err);
		rc = z->avail_out ? 0 : expand_grow(x, err);
		if (rc)
			return rc;
	}
}

int expand_xz(struct expansion *x, struct err *err)
{
	lzma_stream z = LZMA_STREAM_INIT;
	int rc;

	if (lzma_stream_decoder(&z, IMAGE_MAX, 0) != LZMA_OK)
		return expand_no_memory(x, err);
	z.next_in = x->in;
	z.avail_in = x->in_size;
	rc = run(x, &z, err);
	lzma_end(&z);
	return rc;
}
