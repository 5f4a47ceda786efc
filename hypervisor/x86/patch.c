/* SPDX-License-Identifier: MIT */
/*
 * The entry code's variants. It is written for a CPU that needs nothing; SITE in entry.inc marks where the first five
 * bytes may become a jump, and under which conditions. Later rows of the same place win. Hence what is switched off
 * costs no instruction. Boot only, before the image is write-protected.
 */
#include "lib.h"
#include "spec.h"

struct site { uint64_t at, to, when; };

void __init entry_patch(uint32_t conditions)
{
	extern const struct site site_table_start[], site_table_end[];

	for (const struct site *s = site_table_start; s < site_table_end; s++) {
		bool holds = s->when & conditions & ~PATCH_UNLESS;
		int32_t distance = s->to - s->at - 5;
		uint8_t *p = (uint8_t *)s->at;

		if (holds == !!(s->when & PATCH_UNLESS))
			continue;
		p[0] = 0xe9;
		memcpy(p + 1, &distance, sizeof(distance));
	}
}
