/* SPDX-License-Identifier: MIT */
/*
 * Boot: from the 64-bit entry to dom0's first instruction, as a list. Everything runs on the boot stack, with
 * interrupts off and only the boot CPU.
 */
#include "boot.h"
#include "cpu.h"
#include "domain.h"
#include "irq.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"
#include "pti.h"
#include "spec.h"

void boot_main(uint32_t magic, uint32_t info) __noreturn;
bool multiboot_parse(uint32_t magic, uint32_t info);
void hv_resume(void) __noreturn;

void __init boot_main(uint32_t magic, uint32_t info)
{
	bool known = multiboot_parse(magic, info);	/* before anything can overwrite it */

	cpu_init_percpu(0);		/* current and this_cpu() work from here on */
	cmdline_parse(boot_info.cmdline);
	console_init();			/* messages become visible */
	printk(LOG_INFO, "Parvus 4.17-parvus, loaded by %s", boot_info.loader);
	printk(LOG_INFO, "Command line: %s", boot_info.cmdline);
	if (!known)
		panic("loaded by neither multiboot 1 nor 2 (magic %x)", magic);
	cpu_detect();
	cpu_patch_smap();		/* while our text is still writable */
	pti_choose();			/* page-table isolation */
	spec_choose();			/* what else speculation asks for; patches the entry code for both */
	memory_init();			/* frame table, M2P, direct map, page allocator; W^X */
	spec_check_tables();		/* against L1TF */
	cpu_init(0);			/* descriptor tables: faults are reported */
	pti_init();			/* what isolated guests' tables show of us */
	console_late_init();		/* the screen, if asked for */
	acpi_init();
	mcheck_init_cpu();
	apic_init();
	ioapic_init();
	time_init();			/* now() counts */
	sched_init();
	smp_init();			/* the other CPUs, idle */
	console_irq_init();		/* typed characters */
	dom0_build();
	memory_free_boot();		/* init code and modules become free memory */
	domain_unpause_by_controller(dom0);
	hv_resume();
}
