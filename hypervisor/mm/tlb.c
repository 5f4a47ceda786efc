/* SPDX-License-Identifier: MIT */
/*
 * TLB flushes. Guests' entries are never global, so loading CR3 flushes all a CPU knows of any
 * domain. tlb_clock numbers the full flushes; cpu_flushed remembers each CPU's last one, and
 * comparing a frame's stamp with it tells whether anything the frame was can still be cached there.
 * The numbers wrap; the signed distance is right as long as no CPU lags 2^31 flushes behind.
 */
#include "cpu.h"
#include "domain.h"
#include "pt.h"
#include "x86.h"

uint32_t tlb_clock = 1;
static uint32_t cpu_flushed[MAX_CPUS];

void tlb_load_cr3(maddr_t base)
{
	uint32_t t = __atomic_add_fetch(&tlb_clock, 1, __ATOMIC_RELAXED);

	write_cr3(base);
	cpu_flushed[this_cpu()->id] = t;
}

void tlb_flush_local(void) { tlb_load_cr3(read_cr3()); }
void tlb_flush_va_local(uint64_t va) { invlpg(va); }

/* With one CPU, the domain's translations are here or nowhere. */
void tlb_flush_all(void) { tlb_flush_local(); }
void tlb_flush_domain(struct domain *d) { (void)d; tlb_flush_local(); }
void tlb_flush_va_domain(struct domain *d, uint64_t va) { (void)d; tlb_flush_va_local(va); }

void tlb_filter(struct frame *f)
{
	if ((int32_t)(cpu_flushed[this_cpu()->id] - f->tlb_stamp) <= 0)
		tlb_flush_local();
}
