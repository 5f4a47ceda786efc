/* SPDX-License-Identifier: MIT */
/* What the boot loader handed over, the command line, ACPI, console devices, and the boot steps. */
#ifndef HV_BOOT_H
#define HV_BOOT_H

#include "types.h"
#include <xen/xen.h>

struct e820entry { uint64_t addr, size; uint32_t type; } __packed;
#define E820_RAM 1
#define E820_RESERVED 2
#define E820_ACPI 3
#define E820_NVS 4
#define E820_MAX 128

struct boot_module { maddr_t start, end; char cmdline[512]; };

struct boot_info {
	struct e820entry e820[E820_MAX];
	unsigned nr_e820;
	struct boot_module module[8];
	unsigned nr_modules;
	char cmdline[1024];
	char loader[64];
	maddr_t rsdp;				/* from multiboot 2, or 0: search */
};
extern struct boot_info boot_info;

/* --- cmdline.c --- options are rows of one table there */
struct boot_options {
	char console[32];			/* "com1", "vga", "none", comma separated */
	unsigned com1_baud;			/* 0: as the firmware left it */
	int loglvl, guest_loglvl;		/* LOG_* shown on the console */
	uint64_t dom0_mem;			/* bytes, 0: default */
	unsigned dom0_max_vcpus;
	bool noreboot;
	bool smep, smap;			/* no-smep, no-smap switch off */
};
extern struct boot_options opt;
void cmdline_parse(const char *line);		/* reports unknown options */

/* --- acpi.c --- */
struct acpi_info {
	bool found;
	maddr_t lapic;
	struct { maddr_t base; unsigned gsi_base; unsigned id; } ioapic[8];
	unsigned nr_ioapics;
	struct { unsigned gsi; uint16_t flags; bool set; } isa_override[16];
	uint32_t cpu_apic_id[64];
	unsigned nr_cpus;
	uint16_t pm1a_cnt, pm1b_cnt;
	uint32_t pm_timer;			/* port, 0: none */
	uint8_t s5_a, s5_b; bool have_s5;
	struct { maddr_t addr; bool io; uint8_t value; bool set; } reset;
	uint16_t sci;
};
extern struct acpi_info acpi;
void acpi_init(void);
void machine_power_off(void) __noreturn;	/* S5; halts if there is no ACPI */
void machine_reset(void) __noreturn;
/* dom0 shut down: obey noreboot */
void machine_shutdown(uint8_t reason) __noreturn;
int acpi_enter_sleep(uint16_t pm1a, uint16_t pm1b, uint8_t state);	/* platform_op */

/* --- serial.c, console.c --- */
void console_init(void);
void console_write(const char *s, size_t n);	/* raw to the devices, console lock held by caller */
void console_guest_write(struct domain *d, const char *s, size_t n);	/* CONSOLEIO_write */
size_t console_guest_read(char *buf, size_t n);	/* CONSOLEIO_read */
void console_irq_init(void);			/* receive interrupts, once the IOAPIC is up */
/* Log ring for sysctl readconsole: copies from *index on, advances it; returns bytes. */
size_t console_ring_read(uint32_t *index, char *buf, size_t n, bool incremental);
void console_ring_clear(void);

#endif
