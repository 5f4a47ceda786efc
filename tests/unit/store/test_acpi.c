/* SPDX-License-Identifier: MIT */
/* Finding S5 in firmware tables: right ones, and each kind of wrong one. */
#include <errno.h>
#include "power/acpi.h"
#include "test.h"

/* Machine memory: the BIOS area, then room for tables. */
#define BASE 0xe0000
#define RSDP 0xf6a20
#define RSDT 0x101000
#define FADT 0x102000
#define DSDT 0x103000
static uint8_t memory[0x40000];

static bool read_memory(uint64_t addr, void *buf, size_t n)
{
	if (addr < BASE || addr - BASE > sizeof(memory) || n > sizeof(memory) - (addr - BASE))
		return false;
	memcpy(buf, memory + (addr - BASE), n);
	return true;
}

static uint8_t *at(uint64_t addr)
{
	return memory + (addr - BASE);
}

static void put32(uint64_t addr, uint32_t v)
{
	memcpy(at(addr), &v, 4);
}

static void table(uint64_t addr, const char *signature, uint32_t len)
{
	memcpy(at(addr), signature, 4);
	put32(addr + 4, len);
}

static void seal(uint64_t addr, size_t len, size_t sum_at)
{
	uint8_t sum = 0;
	size_t i;

	at(addr)[sum_at] = 0;
	for (i = 0; i < len; i++)
		sum += at(addr)[i];
	at(addr)[sum_at] = -sum;
}

/* Tables as an ordinary machine has them; S5 is type 5 on PM1a. */
static int setup(void **state)
{
	static const uint8_t s5[] = { 0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x0a, 5, 0x01, 0, 0 };

	(void)state;
	memset(memory, 0, sizeof(memory));
	memcpy(at(RSDP), "RSD PTR ", 8);
	put32(RSDP + 16, RSDT);
	seal(RSDP, 20, 8);
	table(RSDT, "RSDT", 36 + 8);
	put32(RSDT + 36, 0x104000);
	put32(RSDT + 40, FADT);
	table(0x104000, "APIC", 50);
	table(FADT, "FACP", 116);
	put32(FADT + 40, DSDT);
	table(DSDT, "DSDT", 200);
	memcpy(at(DSDT + 100), s5, sizeof(s5));
	return 0;
}

static uint16_t a, b;

static void found(uint16_t want_a, uint16_t want_b)
{
	assert_int_equal(acpi_s5(read_memory, &a, &b), 0);
	assert_int_equal(a, want_a);
	assert_int_equal(b, want_b);
}

static void missing(void)
{
	assert_int_equal(acpi_s5(read_memory, &a, &b), -ENOENT);
}

static void ordinary_tables(void **state)
{
	(void)state;
	found(0x2000 | 5 << 10 | 1, 0);
	put32(FADT + 68, 0x704);
	found(0x2000 | 5 << 10 | 1, 0x2000 | 1 << 10);
}

static void newer_tables(void **state)
{
	(void)state;
	at(RSDP)[15] = 2;
	seal(RSDP, 20, 8);
	put32(RSDP + 24, 0x105000);
	table(0x105000, "XSDT", 36 + 8);
	put32(0x105000 + 36, FADT);
	put32(RSDP + 16, 0);
	seal(RSDP, 20, 8);
	table(FADT, "FACP", 244);
	put32(FADT + 40, 0);
	put32(FADT + 140, DSDT);
	found(0x2000 | 5 << 10 | 1, 0);
}

static void other_encodings(void **state)
{
	static const uint8_t root[] = {
		0x08, '\\', '_', 'S', '5', '_', 0x12, 0x47, 0x00, 0x04, 0x00, 0x0a, 7, 0x00, 0x00,
	};

	(void)state;
	memset(at(DSDT + 36), 0, 164);
	memcpy(at(DSDT + 60), root, sizeof(root));
	found(0x2000 | 1, 0);
}

static void wrong_tables(void **state)
{
	static const struct { uint64_t addr; uint8_t was; } bytes[] = {
		{ RSDP + 3, 0 }, { RSDP + 9, 0 }, { RSDT, 0 }, { FADT + 1, 0 }, { DSDT + 2, 0 },
		{ DSDT + 100, 0 }, { DSDT + 105, 0 }, { DSDT + 108, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		setup(state);
		at(bytes[i].addr)[0] ^= 0x55;
		missing();
	}
}

static void wild_lengths(void **state)
{
	static const uint32_t lengths[] = { 0, 35, 0x7fffffff, 0xffffffff, 1 << 20 };
	static const uint64_t tables[] = { RSDT, FADT, DSDT };
	size_t i, j;

	for (i = 0; i < 3; i++) {
		for (j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++) {
			setup(state);
			put32(tables[i] + 4, lengths[j]);
			missing();
		}
	}
	setup(state);
	table(DSDT, "DSDT", 107);       /* ends inside the package */
	missing();
}

/* Random damage: never a read outside what was loaded (ASan watches). */
static void random_damage(void **state)
{
	static const uint64_t tables[] = { RSDP, RSDT, FADT, DSDT, DSDT + 96 };
	uint64_t seed = 21;
	int i, n, whole = 0;

	for (i = 0; i < 300; i++) {
		setup(state);
		for (n = test_random(&seed) % 4; n; n--)
			at(tables[test_random(&seed) % 5])[test_random(&seed) % 48] =
				test_random(&seed);
		whole += !acpi_s5(read_memory, &a, &b);
	}
	assert_true(whole > 50);
}

int test_acpi(size_t *total)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ordinary_tables, setup),
		cmocka_unit_test_setup(newer_tables, setup),
		cmocka_unit_test_setup(other_encodings, setup),
		cmocka_unit_test(wrong_tables), cmocka_unit_test(wild_lengths),
		cmocka_unit_test(random_damage),
	};

	return RUN_GROUP(tests, total);
}
