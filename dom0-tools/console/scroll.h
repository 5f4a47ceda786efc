/* SPDX-License-Identifier: MIT */
/*
 * A console's memory: the last CONSOLE_SCROLLBACK bytes written, addressed by their position
 * since the beginning. Room is taken as it is needed.
 */
#ifndef CONSOLE_SCROLL_H
#define CONSOLE_SCROLL_H

#include <stddef.h>
#include <stdint.h>

struct scroll {
	char *buf;
	size_t size;            /* of buf; a power of two */
	uint64_t end;           /* bytes ever written */
};

/* Without memory to grow it keeps what it can in what it has. */
void scroll_put(struct scroll *s, const void *data, size_t n);
uint64_t scroll_begin(const struct scroll *s);          /* position of the oldest byte kept */
/* Copies up to n bytes from position *at on (or from the oldest, if that is later) and advances
 * *at behind them. How many. */
size_t scroll_get(const struct scroll *s, uint64_t *at, void *out, size_t n);
void scroll_free(struct scroll *s);

#endif
