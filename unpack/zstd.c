/* SPDX-License-Identifier: MIT */
/*
 * zstd by libzstd, the frame in one go: kernels are packed with windows of 128 MB, for which expanding
 * piece by piece would need a buffer of that size beside the result.
 */
#include <zstd.h>
#include <zstd_errors.h>
#include "expand.h"

static int run(struct expansion *x, ZSTD_DCtx *z, size_t frame)
{
	for (;;) {
		size_t n = ZSTD_decompressDCtx(z, x->out, x->out_size, x->in, frame);
		int rc;

		if (!ZSTD_isError(n)) {
			x->in_used = frame;
			x->out_used = n;
			return 0;
		}
		if (ZSTD_getErrorCode(n) != ZSTD_error_dstSize_tooSmall)
			return expand_damaged(x, ZSTD_getErrorName(n));
		rc = expand_grow(x);
		if (rc)
			return rc;
	}
}

int expand_zstd(struct expansion *x)
{
	size_t frame = ZSTD_findFrameCompressedSize(x->in, x->in_size);
	ZSTD_DCtx *z;
	int rc;

	if (ZSTD_isError(frame))
		return ZSTD_getErrorCode(frame) == ZSTD_error_srcSize_wrong ?
			expand_truncated(x) :
			expand_damaged(x, ZSTD_getErrorName(frame));
	z = ZSTD_createDCtx();
	if (!z)
		return expand_no_memory(x);
	rc = run(x, z, frame);
	ZSTD_freeDCtx(z);
	return rc;
}
