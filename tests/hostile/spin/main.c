/* SPDX-License-Identifier: MIT */
/*
 * No attack of its own: it comes up and then stays in ring 3 for ever, for tests/hostile/isolation to look at what its
 * page tables show.
 */
#include "test.h"

void test_main(void)
{
	check("ready", true);
	for (;;)
		__asm__ volatile("pause");
}
