/* SPDX-License-Identifier: MIT */
/*
 * The scroll-back buffer. Byte number p lives at p modulo size, and the bytes kept are the last
 * `size` ones. No lock: the caller's.
 */
#include "scroll.h"

#include <stdlib.h>
#include <string.h>
#include "console.h"

#define FIRST_SIZE 1024

uint64_t scroll_begin(const struct scroll *s)
{
	return s->end > s->size ? s->end - s->size : 0;
}

size_t scroll_get(const struct scroll *s, uint64_t *at, void *out, size_t n)
{
	size_t done = 0;

	if (*at < scroll_begin(s))
		*at = scroll_begin(s);
	while (done < n && *at < s->end) {
		size_t from = *at & (s->size - 1), len = s->size - from;

		if (len > s->end - *at)
			len = s->end - *at;
		if (len > n - done)
			len = n - done;
		memcpy((char *)out + done, s->buf + from, len);
		done += len;
		*at += len;
	}
	return done;
}

/* Makes room for n more bytes, as far as the limit and memory allow. A buffer that has begun to
 * overwrite itself keeps its size: its bytes could not stay where they are. */
static void reserve(struct scroll *s, size_t n)
{
	size_t size = s->size ? s->size : FIRST_SIZE;
	char *buf;

	if (s->end > s->size)
		return;
	while (size < CONSOLE_SCROLLBACK && s->end + n > size)
		size *= 2;
	buf = size > s->size ? realloc(s->buf, size) : NULL;
	if (buf) {
		s->buf = buf;
		s->size = size;
	}
}

static void put(struct scroll *s, const char *p, size_t n)
{
	while (n) {
		size_t to = s->end & (s->size - 1), len = s->size - to;

		if (len > n)
			len = n;
		memcpy(s->buf + to, p, len);
		s->end += len;
		p += len;
		n -= len;
	}
}

void scroll_put(struct scroll *s, const void *data, size_t n)
{
	reserve(s, n);
	if (s->size)
		put(s, data, n);
}

void scroll_free(struct scroll *s)
{
	free(s->buf);
	s->buf = NULL;
	s->size = 0;
}
