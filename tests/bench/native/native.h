/* SPDX-License-Identifier: MIT */
/* The bare machine's image: what its files share. Addresses are physical ones, all of them mapped. */
#ifndef NATIVE_H
#define NATIVE_H

#include <measure.h>

typedef volatile uint64_t pte_t;
#define PT_ENTRIES 512
#define PAGE_SIZE 4096
#define MSR_KERNEL_GS_BASE 0xc0000102
#define PTE_RW 0x67			/* present, writable, user, accessed, dirty */

/* main.c */
void native_say(const char *name, const struct stats *s);	/* pvbench's line */
void native_run(const struct bench *table, size_t n);		/* measure and say, each */
#define NATIVE_RUN(table) native_run(table, sizeof(table) / sizeof((table)[0]))

/* machine.c */
#define IRQ_VECTOR 0x30
#define APIC_TIMER_COUNT 0x380
#define APIC_ICR 0x300
void machine_setup(void);
void machine_gate(unsigned int vector, void (*entry)(void));	/* user mode may call it, too */
void machine_timer_mask(bool masked);

static inline void apic_write(unsigned int reg, uint32_t value)
{
	*(volatile uint32_t *)(0xfee00000UL + reg) = value;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" : : "c" (msr), "a" ((uint32_t)value), "d" ((uint32_t)(value >> 32)) : "memory");
}

static inline void outb(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a" (value), "Nd" (port));
}

static inline uint8_t inb(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a" (value) : "Nd" (port));
	return value;
}

static inline void set_ts(void) { __asm__ volatile("movq %%cr0, %%rax\n\torl $8, %%eax\n\tmovq %%rax, %%cr0" : : : "rax"); }
static inline void irqs_on(void) { __asm__ volatile("sti" : : : "memory"); }
static inline void irqs_off(void) { __asm__ volatile("cli" : : : "memory"); }

/* head.asm */
extern uint64_t native_gdt[];
extern pte_t native_root[];
void trap_back(void), trap_skip(void), trap_skip_error(void), trap_clts(void), irq_back(void), syscall_back(void);
void user_visit(const char *rip, uint64_t samples, uint64_t overhead, struct stats *s);
void user_leave(void);

/* The groups */
void native_instructions(void);
void native_tables(void);
void native_traps(void);
void native_interrupts(void);

#endif
