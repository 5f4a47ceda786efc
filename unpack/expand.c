/* SPDX-License-Identifier: MIT */
/*
 * Expands a compressed stream held in memory into a buffer that grows as needed. Each format is a
 * library of its own behind one function; here are the table of formats, the buffer and its bound.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "expand.h"

static const struct {
	const char *name;
	uint8_t magic[6];
	size_t magic_size;
	expand_format *run;
} formats[] = {
	{ "gzip", { 0x1f, 0x8b }, 2, expand_gzip },
	{ "LZ4", { 0x02, 0x21, 0x4c, 0x18 }, 4, expand_lz4 },   /* the legacy frame, as kernels use */
	{ "xz", { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, expand_xz },
	{ "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4, expand_zstd },
};

int unpack_fail(struct unpack_error *e, enum unpack_kind kind, const char *fmt, ...)
{
	va_list ap;

	e->kind = kind;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -1;
}

int expand_no_memory(const struct expansion *x)
{
	return unpack_fail(x->err, UNPACK_NO_MEMORY, "no memory here to expand the %s stream: it takes %zu "
			   "bytes or more", x->format, x->out_size);
}

int expand_truncated(const struct expansion *x)
{
	return unpack_fail(x->err, UNPACK_TRUNCATED, "truncated: the %s stream has no end within its %zu bytes",
			   x->format, x->in_size);
}

int expand_damaged(const struct expansion *x, const char *how)
{
	return unpack_fail(x->err, UNPACK_DAMAGED, "damaged %s stream: %s at byte %zu", x->format, how,
			   x->in_used);
}

int expand_grow(struct expansion *x)
{
	size_t size = x->out_size + x->out_size / 2 + 4096;
	uint8_t *p;

	if (x->out_size >= UNPACK_MAX)
		return unpack_fail(x->err, UNPACK_NO_MEMORY, "the %s stream expands to more than %lu bytes",
				   x->format, UNPACK_MAX);
	if (size > UNPACK_MAX)
		size = UNPACK_MAX;
	p = malloc(size);
	if (!p)
		return expand_no_memory(x);
	memcpy(p, x->out, x->out_used);
	free(x->out);
	x->out = p;
	x->out_size = size;
	return 0;
}

bool expand_is_gzip(const uint8_t *in, size_t size)
{
	return size > 1 && in[0] == 0x1f && in[1] == 0x8b;
}

uint32_t expand_last_word(const uint8_t *in, size_t size)
{
	uint32_t word = 0;

	if (size >= sizeof(word))
		memcpy(&word, in + size - sizeof(word), sizeof(word));
	return word;
}

/* The first buffer. A hint that cannot be right is not worth a refusal: the buffer grows. */
static size_t first_size(size_t size, size_t hint)
{
	size_t guess = size < UNPACK_MAX / 4 ? size * 4 + 4096 : UNPACK_MAX;

	return hint >= size && hint <= UNPACK_MAX ? hint : guess;
}

int expand(struct unpacked *out, const uint8_t *in, size_t size, size_t hint, struct unpack_error *err)
{
	struct expansion x = { .in = in, .in_size = size, .err = err };
	expand_format *run = NULL;
	int rc;

	for (size_t i = 0; !run && i < sizeof(formats) / sizeof(formats[0]); i++)
		if (size >= formats[i].magic_size &&
		    !memcmp(in, formats[i].magic, formats[i].magic_size)) {
			run = formats[i].run;
			x.format = formats[i].name;
		}
	if (!run)
		return 0;
	x.out_size = first_size(size, hint);
	x.out = malloc(x.out_size);
	rc = x.out ? run(&x) : expand_no_memory(&x);
	if (rc) {
		free(x.out);
		return rc;
	}
	out->data = x.out;
	out->size = x.out_used;
	return 1;
}

int unpack(const uint8_t *image, size_t size, struct unpacked *out, struct unpack_error *e)
{
	if (bzimage_is(image, size))
		return bzimage_unpack(image, size, out, e);
	return expand(out, image, size, expand_is_gzip(image, size) ? expand_last_word(image, size) : 0, e);
}
