/* SPDX-License-Identifier: MIT */
/* Ends of the machine: power off by ACPI S5, reset by every way there is, and what dom0's end leads to. */
#include <xen/sched.h>
#include "boot.h"
#include "cpu.h"
#include "errno.h"
#include "printk.h"
#include "x86.h"

#define PM1_SCI_EN BIT(0)
#define PM1_SLP_TYP_SHIFT 10
#define PM1_SLP_TYP_MASK (7u << PM1_SLP_TYP_SHIFT)
#define PM1_SLP_EN (1u << 13)
#define SPIN 1000000

static void __noreturn halt_forever(void)
{
	cli();
	cpus_stop_others();
	for (;;)
		__asm__ volatile("hlt");
}

/* PM1 control belongs to the firmware until the enable command is given. */
static void acpi_own_pm1(void)
{
	if (!acpi.smi_cmd || !acpi.acpi_enable || inw(acpi.pm1a_cnt) & PM1_SCI_EN)
		return;
	outb(acpi.smi_cmd, acpi.acpi_enable);
	for (unsigned n = 0; !(inw(acpi.pm1a_cnt) & PM1_SCI_EN) && n < SPIN; n++)
		__builtin_ia32_pause();
}

static void enter_s5(unsigned slp_typ_a, unsigned slp_typ_b)
{
	acpi_own_pm1();
	outw(acpi.pm1a_cnt, slp_typ_a << PM1_SLP_TYP_SHIFT | PM1_SLP_EN);
	if (acpi.pm1b_cnt)
		outw(acpi.pm1b_cnt, slp_typ_b << PM1_SLP_TYP_SHIFT | PM1_SLP_EN);
	halt_forever();
}

int acpi_enter_sleep(uint16_t pm1a, uint16_t pm1b, uint8_t state)
{
	if (state != 5 || !acpi.pm1a_cnt)
		return -EOPNOTSUPP;
	printk(LOG_INFO, "dom0 powers the machine off");
	enter_s5((pm1a & PM1_SLP_TYP_MASK) >> PM1_SLP_TYP_SHIFT,
		 (pm1b & PM1_SLP_TYP_MASK) >> PM1_SLP_TYP_SHIFT);
	return 0;
}

void machine_power_off(void)
{
	cli();
	if (acpi.have_s5 && acpi.pm1a_cnt)
		enter_s5(acpi.s5_a, acpi.s5_b);
	printk(LOG_ERR, "no ACPI power-off: it is now safe to turn the machine off");
	halt_forever();
}

void machine_reset(void)
{
	static const struct { uint16_t limit; uint64_t base; } __packed no_idt;

	cli();
	if (acpi.reset_port)
		outb(acpi.reset_port, acpi.reset_value);
	outb(0xcf9, 0x02);			/* PCI reset control: hard reset ... */
	outb(0xcf9, 0x06);			/* ... now */
	for (unsigned n = 0; inb(0x64) & 2 && n < SPIN; n++)
		__builtin_ia32_pause();
	outb(0x64, 0xfe);			/* keyboard controller pulls the reset line */
	for (unsigned n = 0; n < SPIN; n++)
		__builtin_ia32_pause();
	__asm__ volatile("lidt %0; int3" :: "m"(no_idt));	/* triple fault */
	halt_forever();
}

void machine_shutdown(uint8_t reason)
{
	switch (reason) {
	case SHUTDOWN_poweroff:
		printk(LOG_INFO, "dom0 powered off: powering the machine off");
		machine_power_off();
	case SHUTDOWN_reboot:
		printk(LOG_INFO, "dom0 rebooted: resetting the machine");
		machine_reset();
	}
	printk(LOG_ERR, "dom0 ended with reason %u", reason);
	if (opt.noreboot) {
		printk(LOG_ERR, "halted (noreboot)");
		halt_forever();
	}
	machine_reset();
}
