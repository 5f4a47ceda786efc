/* SPDX-License-Identifier: MIT */
/*
 * TLB flushes, here and on other CPUs. Guests' entries are never global, so loading CR3 flushes all a CPU knows of
 * any domain. tlb_clock numbers moments; each CPU remembers in tlb_flushed a number that was reached before
 * its last full flush began. A frame is stamped with the number when a mapping of it went away: a CPU whose
 * number is higher cannot know that mapping any more. Only what may find it useful moves the clock: a switch of
 * address spaces and a flush, but not each change between a guest's kernel and its user space, so that this
 * hot path writes to no line that other CPUs read.
 *
 * d->cpus are the CPUs that may hold translations of d: the bit is set before a CPU loads an address space of d,
 * and cleared after it has loaded another one. Who changes a table and looks at the mask afterwards
 * misses nobody: the CPU either is in it, or will walk the table as it is now.
 *
 * The numbers wrap. A signed distance is right as long as no CPU lags 2^31 behind, hence every 2^30 all
 * CPUs are asked to flush.
 */
#include "cpu.h"
#include "domain.h"
#include "pt.h"
#include "pti.h"
#include "x86.h"

#define EVERYBODY_EACH (1u << 30)

uint32_t tlb_clock = 1;

static uint32_t tick(void)
{
	uint32_t t = __atomic_add_fetch(&tlb_clock, 1, __ATOMIC_SEQ_CST);

	for (unsigned i = 0; unlikely(t % EVERYBODY_EACH == 0) && i < nr_cpus; i++)
		if (cpus[i] != this_cpu())
			cpu_request_flush(i);
	return t;
}

static void load(maddr_t base, uint32_t t)
{
	root_load(base);
	__atomic_store_n(&this_cpu()->tlb_flushed, t, __ATOMIC_RELEASE);
}

void tlb_load_cr3(maddr_t base) { load(base, tick()); }

void tlb_toggle_cr3(maddr_t base)
{
	uint32_t t = READ_ONCE(tlb_clock);

	root_load(base);
	if (this_cpu()->tlb_flushed != t)
		WRITE_ONCE(this_cpu()->tlb_flushed, t);
}

void tlb_flush_local(void) { tlb_load_cr3(root_read()); }
void tlb_flush_va_local(uint64_t va) { invlpg(va); }

static bool flushed_since(const struct cpu *c, uint32_t t)
{
	return (int32_t)(__atomic_load_n(&c->tlb_flushed, __ATOMIC_ACQUIRE) - t) >= 0;
}

/* Full flushes on these CPUs, which may include this one; the others are waited for. */
static void flush_cpus(uint64_t mask)
{
	uint64_t others = mask & ~BIT(this_cpu()->id);
	uint32_t t;

	if (likely(!others)) {
		if (mask)
			tlb_flush_local();
		return;
	}
	t = tick();
	for (uint64_t m = others; m; m &= m - 1)
		cpu_request_flush(__builtin_ctzll(m));
	if (mask != others)
		load(root_read(), t);
	for (uint64_t m = others; m; m &= m - 1)
		while (!flushed_since(cpus[__builtin_ctzll(m)], t))
			cpu_relax();
}

void tlb_flush_others(void) { flush_cpus(cpus_online() & ~BIT(this_cpu()->id)); }

static uint64_t cpus_of(const struct domain *d) { return __atomic_load_n(&d->cpus, __ATOMIC_SEQ_CST); }

void tlb_flush_domain(struct domain *d)
{
	uint64_t mask = cpus_of(d);

	likely(mask == BIT(this_cpu()->id)) ? tlb_flush_local() : flush_cpus(mask);
}

void tlb_flush_va_domain(struct domain *d, uint64_t va)
{
	uint64_t mask = cpus_of(d), here = BIT(this_cpu()->id);

	if (mask & here)
		invlpg(va);
	flush_cpus(mask & ~here);
}

void tlb_flush_vcpus(struct domain *d, uint64_t vcpus, unsigned first)
{
	uint64_t mask = 0;

	for (; vcpus; vcpus &= vcpus - 1) {
		const struct vcpu *v = domain_vcpu(d, first + __builtin_ctzll(vcpus));
		unsigned cpu = v ? READ_ONCE(v->loaded_on) : LOADED_NOWHERE;

		if (cpu != LOADED_NOWHERE)
			mask |= BIT(cpu);
	}
	flush_cpus(mask);
}

/* A CPU without any vcpu's address space knows of none. */
void tlb_filter(struct frame *f)
{
	uint32_t after = READ_ONCE(f->tlb_stamp) + 1;
	uint64_t mask = 0;

	for (unsigned i = 0; i < nr_cpus; i++)
		if (!flushed_since(cpus[i], after) && READ_ONCE(cpus[i]->loaded))
			mask |= BIT(i);
	if (unlikely(mask))
		flush_cpus(mask);
}
