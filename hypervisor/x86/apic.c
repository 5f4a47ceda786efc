/* SPDX-License-Identifier: MIT */
/*
 * The local APIC of the CPU that runs: end of interrupt, the one-shot timer, interrupts to other CPUs. Registers:
 * Intel SDM volume 3, chapter "Advanced Programmable Interrupt Controller". They lie in memory, or in x2APIC mode
 * behind MSRs. That mode is taken if the firmware has switched it on, or if some CPU has an id that the
 * memory form cannot address. No lock: every CPU has its own, interrupts are off.
 */
#include "boot.h"
#include "cpu.h"
#include "irq.h"
#include "mm.h"
#include "printk.h"
#include "x86.h"

enum { ID = 0x20, TPR = 0x80, EOI = 0xb0, SVR = 0xf0, ESR = 0x280, ICR = 0x300, ICR_TO = 0x310, LVT_TIMER = 0x320,
       LVT_LINT0 = 0x350, LVT_LINT1 = 0x360, LVT_ERROR = 0x370, TIMER_INIT = 0x380, TIMER_COUNT = 0x390,
       TIMER_DIV = 0x3e0 };
#define LVT_MASKED 0x10000
#define SVR_ENABLE 0x100
#define DIVIDE_BY_1 0xb
#define ICR_BUSY BIT(12)
#define APIC_BASE_X2 BIT(10)
#define APIC_BASE_ENABLE BIT(11)
#define MSR_X2APIC 0x800
#define XAPIC_ID_MAX 254

uint32_t apic_khz;
static volatile uint8_t *regs;
static bool x2apic;

static void put(unsigned reg, uint32_t v)
{
	if (x2apic)
		wrmsr(MSR_X2APIC + reg / 16, v);
	else
		*(volatile uint32_t *)(regs + reg) = v;
}

static uint32_t get(unsigned reg)
{
	return x2apic ? rdmsr(MSR_X2APIC + reg / 16) : *(volatile uint32_t *)(regs + reg);
}

void apic_eoi(void) { put(EOI, 0); }
void apic_timer_arm(uint32_t ticks) { put(TIMER_INIT, ticks); }
uint32_t apic_timer_count(void) { return get(TIMER_COUNT); }
uint32_t apic_id(void) { return x2apic ? get(ID) : get(ID) >> 24; }
bool apic_can_address(uint32_t id) { return x2apic || id <= XAPIC_ID_MAX; }

void apic_ipi(uint32_t id, uint32_t command)
{
	if (x2apic) {
		/* Unlike a store, this WRMSR may overtake what the interrupt is about. */
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		wrmsr(MSR_X2APIC + ICR / 16, (uint64_t)id << 32 | command);
		return;
	}
	while (get(ICR) & ICR_BUSY)
		__builtin_ia32_pause();
	put(ICR_TO, id << 24);
	put(ICR, command);
}

void apic_init_cpu(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE;

	wrmsr(MSR_APIC_BASE, base);
	if (x2apic)			/* only from the memory form can it be entered */
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2);
	put(TPR, 0);
	put(LVT_LINT0, LVT_MASKED);
	put(LVT_LINT1, LVT_MASKED);
	put(LVT_ERROR, LVT_MASKED);
	put(SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	put(TIMER_DIV, DIVIDE_BY_1);
	put(LVT_TIMER, VECTOR_TIMER);
}

static bool __init x2apic_wanted(uint64_t base)
{
	uint32_t r[4];

	if (base & APIC_BASE_X2)
		return true;
	cpuid_count(1, 0, r);
	for (unsigned i = 0; i < acpi.nr_cpus; i++)
		if (acpi.cpu_apic_id[i] > XAPIC_ID_MAX)
			return r[2] >> 21 & 1;
	return false;
}

void __init apic_init(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	regs = ioremap(base & PTE_MFN_MASK, PAGE_SIZE, true);
	if (!regs)
		panic("cannot map the local APIC");
	x2apic = x2apic_wanted(base);
	apic_init_cpu();
	cpus[0]->apic_id = apic_id();
}
