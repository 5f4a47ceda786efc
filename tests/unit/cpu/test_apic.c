/* SPDX-License-Identifier: MIT */
/*
 * The local APIC in both its forms, against the rules of the manual: in x2APIC mode every access is an MSR that
 * exists in this mode and may be written, with no reserved bit set; an interrupt to another CPU is one write; the
 * memory is not touched. The mode is entered by the one way there is, and only if something calls for it.
 */
#include <string.h>
#undef errno
#include "boot.h"
#include "cpu.h"
#include "irq.h"

#define ENABLE BIT(11)
#define X2 BIT(10)
#define BASE 0xfee00000
#define PAGE 4096

struct cpu *cpus[MAX_CPUS];
unsigned nr_cpus = 1;
struct acpi_info acpi;

static struct cpu boot_cpu;
static uint32_t page[PAGE / 4], page_then[PAGE / 4];
static uint64_t base, msr[0x40], last_icr;
static uint32_t own_id;
static bool have_x2apic;
static unsigned icr_writes;

void panic(const char *fmt, ...) __noreturn;
void panic(const char *fmt, ...)
{
	fail_msg("panic: %s", fmt);
	__builtin_trap();
}

void *ioremap(maddr_t m, uint64_t bytes, bool uncached)
{
	assert_int_equal(m, BASE);
	assert_int_equal(bytes, PAGE);
	assert_true(uncached);
	return page;
}

void cpuid_count(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	(void)sub;
	assert_int_equal(leaf, 1);
	memset(r, 0, 16);
	r[2] = have_x2apic ? 1u << 21 : 0;
}

/* Bits that may be written; 0: none, or there is no such register in x2APIC mode. */
static uint64_t writable(uint32_t reg)
{
	switch (reg) {
	case 0x08: return 0xff;			/* TPR */
	case 0x0f: return 0x13ff;		/* SVR */
	case 0x30: return ~0UL << 32 | 0xcdfff;	/* ICR, whole; its busy bit is gone */
	case 0x32: return 0x700ff;		/* timer */
	case 0x35: case 0x36: return 0x1e7ff;	/* LINT0, LINT1 */
	case 0x37: return 0x100ff;		/* error */
	case 0x38: return 0xffffffff;		/* initial count */
	case 0x3e: return 0xb;			/* divisor */
	}
	return 0;
}

uint64_t rdmsr(uint32_t n)
{
	if (n == MSR_APIC_BASE)
		return base;
	assert_true(base & X2);
	assert_in_range(n, 0x800, 0x83f);
	return n == 0x802 ? own_id : msr[n - 0x800];
}

void wrmsr(uint32_t n, uint64_t v)
{
	if (n == MSR_APIC_BASE) {
		assert_true(!(v & X2) || v & ENABLE);		/* no such state */
		assert_true(!(base & X2) || v & X2);		/* no way back but through off */
		assert_true(base & ENABLE || !(v & X2));	/* no way from off */
		base = v;
		return;
	}
	assert_true(base & X2);
	assert_in_range(n, 0x800, 0x83f);
	if (n == 0x80b) {
		assert_int_equal(v, 0);				/* EOI: anything else faults */
	} else {
		assert_true(writable(n - 0x800));
		assert_int_equal(v & ~writable(n - 0x800), 0);
	}
	msr[n - 0x800] = v;
	if (n == 0x830) {
		last_icr = v;
		icr_writes++;
	}
}

static void start(uint64_t firmware, uint32_t id, uint32_t highest, bool can)
{
	memset(page, 0, sizeof(page));
	memset(page_then, 0, sizeof(page_then));
	memset(msr, 0xaa, sizeof(msr));
	base = BASE | firmware;
	own_id = id;
	page[0x20 / 4] = id << 24;
	have_x2apic = can;
	icr_writes = 0;
	cpus[0] = &boot_cpu;
	acpi.nr_cpus = 2;
	acpi.cpu_apic_id[0] = id;
	acpi.cpu_apic_id[1] = highest;
	apic_init();
	memcpy(page_then, page, sizeof(page));
}

static void test_memory_form(void **state)
{
	(void)state;
	start(ENABLE, 3, 254, true);
	assert_false(base & X2);
	assert_int_equal(boot_cpu.apic_id, 3);
	assert_true(apic_can_address(254));
	assert_false(apic_can_address(255));
	assert_int_equal(page[0xf0 / 4], 0x100 | VECTOR_SPURIOUS);
	assert_int_equal(page[0x320 / 4], VECTOR_TIMER);
	apic_ipi(7, VECTOR_IPI);
	assert_int_equal(page[0x310 / 4], 7u << 24);
	assert_int_equal(page[0x300 / 4], VECTOR_IPI);
	apic_timer_arm(12345);
	assert_int_equal(page[0x380 / 4], 12345);
	page[0x390 / 4] = 777;
	assert_int_equal(apic_timer_count(), 777);
}

/* One CPU cannot be addressed by 8 bits, and this one has the mode: it is entered. */
static void test_chosen_for_a_large_id(void **state)
{
	(void)state;
	start(ENABLE, 0, 255, true);
	assert_true(base & X2);
	start(0, 0, 300, true);			/* and switched on first, if it was off */
	assert_int_equal(base & (X2 | ENABLE), X2 | ENABLE);
	start(ENABLE, 0, 300, false);
	assert_false(base & X2);
	assert_false(apic_can_address(300));
}

static void test_firmware_switched_it_on(void **state)
{
	(void)state;
	start(ENABLE | X2, 0x12345, 1, true);
	assert_int_equal(boot_cpu.apic_id, 0x12345);
	assert_int_equal(apic_id(), 0x12345);
	assert_true(apic_can_address(0x12345));
	assert_int_equal(msr[0x0f], 0x100 | VECTOR_SPURIOUS);
	assert_int_equal(msr[0x08], 0);
	assert_int_equal(msr[0x32], VECTOR_TIMER);
	assert_int_equal(msr[0x35], 0x10000);
	assert_int_equal(msr[0x36], 0x10000);
	assert_int_equal(msr[0x37], 0x10000);
	assert_int_equal(msr[0x3e], 0xb);
}

static void test_msr_form(void **state)
{
	static const uint32_t commands[] = { VECTOR_IPI, APIC_INIT, APIC_NMI, APIC_STARTUP(0x9e) };

	(void)state;
	start(ENABLE | X2, 0, 1, true);
	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++) {
		apic_ipi(0x10000 + i, commands[i]);
		assert_int_equal(icr_writes, i + 1);
		assert_int_equal(last_icr, (uint64_t)(0x10000 + i) << 32 | commands[i]);
	}
	apic_eoi();
	assert_int_equal(msr[0x0b], 0);
	apic_timer_arm(~0u);
	assert_int_equal(msr[0x38], ~0u);
	apic_timer_arm(0);
	assert_int_equal(msr[0x38], 0);
	msr[0x39] = 4321;
	assert_int_equal(apic_timer_count(), 4321);
	assert_memory_equal(page, page_then, sizeof(page));
}

/* Another CPU comes out of INIT in the memory form, and follows. */
static void test_other_cpus_follow(void **state)
{
	(void)state;
	start(ENABLE | X2, 0, 1, true);
	base = BASE | ENABLE;
	memset(msr, 0xaa, sizeof(msr));
	apic_init_cpu();
	assert_int_equal(base & (X2 | ENABLE), X2 | ENABLE);
	assert_int_equal(msr[0x0f], 0x100 | VECTOR_SPURIOUS);
	assert_int_equal(msr[0x32], VECTOR_TIMER);
	assert_memory_equal(page, page_then, sizeof(page));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_form), cmocka_unit_test(test_chosen_for_a_large_id),
		cmocka_unit_test(test_firmware_switched_it_on), cmocka_unit_test(test_msr_form),
		cmocka_unit_test(test_other_cpus_follow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
