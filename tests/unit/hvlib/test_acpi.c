/* SPDX-License-Identifier: MIT */
/* boot/acpi.c on tables made here: sound ones, each found broken in the wild, and random damage. */
#include <string.h>
#include "hvlib.h"
#include "boot.h"

struct boot_info boot_info;

#define RSDP 0xf1230
#define RSDT 0x101000
#define XSDT 0x102000
#define MADT 0x103000
#define FADT 0x104000
#define DSDT 0x105000

static uint8_t t[4096];
static uint32_t len;

static void put(uint32_t at, uint64_t v, unsigned bytes)
{
	memcpy(t + at, &v, bytes);
}

static void begin(const char *sig, uint32_t bytes)
{
	memset(t, 0, sizeof(t));
	memcpy(t, sig, 4);
	len = bytes;
}

static void add(const void *p, uint32_t n)
{
	memcpy(t + len, p, n);
	len += n;
}

static void finish(uint64_t at)
{
	uint8_t sum = 0;

	put(4, len, 4);
	t[9] = 0;
	for (uint32_t i = 0; i < len; i++)
		sum += t[i];
	t[9] = -sum;
	memory_put(at, t, sizeof(t));
}

static void put_rsdp(uint64_t at, uint8_t revision)
{
	uint8_t sum = 0;

	memset(t, 0, 36);
	memcpy(t, "RSD PTR ", 8);
	t[15] = revision;
	put(16, RSDT, 4);
	put(20, 36, 4);
	put(24, XSDT, 8);
	for (unsigned i = 0; i < 20; i++)
		sum += t[i];
	t[8] = -sum;
	memory_put(at, t, 36);
}

static void put_madt(void)
{
	static const uint8_t cpu0[] = { 0, 8, 0, 0, 1, 0, 0, 0 }, cpu1[] = { 0, 8, 1, 5, 1, 0, 0, 0 };
	static const uint8_t off_cpu[] = { 0, 8, 2, 6, 0, 0, 0, 0 }, strange[] = { 0x7f, 5, 1, 2, 3 };
	static const uint8_t x2[] = { 9, 16, 0, 0, 0x34, 0x12, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0 };
	static const uint8_t io[] = { 1, 12, 3, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0 };
	static const uint8_t irq0[] = { 2, 10, 0, 0, 2, 0, 0, 0, 0, 0 }, irq9[] = { 2, 10, 0, 9, 9, 0, 0, 0, 13, 0 };

	begin("APIC", 44);
	put(36, 0xfee00000, 4);
	add(cpu0, 8);
	add(cpu1, 8);
	add(off_cpu, 8);
	add(strange, 5);
	add(x2, 16);
	add(io, 12);
	add(irq0, 10);
	add(irq9, 10);
	finish(MADT);
}

static void put_fadt(void)
{
	begin("FACP", 244);
	put(40, DSDT, 4);
	put(48, 0xb2, 4);
	put(52, 0xf1, 1);
	put(64, 0x604, 4);
	put(112, 1 << 10, 4);
	put(116, 1, 1);
	put(120, 0xcf9, 8);
	put(128, 6, 1);
	finish(FADT);
}

static void put_dsdt(const void *aml, uint32_t n)
{
	begin("DSDT", 36);
	add("\x10\x20junk_S5_", 10);		/* the name alone is no package */
	add(aml, n);
	add("\0\0\0\0\0\0\0\0", 8);
	finish(DSDT);
}

static const uint8_t s5[] = { 8, '_', 'S', '5', '_', 0x12, 6, 4, 0x0a, 5, 1, 0, 0 };

static void put_roots(void)
{
	begin("RSDT", 36);
	add(&(uint32_t){ FADT }, 4);
	add(&(uint32_t){ 0 }, 4);
	add(&(uint32_t){ MADT }, 4);
	finish(RSDT);
	begin("XSDT", 36);
	add(&(uint64_t){ FADT }, 8);
	add(&(uint64_t){ MADT }, 8);
	finish(XSDT);
}

static void machine(uint8_t revision)
{
	memory_reset();
	memset(&acpi, 0, sizeof(acpi));
	memset(&boot_info, 0, sizeof(boot_info));
	log_reset();
	put_madt();
	put_fadt();
	put_dsdt(s5, sizeof(s5));
	put_roots();
	put_rsdp(RSDP, revision);
}

static void check_all_found(void)
{
	assert_true(acpi.found);
	assert_int_equal(acpi.lapic, 0xfee00000);
	assert_int_equal(acpi.nr_cpus, 3);
	assert_int_equal(acpi.cpu_apic_id[1], 5);
	assert_int_equal(acpi.cpu_apic_id[2], 0x1234);
	assert_int_equal(acpi.nr_ioapics, 1);
	assert_int_equal(acpi.ioapic[0].base, 0xfec00000);
	assert_int_equal(acpi.ioapic[0].id, 3);
	assert_true(acpi.isa_override[0].set && acpi.isa_override[9].set && !acpi.isa_override[1].set);
	assert_int_equal(acpi.isa_override[0].gsi, 2);
	assert_int_equal(acpi.isa_override[9].flags, 13);
	assert_int_equal(acpi.pm1a_cnt, 0x604);
	assert_int_equal(acpi.smi_cmd, 0xb2);
	assert_int_equal(acpi.acpi_enable, 0xf1);
	assert_int_equal(acpi.reset_port, 0xcf9);
	assert_int_equal(acpi.reset_value, 6);
	assert_true(acpi.have_s5);
	assert_int_equal(acpi.s5_a, 5);
	assert_int_equal(acpi.s5_b, 1);
}

static void test_sound(void **state)
{
	(void)state;
	for (unsigned revision = 0; revision <= 2; revision += 2) {
		machine(revision);
		acpi_init();
		check_all_found();
	}
	machine(2);					/* XSDT broken: the RSDT serves */
	memory_put(XSDT + 9, "\0", 1);
	acpi_init();
	check_all_found();
	assert_non_null(strstr(log_text, "XSDT"));
}

static void test_where_the_rsdp_is(void **state)
{
	static const uint8_t none[36];

	(void)state;
	machine(2);
	memory_put(RSDP, none, 36);
	acpi_init();
	assert_false(acpi.found);
	put_rsdp(0x9fc10, 0);				/* extended BIOS data area at 0x9fc00 */
	memory_put(0x40e, "\xc0\x9f", 2);
	acpi_init();
	check_all_found();
	machine(2);
	memory_put(RSDP, none, 36);
	put_rsdp(0x5008, 2);				/* the loader's copy, at any place */
	boot_info.rsdp = 0x5008;
	acpi_init();
	check_all_found();
}

static void test_broken_tables(void **state)
{
	(void)state;
	machine(2);
	memory_put(MADT + 9, "\x55", 1);
	acpi_init();
	assert_int_equal(acpi.nr_cpus, 0);
	assert_true(acpi.have_s5);
	assert_non_null(strstr(log_text, "APIC"));
	machine(2);
	memory_put(FADT + 4, "\x10\0\0\0", 4);		/* shorter than its header */
	acpi_init();
	assert_int_equal(acpi.pm1a_cnt, 0);
	assert_int_equal(acpi.nr_cpus, 3);
	machine(2);
	put_madt();
	t[44 + 8 + 1] = 0;				/* the second entry has no length */
	finish(MADT);
	acpi_init();
	assert_int_equal(acpi.nr_cpus, 1);
	assert_non_null(strstr(log_text, "length 0"));
	machine(2);
	begin("FACP", 60);				/* ends before the control ports */
	put(40, DSDT, 4);
	finish(FADT);
	acpi_init();
	assert_int_equal(acpi.pm1a_cnt, 0);
	assert_int_equal(acpi.reset_port, 0);
}

static void test_many_entries(void **state)
{
	(void)state;
	machine(2);
	begin("APIC", 44);
	for (unsigned i = 0; i < 100; i++) {
		add((uint8_t[]){ 0, 8, i, i, 1, 0, 0, 0 }, 8);
		add((uint8_t[]){ 1, 12, i, 0, 0, 0, 0xc0, 0xfe, i, 0, 0, 0 }, 12);
		add((uint8_t[]){ 2, 10, 0, i, i, 0, 0, 0, 0, 0 }, 10);
	}
	finish(MADT);
	acpi_init();
	assert_int_equal(acpi.nr_cpus, 64);
	assert_int_equal(acpi.nr_ioapics, 8);
}

static void test_s5_forms(void **state)
{
	static const uint8_t zero_one[] = { '_', 'S', '5', '_', 0x12, 4, 2, 0, 1 };
	static const uint8_t long_length[] = { '_', 'S', '5', '_', 0x12, 0x46, 0, 4, 0x0a, 7, 0x0a, 7 };
	static const uint8_t no_number[] = { '_', 'S', '5', '_', 0x12, 4, 2, 0x0c, 1 };

	(void)state;
	machine(2);
	put_dsdt(zero_one, sizeof(zero_one));
	acpi_init();
	assert_true(acpi.have_s5 && acpi.s5_a == 0 && acpi.s5_b == 1);
	machine(2);
	put_dsdt(long_length, sizeof(long_length));
	acpi_init();
	assert_true(acpi.have_s5 && acpi.s5_a == 7 && acpi.s5_b == 7);
	machine(2);
	put_dsdt(no_number, sizeof(no_number));
	acpi_init();
	assert_false(acpi.have_s5);
	machine(2);
	begin("DSDT", 36);				/* the name ends the table */
	add("_S5_\x12\xc0", 6);
	finish(DSDT);
	acpi_init();
	assert_false(acpi.have_s5);
}

/* Damage under a right checksum: nothing is read outside a table (the sanitizer watches), counts hold. */
static void test_random_damage(void **state)
{
	static const uint64_t at[] = { XSDT, MADT, FADT, DSDT };

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		unsigned which = random32() % 4;

		machine(2);
		boot_info.rsdp = RSDP;
		switch (which) {
		case 0: begin("XSDT", 36); add(&(uint64_t){ FADT }, 8); add(&(uint64_t){ MADT }, 8); break;
		case 1: put_madt(); break;
		case 2: put_fadt(); break;
		case 3: put_dsdt(s5, sizeof(s5)); break;
		}
		for (unsigned n = 1 + random32() % 4; n--; )
			t[36 + random32() % (len - 36)] = random32();
		len -= random32() % 3 ? 0 : random32() % (len - 36);
		finish(at[which]);
		acpi_init();
		assert_true(acpi.nr_cpus <= 64 && acpi.nr_ioapics <= 8);
	}
}

const struct CMUnitTest acpi_tests[] = {
	cmocka_unit_test(test_sound), cmocka_unit_test(test_where_the_rsdp_is),
	cmocka_unit_test(test_broken_tables), cmocka_unit_test(test_many_entries),
	cmocka_unit_test(test_s5_forms), cmocka_unit_test(test_random_damage), { 0 },
};
