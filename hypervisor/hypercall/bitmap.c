/* SPDX-License-Identifier: MIT */
/* Sets of CPUs or nodes as the tools pass them: bytes, and a number of bits that may be any. */
#include "control.h"
#include "errno.h"
#include "lib.h"
#include "uaccess.h"

int bitmap_from_tools(uint64_t *set, const struct xenctl_bitmap *b)
{
	unsigned bits = MIN(b->nr_bits, 64u);

	*set = 0;
	if (guest_copy_from_(set, b->bitmap.p, 0, (bits + 7) / 8, 1))
		return -EFAULT;
	if (bits < 64)
		*set &= BIT(bits) - 1;
	return 0;
}

int bitmap_to_tools(struct xenctl_bitmap *b, uint64_t set)
{
	uint64_t bytes = ((uint64_t)b->nr_bits + 7) / 8, own = MIN(bytes, 8ULL);
	uint8_t *p = (uint8_t *)b->bitmap.p;

	if (b->nr_bits < 64)
		set &= BIT(b->nr_bits) - 1;
	if (guest_copy_to_(p, 0, &set, own, 1))
		return -EFAULT;
	if (bytes > own && (!guest_range_ok(p, bytes) || clear_guest_bytes(p + own, bytes - own)))
		return -EFAULT;
	return 0;
}
