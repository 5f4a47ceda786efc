/* SPDX-License-Identifier: MIT */
/*
 * What CPUs ask of each other: flush the TLB, put away the state of a vcpu, look at the softirqs, stand still.
 * A request is a bit in the other's struct cpu and an interrupt to make it look; who finds the bit set already
 * knows that the interrupt is on its way.
 *
 * Interrupts are off while the hypervisor runs, so a CPU that waits for another one (for a lock, for an answer)
 * serves flush requests itself, in cpu_relax: else two that wait for each other would wait for ever. A flush
 * needs no lock and harms nobody, wherever it comes.
 */
#include "cpu.h"
#include "domain.h"
#include "irq.h"
#include "pt.h"
#include "x86.h"

#define LOOKS_A_PAUSE 16

enum { REQUEST_FLUSH = 1, REQUEST_UNLOAD = 2 };

static uint32_t standing;		/* CPUs that stand still */
static bool stand_still;

static void interrupt_cpu(const struct cpu *c) { apic_ipi(c->apic_id, VECTOR_IPI); }

static void request(struct cpu *c, uint32_t what)
{
	if (!(__atomic_fetch_or(&c->requests, what, __ATOMIC_SEQ_CST) & what))
		interrupt_cpu(c);
}

void cpu_request_flush(unsigned cpu) { request(cpus[cpu], REQUEST_FLUSH); }
void cpu_request_unload(unsigned cpu) { request(cpus[cpu], REQUEST_UNLOAD); }

void cpu_softirq(struct cpu *c, enum softirq s)
{
	uint32_t bit = 1u << s;

	if (!(__atomic_fetch_or(&c->softirq_pending, bit, __ATOMIC_SEQ_CST) & bit) && c != this_cpu())
		interrupt_cpu(c);
}

void cpu_kick(struct cpu *c) { cpu_softirq(c, SOFTIRQ_SCHEDULE); }

void cpu_poke(unsigned cpu)
{
	if (cpu != this_cpu()->id)
		interrupt_cpu(cpus[cpu]);
}

/* An idle CPU that is asked for anything gives up the address space it has kept: it will not be asked again. */
void ipi_handle(void)
{
	struct cpu *c = this_cpu();
	uint32_t what = __atomic_exchange_n(&c->requests, 0, __ATOMIC_SEQ_CST);

	if (!what)
		return;
	if (c->curr == c->idle && c->loaded)
		vcpu_unload(c->loaded);
	else if (what & REQUEST_FLUSH)
		tlb_flush_local();
}

/* Under QEMU's emulation each PAUSE goes through a lock that all CPUs share: not every look needs one. */
void cpu_relax(void)
{
	struct cpu *c = this_cpu();

	if (++c->looks % LOOKS_A_PAUSE == 0)
		__builtin_ia32_pause();
	if (unlikely(READ_ONCE(c->requests) & REQUEST_FLUSH)) {
		__atomic_and_fetch(&c->requests, ~REQUEST_FLUSH, __ATOMIC_SEQ_CST);
		tlb_flush_local();
	}
}

/* --- standing still --- */

void cpus_halt_others(void)
{
	__atomic_store_n(&stand_still, true, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < nr_cpus; i++)
		if (cpus[i] != this_cpu())
			cpu_softirq(cpus[i], SOFTIRQ_STAND);
	while (__atomic_load_n(&standing, __ATOMIC_ACQUIRE) != nr_cpus - 1)
		cpu_relax();
}

void cpus_resume_others(void)
{
	__atomic_store_n(&stand_still, false, __ATOMIC_RELEASE);
	while (__atomic_load_n(&standing, __ATOMIC_ACQUIRE))
		cpu_relax();
}

void stand_softirq(void)
{
	__atomic_add_fetch(&standing, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&stand_still, __ATOMIC_ACQUIRE)) {
		__builtin_ia32_pause();
		ipi_handle();		/* all of it: another CPU may need what an idle one has kept */
	}
	__atomic_sub_fetch(&standing, 1, __ATOMIC_ACQ_REL);
}
