/* SPDX-License-Identifier: MIT */
/*
 * Starting the other CPUs of the MADT, one after the other: INIT, startup interrupt, and the CPU comes through
 * boot/trampoline.asm to ap_main. What it needs is laid out before; it takes the stack from ap_boot_stack, so
 * that a CPU that answers too late, or was never meant, finds none and stops. One that does not answer is
 * reported and left out. Boot only: the boot CPU waits while the other one works, and the reverse.
 */
#include "boot.h"
#include "cpu.h"
#include "errno.h"
#include "irq.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"
#include "pti.h"
#include "sched.h"
#include "x86.h"

#define ANSWER_LIMIT MILLISECS(500)
#define SECOND_STARTUP_AFTER 200000	/* ns */
#define OLD_INIT_DELAY MILLISECS(10)
#define LOW_MEMORY_END 0x9f000u

void ap_main(void) __noreturn;
void hv_resume(void) __noreturn;

extern char trampoline_start[], trampoline_end[];
uint64_t ap_boot_stack, ap_boot_cr3;
static struct cpu *starting;
static bool arrived, online;		/* set by the CPU that starts */

/* The CPU's first C, on its own stack and our page tables. */
void ap_main(void)
{
	struct cpu *c = starting;

	cpu_init_percpu(c->id);
	cpu_init(c->id);
	mcheck_init_cpu();
	apic_init_cpu();
	__atomic_store_n(&arrived, true, __ATOMIC_RELEASE);
	tsc_sync_follow();
	__atomic_store_n(&online, true, __ATOMIC_RELEASE);
	hv_resume();
}

/* A page below 1 MB that is RAM and that no module lies in; 0: none. */
static uint32_t __init trampoline_page(void)
{
	for (uint32_t at = LOW_MEMORY_END - PAGE_SIZE; at >= PAGE_SIZE; at -= PAGE_SIZE) {
		bool ram = false, used = false;

		for (unsigned i = 0; i < boot_info.nr_e820; i++) {
			const struct e820entry *e = &boot_info.e820[i];

			if (e->addr < at + PAGE_SIZE && e->addr + e->size > at) {
				ram = e->type == E820_RAM && e->addr <= at && e->addr + e->size >= at + PAGE_SIZE;
				used |= !ram;
			}
		}
		for (unsigned i = 0; i < boot_info.nr_modules; i++)
			used |= boot_info.module[i].start < at + PAGE_SIZE && boot_info.module[i].end > at;
		if (ram && !used)
			return at;
	}
	return 0;
}

static bool __init wait_for(const bool *flag, s_time_t ns)
{
	s_time_t end = now() + ns;

	while (!__atomic_load_n(flag, __ATOMIC_ACQUIRE)) {
		if (now() > end)
			return false;
		__builtin_ia32_pause();
	}
	return true;
}

/* Family 15 of Intel wants time between INIT and startup; later ones do not. */
static bool __init init_is_slow(void)
{
	uint32_t r[4];

	cpuid_count(0, 0, r);
	if (r[1] != 0x756e6547)		/* "Genu" */
		return false;
	cpuid_count(1, 0, r);
	return (r[0] >> 8 & 15) == 15;
}

static bool __init start(struct cpu *c, uint32_t page)
{
	static const bool never;
	bool ok;

	starting = c;
	arrived = online = false;
	__atomic_store_n(&ap_boot_stack, c->stack_top, __ATOMIC_RELEASE);
	apic_ipi(c->apic_id, APIC_INIT);
	if (init_is_slow())
		(void)wait_for(&never, OLD_INIT_DELAY);
	apic_ipi(c->apic_id, APIC_STARTUP(page >> PAGE_SHIFT));
	if (!wait_for(&arrived, SECOND_STARTUP_AFTER) && __atomic_load_n(&ap_boot_stack, __ATOMIC_ACQUIRE))
		apic_ipi(c->apic_id, APIC_STARTUP(page >> PAGE_SHIFT));
	ok = wait_for(&arrived, ANSWER_LIMIT);
	if (!ok)
		apic_ipi(c->apic_id, APIC_INIT);	/* wherever it is, it waits for a startup again */
	if (__atomic_exchange_n(&ap_boot_stack, 0, __ATOMIC_ACQ_REL))
		cpu_destroy(c);
	return ok;
}

static void __init add_cpu(uint32_t id, uint32_t page)
{
	s_time_t begin = now();
	struct cpu *c = apic_can_address(id) ? cpu_create(nr_cpus, id) : NULL;

	if (!c || sched_cpu_init(c)) {
		printk(LOG_ERR, "CPU with APIC id %u left out: %s", id,
		       apic_can_address(id) ? "no memory" : "only x2APIC could address it");
		return;
	}
	cpus[nr_cpus] = c;
	if (!start(c, page)) {
		cpus[nr_cpus] = NULL;
		printk(LOG_ERR, "CPU with APIC id %u left out: it does not answer", id);
		return;
	}
	pti_add_cpu(c);
	tsc_sync_lead(c);
	while (!__atomic_load_n(&online, __ATOMIC_ACQUIRE))
		__builtin_ia32_pause();
	printk(LOG_DEBUG, "CPU %u: APIC id %u, up after %ld us", c->id, id, (now() - begin) / 1000);
	nr_cpus++;
}

/* Some firmware lists a CPU twice, and starting one that runs would be its end. */
static bool __init runs(uint32_t id)
{
	for (unsigned i = 0; i < nr_cpus; i++)
		if (cpus[i]->apic_id == id)
			return true;
	return false;
}

void __init smp_init(void)
{
	unsigned limit = opt.smp ? opt.maxcpus ? opt.maxcpus : MAX_CPUS : 1;
	uint32_t page = trampoline_page();

	if (!page && limit > 1) {
		printk(LOG_ERR, "no free page below 1 MB: other CPUs left out");
		limit = 1;
	}
	if (limit > 1) {
		memcpy(maddr_to_virt(page), trampoline_start, trampoline_end - trampoline_start);
		ap_boot_cr3 = virt_to_maddr(idle_l4);
	}
	for (unsigned i = 0; i < acpi.nr_cpus && nr_cpus < limit; i++)
		if (!runs(acpi.cpu_apic_id[i]))
			add_cpu(acpi.cpu_apic_id[i], page);
	for (unsigned i = 1; i < nr_cpus; i++)
		cpu_kick(cpus[i]);	/* while it was the only one, a CPU did not say that it is idle (sched/balance.c) */
	printk(LOG_INFO, "%u of %u CPUs in use", nr_cpus, MAX(acpi.nr_cpus, 1u));
}
