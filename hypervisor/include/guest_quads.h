/* SPDX-License-Identifier: MIT */
/* The door to guest memory (uaccess.h) for small structures of quadwords on the hottest paths. */
#ifndef HV_GUEST_QUADS_H
#define HV_GUEST_QUADS_H

#include "uaccess.h"

/* A constant number of quadwords; false: a fault. */
static __force_inline bool __must_check copy_from_guest_quads(void *dst, const void *src, unsigned quads)
{
	const uint64_t *from = guest_ptr(src);
	uint64_t *to = dst;

	guest_open();
#pragma GCC unroll 8
	for (unsigned i = 0; i < quads; i++)
		guest_get(to[i], from + i, fault);
	guest_close();
	return true;
fault:
	guest_close();
	return false;
}

static __force_inline bool __must_check copy_to_guest_quads(void *dst, const void *src, unsigned quads)
{
	const uint64_t *from = src;
	uint64_t *to = guest_ptr(dst);

	guest_open();
#pragma GCC unroll 8
	for (unsigned i = 0; i < quads; i++)
		guest_put(to + i, from[i], fault);
	guest_close();
	return true;
fault:
	guest_close();
	return false;
}

#endif
