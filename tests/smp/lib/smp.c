/* SPDX-License-Identifier: MIT */
/* Running on all vcpus; see smp.h. A vcpu is down between runs. */
#define __XEN_TOOLS__ 1
#include "smp.h"
#include <kit/trap.h>
#include <xen/sysctl.h>

#define STACK 16384

static struct cpu {
	struct cpu *self;
	unsigned int id;
	uint64_t random;
	bool started, called;		/* it may be brought up without being called */
} cpus[VCPU_MAX];
static char stacks[8][STACK] __attribute__((aligned(16)));
static void (*work)(unsigned int vcpu);
static unsigned int returned, arrived, turn;
static volatile uint64_t run_ends;
unsigned int smp_run_ms = 1000;

extern char smp_store_at[], smp_store_faulted[];

static struct cpu *this_cpu(void)
{
	struct cpu *c;

	__asm__ volatile("movq %%gs:0, %0" : "=r" (c));
	return c;
}

unsigned int smp_self(void) { return this_cpu()->id; }

unsigned int smp_vcpus(void)
{
	static unsigned int n;

	if (!n)
		n = vcpu_count();
	return n;
}

static bool on_fault(struct trap_frame *f)
{
	if (f->rip != (uintptr_t)smp_store_at)
		return false;
	f->rip = (uintptr_t)smp_store_faulted;
	return true;
}

__asm__(".pushsection .text\n"
	".globl smp_store, smp_store_at, smp_store_faulted\n"
	"smp_store:	movl $1, %eax\n"
	"smp_store_at:	movq %rsi, (%rdi)\n"
	"	ret\n"
	"smp_store_faulted: xorl %eax, %eax\n"
	"	ret\n"
	".popsection");

static void secondary(void *arg)
{
	struct cpu *c = arg;

	if (trap_init())
		os_panic("the hypervisor refused the traps of vcpu %u", c->id);
	hypercall_vcpu_op(VCPUOP_stop_periodic_timer, (int)c->id, NULL);
	for (;;) {
		if (__atomic_exchange_n(&c->called, false, __ATOMIC_SEQ_CST)) {
			work(c->id);
			__atomic_add_fetch(&returned, 1, __ATOMIC_SEQ_CST);
		}
		vcpu_down_self();
	}
}

static void init(void)
{
	for (unsigned int i = 0; i < smp_vcpus(); i++)
		cpus[i] = (struct cpu){ .self = &cpus[i], .id = i };
	if (smp_vcpus() < 2 || smp_vcpus() > sizeof(stacks) / STACK)
		os_panic("%u vcpus", smp_vcpus());
	hypercall_set_segment_base(SEGBASE_GS_KERNEL, (uintptr_t)&cpus[0]);
	kit_vcpu_self = smp_self;
	on_exception = on_fault;
	smp_seed(1);
}

static void start(unsigned int id)
{
	struct vcpu_start how = { .entry = secondary, .arg = &cpus[id], .stack_end = stacks[id] + STACK,
				  .gs_base = (uintptr_t)&cpus[id] };
	int rc;

	while (cpus[id].started && vcpu_is_up(id))
		smp_yield();
	__atomic_store_n(&cpus[id].called, true, __ATOMIC_SEQ_CST);
	rc = cpus[id].started ? vcpu_up(id) : vcpu_start(id, &how);
	if (rc)
		os_panic("vcpu %u does not start: %d", id, rc);
	cpus[id].started = true;
}

void smp_run(void (*fn)(unsigned int vcpu))
{
	if (!kit_vcpu_self)
		init();
	work = fn;
	run_ends = ~0UL;		/* the time counts from when all are up */
	__atomic_store_n(&returned, 0, __ATOMIC_SEQ_CST);
	for (unsigned int i = 1; i < smp_vcpus(); i++)
		start(i);
	run_ends = time_now_ns() + smp_run_ms * 1000000UL;
	fn(0);
	while (__atomic_load_n(&returned, __ATOMIC_SEQ_CST) < smp_vcpus() - 1)
		smp_yield();
}

bool smp_goes_on(void)
{
	return time_now_ns() < run_ends;
}

void smp_barrier(void)
{
	unsigned int mine = __atomic_load_n(&turn, __ATOMIC_SEQ_CST);

	if (__atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST) == smp_vcpus()) {
		__atomic_store_n(&arrived, 0, __ATOMIC_SEQ_CST);
		__atomic_add_fetch(&turn, 1, __ATOMIC_SEQ_CST);
		return;
	}
	while (__atomic_load_n(&turn, __ATOMIC_SEQ_CST) == mine)
		smp_yield();
}

void smp_seed(uint64_t seed)
{
	for (unsigned int i = 0; i < VCPU_MAX; i++)
		cpus[i].random = (seed + i) * 0x9e3779b97f4a7c15;
}

uint32_t smp_random(uint32_t n)
{
	uint64_t *x = &this_cpu()->random;

	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return (uint32_t)(*x >> 20) % n;
}

long smp_ext(unsigned int cmd, mfn_t mfn)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };

	return hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

long smp_set(maddr_t where, uint64_t value)
{
	struct mmu_update u = { .ptr = where, .val = value };

	return hypercall_mmu_update(&u, 1, NULL, DOMID_SELF);
}

void smp_audit(void)
{
	static char key = 'a';
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_debug_keys, .interface_version = XEN_SYSCTL_INTERFACE_VERSION };

	if (!on_parvus())
		return;
	set_xen_guest_handle(op.u.debug_keys.keys, &key);
	op.u.debug_keys.nr_keys = 1;
	check_value("an audit", hypercall_sysctl(&op), 0);
}
