/* SPDX-License-Identifier: MIT */
/*
 * The local APIC: end of interrupt and the one-shot timer. Registers: Intel SDM volume 3, chapter
 * "Advanced Programmable Interrupt Controller".
 */
#include "boot.h"
#include "irq.h"
#include "mm.h"
#include "printk.h"
#include "x86.h"

enum { TPR = 0x80, EOI = 0xb0, SVR = 0xf0, ESR = 0x280, LVT_TIMER = 0x320, LVT_LINT0 = 0x350,
       LVT_LINT1 = 0x360, LVT_ERROR = 0x370, TIMER_INIT = 0x380, TIMER_COUNT = 0x390, TIMER_DIV = 0x3e0 };
#define LVT_MASKED 0x10000
#define SVR_ENABLE 0x100
#define DIVIDE_BY_1 0xb

uint32_t apic_khz;
static volatile uint8_t *regs;

static void put(unsigned reg, uint32_t v) { *(volatile uint32_t *)(regs + reg) = v; }
static uint32_t get(unsigned reg) { return *(volatile uint32_t *)(regs + reg); }

void apic_eoi(void) { put(EOI, 0); }
void apic_timer_arm(uint32_t ticks) { put(TIMER_INIT, ticks); }
uint32_t apic_timer_count(void) { return get(TIMER_COUNT); }

void __init apic_init(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	regs = ioremap(base & PTE_MFN_MASK, PAGE_SIZE, true);
	if (!regs)
		panic("cannot map the local APIC");
	wrmsr(MSR_APIC_BASE, base | BIT(11));
	put(TPR, 0);
	put(LVT_LINT0, LVT_MASKED);
	put(LVT_LINT1, LVT_MASKED);
	put(LVT_ERROR, LVT_MASKED);
	put(SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	put(TIMER_DIV, DIVIDE_BY_1);
	put(LVT_TIMER, VECTOR_TIMER);
}
