/* SPDX-License-Identifier: MIT */
/*
 * The ACPI tables, as far as a hypervisor needs them: CPUs, IOAPICs and interrupt overrides (MADT), power and reset
 * registers (FADT), and the two numbers of the DSDT's \_S5 package. Firmware tables are often wrong: each
 * is used only if its length is sane and its checksum right, and no field is read beyond it.
 * Boot only, no lock; later only acpi is read.
 */
#include "boot.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"

#define TABLE_MAX (1u << 20)
#define HEADER_BYTES 36
#define RSDP_BYTES 20
#define RSDP_V2_BYTES 36
#define GAS_SPACE_IO 1

struct acpi_info acpi;

/* A table whose checksum holds, mapped whole. */
struct table { const uint8_t *p; uint32_t len; };

static uint64_t get(const struct table *t, uint32_t off, unsigned bytes)
{
	uint64_t v = 0;

	if (off <= t->len && bytes <= t->len - off)
		memcpy(&v, t->p + off, bytes);
	return v;
}

static bool sums_to_zero(const uint8_t *p, size_t n)
{
	uint8_t sum = 0;

	while (n--)
		sum += *p++;
	return sum == 0;
}

static bool table_map(maddr_t at, struct table *t)
{
	const uint8_t *head = at ? ioremap(at, HEADER_BYTES, false) : NULL;
	uint32_t len;

	if (!head)
		return false;
	memcpy(&len, head + 4, sizeof(len));
	if (len < HEADER_BYTES || len > TABLE_MAX) {
		printk(LOG_WARN, "ACPI: table %.4s at %lx has length %u: ignored", head, at, len);
		return false;
	}
	t->p = ioremap(at, len, false);
	t->len = len;
	if (t->p && sums_to_zero(t->p, len))
		return true;
	printk(LOG_WARN, "ACPI: table %.4s at %lx has a wrong checksum: ignored", head, at);
	return false;
}

static void madt_entry(const struct table *t, uint32_t off, unsigned type)
{
	unsigned n;

	switch (type) {
	case 0:					/* local APIC */
	case 9:					/* local x2APIC */
		if (!(get(t, off + (type ? 8 : 4), 4) & 1) || acpi.nr_cpus == ARRAY_SIZE(acpi.cpu_apic_id))
			return;
		acpi.cpu_apic_id[acpi.nr_cpus++] = type ? get(t, off + 4, 4) : get(t, off + 3, 1);
		return;
	case 1:
		n = acpi.nr_ioapics;
		if (n == ARRAY_SIZE(acpi.ioapic))
			return;
		acpi.ioapic[n].id = get(t, off + 2, 1);
		acpi.ioapic[n].base = get(t, off + 4, 4);
		acpi.ioapic[n].gsi_base = get(t, off + 8, 4);
		acpi.nr_ioapics++;
		return;
	case 2:
		n = get(t, off + 3, 1);
		if (n >= ARRAY_SIZE(acpi.isa_override))
			return;
		acpi.isa_override[n].gsi = get(t, off + 4, 4);
		acpi.isa_override[n].flags = get(t, off + 8, 2);
		acpi.isa_override[n].set = true;
		return;
	case 5:
		acpi.lapic = get(t, off + 4, 8);
	}
}

static void parse_madt(const struct table *t)
{
	static const uint8_t min_len[] = { [0] = 8, [1] = 12, [2] = 10, [5] = 12, [9] = 16 };
	uint32_t off = 44;

	acpi.lapic = get(t, 36, 4);
	while (off + 2 <= t->len) {
		unsigned type = t->p[off], len = t->p[off + 1];

		if (len < 2 || len > t->len - off) {
			printk(LOG_WARN, "ACPI: MADT entry at %u has length %u: rest ignored", off, len);
			return;
		}
		if (type < ARRAY_SIZE(min_len) && min_len[type] && len >= min_len[type])
			madt_entry(t, off, type);
		off += len;
	}
}

/* One small integer of AML at *off: ZeroOp, OneOp or BytePrefix. */
static bool aml_byte(const struct table *t, uint32_t *off, uint8_t *v)
{
	uint8_t op = get(t, *off, 1);

	if (*off >= t->len || (op > 1 && op != 0x0a))
		return false;
	if (op == 0x0a)
		++*off;
	*v = op == 0x0a ? get(t, *off, 1) : op;
	++*off;
	return *off <= t->len;
}

/* Name (\_S5, Package { SLP_TYPa, SLP_TYPb, ... }): the name, PackageOp, a length of 1 to 4 bytes,
 * the number of elements, the elements. */
static void parse_dsdt(const struct table *t)
{
	for (uint32_t i = HEADER_BYTES; i + 8 < t->len; i++) {
		uint32_t off = i + 5;

		if (memcmp(t->p + i, "_S5_\x12", 5))
			continue;
		off += 1 + (t->p[off] >> 6) + 1;
		if (aml_byte(t, &off, &acpi.s5_a) && aml_byte(t, &off, &acpi.s5_b)) {
			acpi.have_s5 = true;
			return;
		}
	}
}

static void parse_fadt(const struct table *t)
{
	maddr_t dsdt = get(t, 140, 8);
	struct table d;

	acpi.smi_cmd = get(t, 48, 4);
	acpi.acpi_enable = get(t, 52, 1);
	acpi.pm1a_cnt = get(t, 64, 4);
	acpi.pm1b_cnt = get(t, 68, 4);
	if (get(t, 112, 4) & BIT(10) && get(t, 116, 1) == GAS_SPACE_IO) {
		acpi.reset_port = get(t, 120, 8);
		acpi.reset_value = get(t, 128, 1);
	}
	if (table_map(dsdt ? dsdt : get(t, 40, 4), &d))
		parse_dsdt(&d);
}

static bool rsdp_valid(const uint8_t *p, size_t room)
{
	return room >= RSDP_BYTES && !memcmp(p, "RSD PTR ", 8) && sums_to_zero(p, RSDP_BYTES) &&
	       (p[15] < 2 || room >= RSDP_V2_BYTES);
}

static const uint8_t *rsdp_scan(maddr_t at, size_t bytes)
{
	const uint8_t *p = ioremap(at, bytes, false);

	for (size_t off = 0; p && off + RSDP_BYTES <= bytes; off += 16)
		if (rsdp_valid(p + off, bytes - off))
			return p + off;
	return NULL;
}

/* Where the boot loader said, else the first KB of the extended BIOS data area, else the BIOS ROM. */
static const uint8_t *rsdp_find(void)
{
	const uint8_t *p = boot_info.rsdp ? ioremap(boot_info.rsdp, RSDP_V2_BYTES, false) : NULL;
	const uint8_t *bda = ioremap(0x40e, 2, false);
	uint16_t ebda = 0;

	if (p && rsdp_valid(p, RSDP_V2_BYTES))
		return p;
	if (bda)
		memcpy(&ebda, bda, sizeof(ebda));
	p = ebda >= 0x400 ? rsdp_scan((maddr_t)ebda << 4, 1024) : NULL;
	return p ? p : rsdp_scan(0xe0000, 0x20000);
}

/* The XSDT if it is sound (revision 2 on), else the RSDT; *width gets the size of its pointers. */
static bool root_table(const uint8_t *rsdp, struct table *root, unsigned *width)
{
	uint32_t rsdt;
	uint64_t xsdt;

	memcpy(&rsdt, rsdp + 16, sizeof(rsdt));
	if (rsdp[15] >= 2) {
		memcpy(&xsdt, rsdp + 24, sizeof(xsdt));
		*width = 8;
		if (table_map(xsdt, root))
			return true;
	}
	*width = 4;
	return table_map(rsdt, root);
}

void __init acpi_init(void)
{
	const uint8_t *rsdp = rsdp_find();
	struct table root, t;
	unsigned width;

	if (!rsdp || !root_table(rsdp, &root, &width)) {
		printk(LOG_WARN, "ACPI: no usable tables; no IOAPIC, power-off halts");
		return;
	}
	acpi.found = true;
	for (uint32_t off = HEADER_BYTES; off + width <= root.len; off += width) {
		maddr_t at = get(&root, off, width);
		const uint8_t *sig = at ? ioremap(at, 4, false) : NULL;

		if (!sig)
			continue;
		if (!memcmp(sig, "APIC", 4) && table_map(at, &t))
			parse_madt(&t);
		else if (!memcmp(sig, "FACP", 4) && table_map(at, &t))
			parse_fadt(&t);
	}
	printk(LOG_INFO, "ACPI: %u CPUs, %u IOAPICs, S5 %s", acpi.nr_cpus, acpi.nr_ioapics,
	       acpi.have_s5 && acpi.pm1a_cnt ? "known" : "unknown");
}
