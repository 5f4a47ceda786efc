/* SPDX-License-Identifier: MIT */
/* What the boot loader handed over, the command line, ACPI, console devices, and the boot steps. */
#ifndef HV_BOOT_H
#define HV_BOOT_H

#include "spec.h"
#include "types.h"
#include <xen/xen.h>

struct domain;

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

/* --- dom0_image.c --- */
struct elf_kernel;
/* The kernel in module m as a plain ELF file, parsed into *k; boot_fail says what is wrong with it. close gives
 * back what unpacking took. */
const uint8_t *dom0_image_open(const struct boot_module *m, struct elf_kernel *k);
void dom0_image_close(void);

/* --- cmdline.c --- options are rows of one table there */
struct opt_domains { int dom0, domu; };		/* -1: as the CPU needs */
struct boot_options {
	char console[32];			/* "com1", "vga", "none", comma separated */
	unsigned com1_baud;			/* 0: as the firmware left it */
	int loglvl, guest_loglvl;		/* LOG_* shown on the console */
	uint64_t dom0_mem;			/* bytes, 0: default */
	unsigned dom0_max_vcpus;
	unsigned maxcpus;			/* CPUs to use, the boot CPU included; 0: all */
	bool smp;				/* nosmp, no-smp: the boot CPU alone */
	unsigned timer_slop;			/* ns a timer may be late, to share its interrupt with others */
	bool noreboot;
	struct opt_domains xpti, pv_l1tf;	/* page-table isolation; absent entries checked */
	int8_t spec[NR_SPEC_WORDS];		/* spec-ctrl */
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
	uint16_t pm1a_cnt, pm1b_cnt;		/* ports, 0: none */
	uint16_t smi_cmd; uint8_t acpi_enable;	/* write this there to get PM1 control from the firmware */
	uint8_t s5_a, s5_b; bool have_s5;	/* SLP_TYP values of S5 */
	uint16_t reset_port; uint8_t reset_value;	/* port 0: none */
};
extern struct acpi_info acpi;
void acpi_init(void);				/* needs ioremap; leaves acpi.found false if there is none */

/* --- x86/power.c --- */
void machine_power_off(void) __noreturn;	/* S5; halts if there is no ACPI */
void machine_reset(void) __noreturn;
/* dom0 shut down: obey noreboot */
void machine_shutdown(uint8_t reason) __noreturn;
/* platform_op: the values are what dom0's ACPI code wants in the PM1 control registers. S5 does not
 * return; -EOPNOTSUPP: another state or no ACPI. */
int acpi_enter_sleep(uint16_t pm1a, uint16_t pm1b, uint8_t state);

/* --- x86/serial.c: COM1, polled output --- */
bool serial_init(unsigned baud);		/* 0: keep the firmware's; false: no such port */
void serial_write(const char *s, size_t n);	/* a bare \n becomes \r\n */
void serial_irq_init(void);			/* receive interrupts */
size_t serial_read(char *buf, size_t n);	/* received characters; console lock held */

/* --- x86/vga.c: text screen at 0xb8000 --- */
bool vga_init(void);				/* needs ioremap */
void vga_write(const char *s, size_t n);

/* --- lib/console.c --- */
void console_init(void);			/* needs opt.console; serial speaks from here on */
void console_late_init(void);			/* needs ioremap: the screen, with what was said so far */
void console_lock(void);
void console_unlock(void);
void console_break_lock(void);			/* panic: whoever holds it will not come back */
void console_write(const char *s, size_t n);	/* raw to the devices, console lock held by caller */
void console_log(const char *s, size_t n, bool show);	/* into the ring and, if show, to the devices */
void console_domain_gone(struct domain *d);	/* flush an unfinished line of its */
void console_guest_write(struct domain *d, const char *s, size_t n);	/* CONSOLEIO_write */
size_t console_guest_read(char *buf, size_t n);	/* CONSOLEIO_read */
void console_irq_init(void);			/* receive interrupts, once the IOAPIC is up */
/* Log ring for sysctl readconsole: copies from *index on, advances it; returns bytes. */
size_t console_ring_read(uint32_t *index, char *buf, size_t n, bool incremental);
void console_ring_clear(void);

#endif
