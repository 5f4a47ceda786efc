/* SPDX-License-Identifier: MIT */
/*
 * What the boot loader and the firmware left: the input is the machine's memory, 8 KB of it at a place that
 * its first byte chooses, and what the loader said. Of ACPI tables that are found the checksum is put right,
 * or no input would get far. All that is read must lie in the first 4 GB, or in a table; it must end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#undef errno
#define strtoull hv_strtoull /* lib.h has its own, of another type */
#include "boot.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"

int host_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap) __asm__("vsnprintf");

#define MEMORY 0x100000000UL
#define BYTES 8192

uint64_t max_mfn = MEMORY >> PAGE_SHIFT;
static void *mapped[1024];
static unsigned nr_mapped;

void printk(enum log_level lvl, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	(void)lvl;
	va_start(ap, fmt);
	host_vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
}

/* A table's sum, for tables in the input; the length is the table's own. */
static void mend(uint8_t *p, size_t n)
{
	uint8_t sum = 0;
	uint32_t len;

	memcpy(&len, p + 4, sizeof(len));
	if (len != n || n < 36)
		return;
	for (size_t i = 0; i < n; i++)
		sum += p[i];
	p[9] -= sum;
}

void *ioremap(maddr_t at, uint64_t bytes, bool uncached)
{
	uint8_t *p;

	(void)uncached;
	if (nr_mapped == ARRAY_SIZE(mapped) || at > MEMORY || bytes > MEMORY - at || bytes > 1 << 20)
		return NULL;
	p = mapped[nr_mapped++] = malloc(bytes);
	memcpy(p, maddr_to_virt(at), bytes);
	if (bytes > 36)
		mend(p, bytes);
	return p;
}

/* The root pointer: its first 20 bytes sum up to zero. */
static void mend_rsdp(uint8_t *p)
{
	uint8_t sum = 0;

	memcpy(p, "RSD PTR ", 8);
	for (unsigned i = 0; i < 20; i++)
		sum += p[i];
	p[8] -= sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t magic[] = { 0x2badb002, 0x36d76289 };
	static const uint32_t places[] = { 0x9fc00, 0xe0000, 0x100000, 0xffffe000 };
	static uint8_t *ram;
	uint32_t at;

	if (!ram)
		ram = mmap((void *)DIRECTMAP_VIRT_START, MEMORY, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
	if (size < 4 || size > BYTES || ram == MAP_FAILED)
		return 0;
	at = places[data[0] & 3];
	memset(&boot_info, 0, sizeof(boot_info));
	memset(&acpi, 0, sizeof(acpi));
	memcpy(ram + at, data + 1, size - 1);
	multiboot_parse(magic[data[0] >> 2 & 1], at);
	if (boot_info.nr_modules > ARRAY_SIZE(boot_info.module) || boot_info.nr_e820 > E820_MAX)
		abort();
	if (data[0] & 8 && size >= 38)
		mend_rsdp(ram + at);
	if (data[0] & 16)
		boot_info.rsdp = at;
	acpi_init();
	if (acpi.nr_cpus > ARRAY_SIZE(acpi.cpu_apic_id) || acpi.nr_ioapics > ARRAY_SIZE(acpi.ioapic))
		abort();
	memset(ram + at, 0, size - 1);
	while (nr_mapped)
		free(mapped[--nr_mapped]);
	return 0;
}
