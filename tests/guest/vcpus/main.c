/* SPDX-License-Identifier: MIT */
/*
 * A second vcpu, and what a domain asks for its vcpus.
 *
 * A vcpu has a context once, only a sound one, and runs after "up" until "down"; its vcpu_info moves once into a
 * frame of ours and looks all pending then; it polls until its port has an event. Run state and time areas
 * are kept in our memory. Timers belong to the vcpu that runs. Watchdogs are two, and end when told.
 *
 * Needs: dom0_max_vcpus=2
 */
#include "test.h"
#include <xen/sched.h>
#include <xen/vcpu.h>

static struct vcpu_guest_context context;
static char stack[8192] __attribute__((aligned(16)));
static volatile unsigned int steps;
static volatile long poll_result = 1;
static evtchn_port_t port;

static long op(int cmd, int vcpu, void *arg)
{
	return hypercall_vcpu_op(cmd, vcpu, arg);
}

/* It may share our CPU or have one of its own. What never comes is waited for: the test does not end. */
static void let_others_run(unsigned int until)
{
	while (steps < until)
		hypercall_sched_op(SCHEDOP_yield, NULL);
}

static int runstate_of(int vcpu)
{
	struct vcpu_runstate_info info = { .state = -1 };

	return op(VCPUOP_get_runstate_info, vcpu, &info) ? -1 : info.state;
}

static void let_it_become(int state)
{
	while (runstate_of(1) != state)
		hypercall_sched_op(SCHEDOP_yield, NULL);
}

static void second_vcpu(void)
{
	struct sched_poll poll = { .nr_ports = 1 };

	steps = 1;
	set_xen_guest_handle(poll.ports, &port);
	poll_result = hypercall_sched_op(SCHEDOP_poll, &poll);
	for (steps = 2; steps < 5; steps++)
		hypercall_sched_op(SCHEDOP_yield, NULL);
	op(VCPUOP_down, 1, NULL);
	for (;;)
		steps = 1000;
}

static void fill_context(void)
{
	uint64_t cr3;

	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	context = (struct vcpu_guest_context){ .flags = VGCF_in_kernel, .kernel_ss = FLAT_KERNEL_SS };
	context.user_regs.rip = (long)second_vcpu;
	context.user_regs.rsp = (long)(stack + sizeof(stack) - 8);
	context.user_regs.cs = FLAT_KERNEL_CS;
	context.user_regs.ss = FLAT_KERNEL_SS;
	context.user_regs.rflags = 0x200;
	context.kernel_sp = (long)(stack + sizeof(stack));
	context.ctrlreg[3] = cr3;
}

static void check_context(void)
{
	check_value("our own vcpu is up", op(VCPUOP_is_up, 0, NULL), 1);
	check_value("the second is not", op(VCPUOP_is_up, 1, NULL), 0);
	check_value("there is no tenth", op(VCPUOP_is_up, 9, NULL), -XEN_ENOENT);
	check_value("up without a context", op(VCPUOP_up, 1, NULL), -XEN_EINVAL);
	fill_context();
	context.user_regs.rip = 1UL << 63;
	check_value("a context with a bad rip", op(VCPUOP_initialise, 1, &context), -XEN_EINVAL);
	fill_context();
	context.trap_ctxt[200].address = 1UL << 63;
	check_value("with a bad handler", op(VCPUOP_initialise, 1, &context), -XEN_EINVAL);
	fill_context();
	context.ctrlreg[3] = 0x123456789000;
	check_value("with a base out of nowhere", op(VCPUOP_initialise, 1, &context), -XEN_EINVAL);
	fill_context();
	context.gdt_ents = 512;
	context.gdt_frames[0] = context.ctrlreg[3] >> 12;
	check_value("with a page table as GDT", op(VCPUOP_initialise, 1, &context), -XEN_EINVAL);
	fill_context();
	context.ldt_base = (long)stack + 8;
	context.ldt_ents = 1;
	check_value("with an LDT across pages", op(VCPUOP_initialise, 1, &context), -XEN_EINVAL);
	fill_context();
	check_value("a context from nowhere", op(VCPUOP_initialise, 1, (void *)0x7ffffffff000), -XEN_EFAULT);
	check_value("a sound context", op(VCPUOP_initialise, 1, &context), 0);
	check_value("only once", op(VCPUOP_initialise, 1, &context), -XEN_EEXIST);
}

static void check_info(void)
{
	char *page = os_pages_alloc(1);
	struct vcpu_info *info = (struct vcpu_info *)(page + 64);
	struct vcpu_register_vcpu_info r = { .mfn = virt_to_mfn(page), .offset = 4090 };

	check_value("vcpu_info across pages", op(VCPUOP_register_vcpu_info, 1, &r), -XEN_ENXIO);
	r.offset = 64;
	r.mfn = 1UL << 40;
	check_value("in no frame", op(VCPUOP_register_vcpu_info, 1, &r), -XEN_EINVAL);
	r.mfn = context.ctrlreg[3] >> 12;
	check_value("in a page table", op(VCPUOP_register_vcpu_info, 1, &r), -XEN_EINVAL);
	r.mfn = virt_to_mfn(page);
	check_value("in a frame of ours", op(VCPUOP_register_vcpu_info, 1, &r), 0);
	check_value("only once", op(VCPUOP_register_vcpu_info, 1, &r), -XEN_EINVAL);
	check("every event looks pending", info->evtchn_pending_sel == ~0UL && info->evtchn_upcall_pending);
	check_value("events are masked", info->evtchn_upcall_mask, 1);
}

static void check_running(void)
{
	struct vcpu_register_vcpu_info r = { .mfn = virt_to_mfn(stack) };

	check_value("an ipi port for it", evtchn_bind_ipi(1, &port), 0);
	check_value("up", op(VCPUOP_up, 1, NULL), 0);
	check_value("is up", op(VCPUOP_is_up, 1, NULL), 1);
	let_others_run(1);
	check_value("it runs", steps, 1);
	let_it_become(RUNSTATE_blocked);
	check_value("and polls", steps, 1);
	check_value("that is blocked", runstate_of(1), RUNSTATE_blocked);
	check_value("no other context now", op(VCPUOP_initialise, 1, &context), -XEN_EEXIST);
	check_value("no other vcpu_info", op(VCPUOP_register_vcpu_info, 1, &r), -XEN_EINVAL);
	check_value("send the event", evtchn_send(port), 0);
	let_others_run(5);
	check_value("the poll ends", poll_result, 0);
	check_value("it runs on", steps, 5);
	let_it_become(RUNSTATE_offline);
	check_value("until it goes down", op(VCPUOP_is_up, 1, NULL), 0);
	check_value("that is offline", runstate_of(1), RUNSTATE_offline);
	check_value("and does not come back", steps, 5);
}

static void check_areas(void)
{
	static struct vcpu_runstate_info area;
	static struct vcpu_time_info time;
	struct vcpu_register_runstate_memory_area r = { .addr.v = &area };
	struct vcpu_register_time_memory_area t = { .addr.v = &time };
	evtchn_port_t timer;
	uint64_t before, begun, blocked;

	check_value("a run-state area", op(VCPUOP_register_runstate_memory_area, 0, &r), 0);
	check_value("says we run", area.state, RUNSTATE_running);
	before = area.time[RUNSTATE_blocked];
	begun = time_now_ns();
	evtchn_bind_virq(VIRQ_TIMER, 0, &timer);
	do {			/* a time that is over before we block counts for nothing */
		events_disable();
		evtchn_clear(timer);
		evtchn_unmask(timer);	/* delivered to no handler, the last one left it masked */
		hypercall_set_timer_op(time_now_ns() + 20000000);
		hypercall_sched_op(SCHEDOP_block, NULL);
		blocked = area.time[RUNSTATE_blocked] - before;
	} while (blocked < 10000000);
	check("and how long we were blocked", blocked <= time_now_ns() - begun);
	r.addr.p = 0xffff800000000000;
	check_value("an area of the hypervisor", op(VCPUOP_register_runstate_memory_area, 0, &r), -XEN_EFAULT);
	r.addr.p = 0x500000000000;
	check_value("an unmapped one is our own fault", op(VCPUOP_register_runstate_memory_area, 0, &r), 0);
	check_value("a time area", op(VCPUOP_register_vcpu_time_memory_area, 0, &t), 0);
	check("tells the time", time.tsc_to_system_mul && !(time.version & 1));
}

static void check_others(void)
{
	struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = 1 };
	uint64_t word = 0;

	check_value("timer of another vcpu", op(VCPUOP_set_singleshot_timer, 1, &t), -XEN_EINVAL);
	check_value("stop another's", op(VCPUOP_stop_singleshot_timer, 1, NULL), -XEN_EINVAL);
	check_value("send_nmi takes no argument", op(VCPUOP_send_nmi, 0, &word), -XEN_EINVAL);
	check_value("no such operation", op(77, 0, &word), -XEN_ENOSYS);
}

static long watchdog(uint32_t id, uint32_t timeout)
{
	struct sched_watchdog w = { .id = id, .timeout = timeout };

	return hypercall_sched_op(SCHEDOP_watchdog, &w);
}

static void check_sched(void)
{
	struct sched_remote_shutdown r = { .domain_id = 77 };
	evtchn_port_t none = 100000;
	struct sched_poll poll = { .nr_ports = 1 };

	check_value("a watchdog", watchdog(0, 100), 1);
	check_value("a second", watchdog(0, 100), 2);
	check_value("no third", watchdog(0, 100), -XEN_ENOSPC);
	check_value("poke one", watchdog(2, 50), 0);
	check_value("end it", watchdog(2, 0), 0);
	check_value("end it again", watchdog(2, 0), -XEN_EINVAL);
	check_value("poke what cannot be", watchdog(3, 5), -XEN_EINVAL);
	check_value("end the other", watchdog(1, 0), 0);
	check_value("shut down no domain", hypercall_sched_op(SCHEDOP_remote_shutdown, &r), -XEN_ESRCH);
	set_xen_guest_handle(poll.ports, &none);
	check_value("poll of no port", hypercall_sched_op(SCHEDOP_poll, &poll), -XEN_EINVAL);
	check_value("no such operation", hypercall_sched_op(99, &r), -XEN_ENOSYS);
}

void test_main(void)
{
	check_context();
	check_info();
	check_running();
	check_areas();
	check_others();
	check_sched();
}
