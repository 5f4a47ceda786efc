/* SPDX-License-Identifier: MIT */
/* Page-table isolation (mm/pti.c): what boot decides, and CR3 with or without it. */
#ifndef HV_PTI_H
#define HV_PTI_H

#include "page.h"
#include "x86.h"

struct cpu;
struct domain;

extern bool pti_on;			/* constant after boot: some domains are isolated */

/* --- boot, in this order --- */
void pti_choose(void);			/* by CPU and command line */
void pti_init(void);			/* once there are page tables of our own */
void pti_add_cpu(struct cpu *c);	/* before any guest runs */

/* The L4 whose slots 256-271 (but 260) go into the L4s of d. */
const pte_t *pti_slots_of(const struct domain *d);
/* The hypervisor faulted at va: true if it goes on now that a slot of the guest's has been copied. */
bool pti_fault(uint64_t va);

/* CR3 by its guest's L4 (or idle_l4), isolated or not. Loading flushes all that this CPU knows of any guest. */
void pti_load_cr3(maddr_t base);
maddr_t pti_read_cr3(void);
static inline void root_load(maddr_t base)
{
	if (unlikely(pti_on))
		pti_load_cr3(base);
	else
		write_cr3(base);
}
static inline maddr_t root_read(void) { return unlikely(pti_on) ? pti_read_cr3() : read_cr3(); }

#endif
