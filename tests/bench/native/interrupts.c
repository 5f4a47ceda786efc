/* SPDX-License-Identifier: MIT */
/*
 * An interrupt that the processor sends itself, to the handler and back, as an event sent to its own domain; the local
 * APIC's timer, whose tick is the counter's: setting it, what its interrupt takes from a busy loop, and how late it wakes
 * an idle processor.
 */
#include "native.h"

#define US 1000
#define LOOPS 30000			/* of two instructions: longer than the timer's 20 us */
#define TO_SELF (0x40000 | IRQ_VECTOR)

static uint64_t deadline;

static void send(void) { apic_write(APIC_ICR, TO_SELF); }
static void set(void) { apic_write(APIC_TIMER_COUNT, deadline - __builtin_ia32_rdtsc()); }
static void disarm(void) { apic_write(APIC_TIMER_COUNT, 0); }
static void in_10ms(void) { deadline = __builtin_ia32_rdtsc() + 10000 * US; }
static void in_1ms(void) { deadline = __builtin_ia32_rdtsc() + 1000 * US; }
static void soon(void) { apic_write(APIC_TIMER_COUNT, 20 * US); }

static void spin(void)
{
	unsigned int n = LOOPS;

	__asm__ volatile("1: decl %0; jnz 1b" : "+r" (n) : : "cc");
}

static void stolen(void)
{
	const struct bench quiet = { "", spin, NULL, 0 };
	const struct bench busy = { "timer_irq_stolen_upcall", spin, soon, 0 };
	uint64_t base = bench_measure(&quiet).min;
	struct stats s = bench_measure(&busy);

	s.sum -= base * s.n;
	s.min -= base;
	native_say(busy.name, &s);
}

static void block(void)
{
	struct stats latency = STATS_INIT;

	for (int i = 0; i < SAMPLES; i++) {
		irqs_off();
		deadline = __builtin_ia32_rdtsc() + 500 * US;
		apic_write(APIC_TIMER_COUNT, 500 * US);
		__asm__ volatile("sti\n\thlt" : : : "memory");
		stats_add(&latency, bench_count() - deadline);
	}
	native_say("block_wake_latency_ns", &latency);
}

void native_interrupts(void)
{
	static const struct bench table[] = {
		{ "evtchn_send_upcall_iret", send, NULL, 0 },
		{ "set_timer_op_+10ms", set, in_10ms, 0 },
		{ "set_timer_op_+1ms", set, in_1ms, 0 },
		{ "set_timer_op_disarm", disarm, NULL, 0 },
	};

	irqs_on();
	NATIVE_RUN(table);
	machine_timer_mask(false);
	stolen();
	block();
	irqs_off();
}
