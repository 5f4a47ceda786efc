/* SPDX-License-Identifier: MIT */
/*
 * Messages of the hypervisor. Every line enters the log ring; loglvl= (ours) and guest_loglvl= (what a
 * guest caused) decide which reach the console. Text about or from one domain passes a limiter, so
 * that no guest can wash the ring clean or stall us on a slow serial line; guest_loglvl=all lifts it.
 */
#include "boot.h"
#include "cpu.h"
#include "domain.h"
#include "lib.h"
#include "printk.h"
#include "x86.h"

#define LINE_BYTES 512
#define LIMIT_WINDOW SECONDS(5)
#define LIMIT_LINES 60
#define TRACE_MAX 24
#define RESET_DELAY_US 5000000u

/* Console lock held. */
static void emit(const char *prefix, const char *fmt, va_list ap, bool show)
{
	char text[LINE_BYTES];
	int n = snprintf(text, sizeof(text), "(Parvus) %s", prefix);

	n += vsnprintf(text + n, sizeof(text) - n - 1, fmt, ap);
	n = MIN(n, (int)sizeof(text) - 2);
	if (text[n - 1] != '\n')
		text[n++] = '\n';
	console_log(text, n, show);
}

void printk(enum log_level lvl, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	console_lock();
	emit("", fmt, ap, (int)lvl <= opt.loglvl);
	console_unlock();
	va_end(ap);
}

bool log_limit_passes(struct domain *d)
{
	s_time_t t = now();

	if (opt.guest_loglvl >= LOG_DEBUG)
		return true;
	if (t - d->log_window > LIMIT_WINDOW) {
		unsigned lost = d->log_count > LIMIT_LINES ? d->log_count - LIMIT_LINES : 0;
		char text[64];
		int n = snprintf(text, sizeof(text), "(Parvus) (d%u) %u messages suppressed\n", d->id, lost);

		d->log_window = t;
		d->log_count = 0;
		if (lost)
			console_log(text, n, opt.guest_loglvl >= LOG_WARN);
	}
	return ++d->log_count <= LIMIT_LINES;
}

void domain_log(const struct domain *d, enum log_level lvl, const char *fmt, ...)
{
	char prefix[16];
	va_list ap;

	snprintf(prefix, sizeof(prefix), "(d%u) ", d->id);
	va_start(ap, fmt);
	console_lock();
	/* The limiter's count is the one thing of the domain that a message changes. */
	if (log_limit_passes((struct domain *)d))
		emit(prefix, fmt, ap, (int)lvl <= opt.guest_loglvl);
	console_unlock();
	va_end(ap);
}

static void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit("", fmt, ap, true);
	va_end(ap);
}

/* Words of our stack that look like return addresses. Ends with the CPU's stack, or with this page
 * while there is no per-CPU area yet. */
static void dump_stack(const uint64_t *sp)
{
	const struct cpu *c = (const struct cpu *)rdmsr(MSR_GS_BASE);
	uint64_t end = ROUND_UP((uint64_t)sp + 1, PAGE_SIZE);
	unsigned shown = 0;

	if ((uint64_t)c >= IMAGE_VIRT_START && c->stack_top - (uint64_t)sp <= CPU_STACK_SIZE)
		end = c->stack_top;
	for (; (uint64_t)sp < end && shown < TRACE_MAX; sp++) {
		if (*sp - IMAGE_VIRT_START < 0x1000000) {
			say("  [%lx] %lx", (uint64_t)sp, *sp);
			shown++;
		}
	}
}

/* Time to read what was said, then a fresh start. An I/O cycle takes about a microsecond anywhere. */
static void __noreturn stop_machine(void)
{
	if (opt.noreboot) {
		say("Halted (noreboot).");
		for (;;)
			__asm__ volatile("hlt");
	}
	say("Resetting in %u seconds.", RESET_DELAY_US / 1000000);
	for (unsigned us = 0; us < RESET_DELAY_US; us++)
		inb(0x80);
	machine_reset();
}

void panic(const char *fmt, ...)
{
	uint64_t sp = (uint64_t)__builtin_frame_address(0);
	va_list ap;

	cli();
	cpus_stop_others();
	console_break_lock();
	va_start(ap, fmt);
	emit("PANIC: ", fmt, ap, true);
	va_end(ap);
	say("called from %lx, rsp %lx, cr2 %lx, cr3 %lx", (uint64_t)__builtin_return_address(0), sp,
	    read_cr2(), read_cr3());
	dump_stack((const uint64_t *)sp);
	stop_machine();
}

void boot_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit("Cannot boot: ", fmt, ap, true);
	va_end(ap);
	stop_machine();
}
