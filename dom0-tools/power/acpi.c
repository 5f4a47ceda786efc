/* SPDX-License-Identifier: MIT */
/*
 * Finds \_S5 in the firmware's tables: RSDP, RSDT or XSDT, FADT, DSDT. The tables are data of
 * the machine's firmware: lengths and addresses in them are checked against sane limits, checksums
 * where a wrong find is likely (the RSDP is searched for). The byte code of the DSDT is not run;
 * \_S5 is a constant package everywhere, so its encoding is looked for.
 */
#include "acpi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BIOS_AREA 0xe0000
#define BIOS_SIZE 0x20000
#define TABLE_MAX (1 << 20)
#define TABLE_HEADER 36

/* Offsets in the FADT. */
#define FADT_DSDT 40
#define FADT_PM1B 68
#define FADT_X_DSDT 140

#define PM1_SCI_ENABLE 0x0001
#define PM1_SLEEP_TYPE(t) ((t) << 10)
#define PM1_SLEEP 0x2000

#define AML_NAME 0x08
#define AML_PACKAGE 0x12
#define AML_BYTE 0x0a

static uint64_t number(const uint8_t *p, size_t bytes)
{
	uint64_t n = 0;

	while (bytes--)
		n = n << 8 | p[bytes];
	return n;
}

/* A whole table by its address: malloc'd, *len its length; NULL if there is none such. */
static uint8_t *load(acpi_read_fn *read, uint64_t addr, const char *signature, size_t *len)
{
	uint8_t head[TABLE_HEADER], *table;

	if (!addr || !read(addr, head, sizeof(head)) || memcmp(head, signature, 4))
		return NULL;
	*len = number(head + 4, 4);
	if (*len < TABLE_HEADER || *len > TABLE_MAX)
		return NULL;
	table = malloc(*len);
	if (table && read(addr, table, *len))
		return table;
	free(table);
	return NULL;
}

static bool sums_to_zero(const uint8_t *p, size_t n)
{
	uint8_t sum = 0;

	while (n--)
		sum += p[n];
	return !sum;
}

/* The root table, whose entries are *width bytes each. */
static uint8_t *load_root(acpi_read_fn *read, size_t *len, size_t *width)
{
	uint8_t *bios = malloc(BIOS_SIZE), *root = NULL;
	size_t at;

	if (!bios || !read(BIOS_AREA, bios, BIOS_SIZE)) {
		free(bios);
		return NULL;
	}
	for (at = 0; !root && at <= BIOS_SIZE - 36; at += 16) {
		const uint8_t *rsdp = bios + at;

		if (memcmp(rsdp, "RSD PTR ", 8) || !sums_to_zero(rsdp, 20))
			continue;
		*width = 8;
		root = rsdp[15] >= 2 ? load(read, number(rsdp + 24, 8), "XSDT", len) : NULL;
		if (root)
			break;
		*width = 4;
		root = load(read, number(rsdp + 16, 4), "RSDT", len);
	}
	free(bios);
	return root;
}

static uint8_t *load_fadt(acpi_read_fn *read, size_t *len)
{
	size_t root_len, width, at;
	uint8_t *root = load_root(read, &root_len, &width), *fadt = NULL;

	for (at = TABLE_HEADER; root && !fadt && at + width <= root_len; at += width)
		fadt = load(read, number(root + at, width), "FACP", len);
	free(root);
	return fadt;
}

/* One small integer of a package, from *at on, which moves behind it. */
static bool element(const uint8_t *p, size_t len, size_t *at, unsigned int *value)
{
	if (*at >= len)
		return false;
	*value = p[(*at)++];
	if (*value <= 1)        /* the constants Zero and One are their own encoding */
		return true;
	if (*value != AML_BYTE || *at >= len)
		return false;
	*value = p[(*at)++];
	return true;
}

/* Name (\_S5, Package () { type_a, type_b, ... }) */
static bool find_s5(const uint8_t *p, size_t len, unsigned int *type_a, unsigned int *type_b)
{
	size_t i;

	for (i = TABLE_HEADER + 2; i + 8 < len; i++) {
		size_t at = i + 5;
		bool named = p[i - 1] == AML_NAME || (p[i - 1] == '\\' && p[i - 2] == AML_NAME);

		if (!named || memcmp(p + i, "_S5_", 4) || p[i + 4] != AML_PACKAGE)
			continue;
		at += 1 + (p[at] >> 6);         /* the package's length */
		at++;                           /* its number of elements */
		if (element(p, len, &at, type_a) && element(p, len, &at, type_b))
			return true;
	}
	return false;
}

int acpi_s5(acpi_read_fn *read, uint16_t *pm1a, uint16_t *pm1b)
{
	size_t fadt_len, dsdt_len;
	uint8_t *fadt = load_fadt(read, &fadt_len), *dsdt = NULL;
	unsigned int a, b;
	int ret = -ENOENT;

	if (fadt && fadt_len >= FADT_X_DSDT + 8)
		dsdt = load(read, number(fadt + FADT_X_DSDT, 8), "DSDT", &dsdt_len);
	if (fadt && !dsdt && fadt_len >= FADT_PM1B + 4)
		dsdt = load(read, number(fadt + FADT_DSDT, 4), "DSDT", &dsdt_len);
	if (dsdt && find_s5(dsdt, dsdt_len, &a, &b)) {
		*pm1a = PM1_SLEEP | PM1_SLEEP_TYPE(a & 7) | PM1_SCI_ENABLE;
		*pm1b = number(fadt + FADT_PM1B, 4) ? PM1_SLEEP | PM1_SLEEP_TYPE(b & 7) : 0;
		ret = 0;
	}
	free(dsdt);
	free(fadt);
	return ret;
}
