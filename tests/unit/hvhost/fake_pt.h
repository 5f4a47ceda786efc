/* SPDX-License-Identifier: MIT */
/* The page table of pt.c, for tests to look at. */
#ifndef FAKE_PT_H
#define FAKE_PT_H

#include "page.h"

#define FAKE_PT_ENTRIES 64
#define FAKE_PT_BASE 0x1000000000
#define FAKE_PT_MACHINE 0x2000000000

extern pte_t fake_pt[FAKE_PT_ENTRIES];
extern unsigned fake_flushes;	/* calls of tlb_flush_domain */
extern void (*fake_on_flush)(void);	/* called by each, unless NULL */

#endif
