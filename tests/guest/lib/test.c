/* SPDX-License-Identifier: MIT */
/*
 * Running a micro guest: start, output, verdicts, exceptions, end.
 */
#include "test.h"
#include "print.h"
#include <kit/ring.h>
#include <xen/io/console.h>
#include <xen/version.h>

extern void guest_start(struct start_info *si);
void memory_init(void);

static char shared_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static unsigned int passed, failed;

struct trap_frame trap_seen;
volatile uint64_t trap_resume, trap_taken;
void (*on_event)(struct trap_frame *f);
void (*on_syscall)(struct trap_frame *f);
bool (*on_exception)(struct trap_frame *f);

static void end(unsigned int reason)
{
	hypercall_shutdown(reason);
	for (;;)
		hypercall_sched_op(SCHEDOP_block, NULL);
}

/* The control domain's text goes to the hypervisor, a guest's into its console ring. */
static void write_out(const char *p, size_t n)
{
	static struct byte_ring ring;
	static const unsigned long *m2p = (void *)MACH2PHYS_VIRT_START;
	struct xencons_interface *page;

	if (start_info_is_dom0()) {
		hypercall_console_io(CONSOLEIO_write, n, (char *)p);
		return;
	}
	page = pfn_to_virt(m2p[start_info->console.domU.mfn]);
	ring = (struct byte_ring){ page->out, sizeof(page->out), &page->out_cons, &page->out_prod };
	for (unsigned int tries = 0; n && tries < 100000; tries++) {
		size_t done = byte_ring_write(&ring, p, n);

		p += done;
		n -= done;
		evtchn_send(start_info->console.domU.evtchn);
		if (n)
			hypercall_sched_op(SCHEDOP_yield, NULL);
	}
}

void say(const char *fmt, ...)
{
	char line[256];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = print_format(line, sizeof(line), fmt, ap);
	va_end(ap);
	write_out(line, n);
}

bool on_parvus(void)
{
	xen_extraversion_t extra = "";

	return !hypercall_xen_version(XENVER_extraversion, extra) && !__builtin_memcmp(extra, "-parvus", 8);
}

void os_panic(const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	write_out(line, print_format(line, sizeof(line), fmt, ap));
	va_end(ap);
	say("\nnot ok test ended early\n");
	end(SHUTDOWN_crash);
	__builtin_unreachable();
}

void check(const char *name, bool ok)
{
	say("%s %s\n", ok ? "ok" : "not ok", name);
	if (ok)
		passed++;
	else
		failed++;
}

void check_value(const char *name, long got, long expected)
{
	if (got == expected) {
		check(name, true);
		return;
	}
	failed++;
	say("not ok %s: got 0x%lx (%ld), expected 0x%lx (%ld)\n", name, got, got, expected,
	    expected);
}

void trap_exception(struct trap_frame *f)
{
	trap_seen = *f;
	if (on_exception && on_exception(f))
		return;
	trap_taken = (uint64_t)f->vector << 32 | (uint32_t)f->error;
	if (!trap_resume)
		os_panic("exception %ld, error %lx, at %lx, cr2 %lx, rsp %lx", (long)f->vector,
			 f->error, f->rip, vcpu_info()->arch.cr2, f->rsp);
	f->rip = trap_resume;
	trap_resume = 0;
}

void trap_event(struct trap_frame *f)
{
	if (on_event)
		on_event(f);
	else
		evtchn_dispatch();
}

void trap_syscall(struct trap_frame *f)
{
	if (!on_syscall)
		os_panic("system call at %lx", f->rip);
	on_syscall(f);
}

long probe_read(const volatile void *va)
{
	uint64_t value;

	return PROBE("movq (%1), %0", "=r" (value), "r" (va));
}

long probe_write(volatile void *va, uint64_t value)
{
	return PROBE("movq %0, (%1)", NONE, "r" (value), "r" (va));
}

void guest_start(struct start_info *si)
{
	kit_init(si, shared_page);
	p2m_init((unsigned long *)si->mfn_list, si->nr_pages);
	pt_init((void *)si->pt_base);
	memory_init();
	if (trap_init())
		os_panic("the hypervisor refused the trap table or the callbacks");
	hypercall_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
	test_main();
	say("end of test: %u ok, %u not ok\n", passed, failed);
	end(SHUTDOWN_poweroff);
}
