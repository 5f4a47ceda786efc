/* SPDX-License-Identifier: MIT */
/*
 * The processor as the measurements need it: interrupt descriptors, a stack to enter from user mode, SYSCALL, the
 * local APIC and its timer; the old interrupt controllers are silenced.
 */
#include "native.h"

#define TSS_SELECTOR 0x30
#define GATE 0xee00			/* interrupt gate that user mode may call */
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_FMASK 0xc0000084
#define APIC_SPURIOUS 0xf0
#define APIC_LVT_TIMER 0x320
#define APIC_TIMER_DIVIDE 0x3e0
#define APIC_ENABLE 0x100
#define APIC_MASKED 0x10000
#define APIC_DIVIDE_BY_1 0xb

static struct gate {
	uint16_t low, selector, type, middle;
	uint32_t high, zero;
} idt[256];

static struct {
	uint32_t zero;
	uint64_t rsp[3];
	char rest[76];
} __attribute__((packed)) tss;

static char stack[PAGE_SIZE] __attribute__((aligned(16)));

void machine_gate(unsigned int vector, void (*entry)(void))
{
	uint64_t address = (uintptr_t)entry;

	idt[vector] = (struct gate){ .low = address, .selector = 8, .type = GATE, .middle = address >> 16 };
}

void machine_timer_mask(bool masked)
{
	apic_write(APIC_LVT_TIMER, IRQ_VECTOR | (masked ? APIC_MASKED : 0));
}

static void load_tss(void)
{
	uint64_t base = (uintptr_t)&tss;

	tss.rsp[0] = (uintptr_t)stack + sizeof(stack);
	native_gdt[TSS_SELECTOR / 8] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89UL << 40 | (base >> 24) << 56;
	__asm__ volatile("ltr %w0" : : "r" (TSS_SELECTOR));
}

void machine_setup(void)
{
	struct { uint16_t limit; const void *base; } __attribute__((packed)) idtr = { sizeof(idt) - 1, idt };

	outb(0x21, 0xff);
	outb(0xa1, 0xff);
	__asm__ volatile("lidt %0" : : "m" (idtr));
	load_tss();
	wrmsr(MSR_STAR, 0x0018000800000000);	/* selectors: head.asm */
	wrmsr(MSR_LSTAR, (uintptr_t)syscall_back);
	wrmsr(MSR_FMASK, 0);
	apic_write(APIC_SPURIOUS, APIC_ENABLE | 0xff);
	apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
	machine_timer_mask(true);
	machine_gate(IRQ_VECTOR, irq_back);
}
