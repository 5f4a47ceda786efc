/* SPDX-License-Identifier: MIT */
/*
 * The calibration against a machine whose clocks are right and which stands still as the test says: within a
 * reading, between two, for less or more than the PIT's whole count. What comes out is right within the
 * PIT's own grain, and without stalls it takes less than 20 ms.
 */
#include <setjmp.h>
#include <stdio.h>
#include "time.h"

#define PIT_HZ 1193182
#define MS 1000000000ULL		/* ps */
#define ACCESS 1200000ULL		/* ps that a port or a register takes: slow, as in an emulator */

void panic(const char *fmt, ...) __noreturn;
void apic_timer_arm(uint32_t ticks);
uint32_t apic_timer_count(void);

static struct {
	uint64_t t, begun;		/* true time, ps */
	uint64_t tsc_hz, apic_hz;
	uint64_t (*stall)(void);	/* after an access: how long the machine stands still */
	uint64_t pit_since, apic_since;
	uint32_t apic_from;
	uint16_t latched;
	bool high_byte, no_pit;
} m;
static uint64_t seed;
static jmp_buf panicked;

static uint32_t dice(uint32_t sides)
{
	seed = seed * 6364136223846793005 + 1442695040888963407;
	return (seed >> 33) % sides;
}

static uint64_t ticks(uint64_t since, uint64_t hz)
{
	return (unsigned __int128)(m.t - since) * hz / 1000000000000;
}

static void passes(uint64_t ps) { m.t += ps + (m.stall ? m.stall() : 0); }

uint64_t rdtsc(void)
{
	uint64_t v = ticks(0, m.tsc_hz);

	passes(ACCESS / 20);
	return v;
}

uint8_t inb(uint16_t port)
{
	uint8_t v = 0;

	passes(ACCESS);
	if (port == 0x61) {
		v = m.no_pit || ticks(m.pit_since, PIT_HZ) <= 0xffff ? 0 : 0x20;
	} else {
		assert_int_equal(port, 0x42);
		v = m.high_byte ? m.latched >> 8 : m.latched;
		m.high_byte = !m.high_byte;
	}
	return v;
}

void outb(uint16_t port, uint8_t v)
{
	passes(ACCESS);
	if (port == 0x61 && v & 1)
		m.pit_since = m.t;
	if (port == 0x43 && v == 0x80)
		m.latched = m.no_pit ? 0xffff : 0xffff - ticks(m.pit_since, PIT_HZ);
	if (port == 0x43)
		m.high_byte = false;
}

void apic_timer_arm(uint32_t n)
{
	m.apic_from = n;
	m.apic_since = m.t;
}

uint32_t apic_timer_count(void)
{
	uint64_t gone = ticks(m.apic_since, m.apic_hz);

	passes(ACCESS);
	return gone < m.apic_from ? m.apic_from - gone : 0;
}

void panic(const char *fmt, ...)
{
	(void)fmt;
	longjmp(panicked, 1);
}

/* Parts in a million that two numbers differ. */
static uint64_t apart(uint64_t a, uint64_t b) { return (a > b ? a - b : b - a) * 1000000 / b; }

static uint64_t calibrate(uint64_t tsc_hz, uint64_t apic_hz, uint64_t (*stall)(void))
{
	uint64_t tsc, apic, begun = (1 + dice(1000)) * MS;

	m = (__typeof__(m)){ .t = begun, .begun = begun, .tsc_hz = tsc_hz, .apic_hz = apic_hz, .stall = stall };
	time_calibrate(&tsc, &apic);
	assert_int_equal(m.apic_from, 0);
	return MAX(apart(tsc, tsc_hz), apart(apic, apic_hz));
}

static void test_quiet(void **state)
{
	static const uint64_t tsc_hz[] = { 133000000, 1000000000, 2593907000, 5000000000 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(tsc_hz); i++) {
		assert_in_range(calibrate(tsc_hz[i], 100000000, NULL), 0, 200);
		assert_in_range(m.t - m.begun, 10 * MS, 20 * MS);
	}
}

static uint64_t stalls_now_and_then(void) { return dice(40) ? 0 : dice(30000) * (MS / 1000); }
static uint64_t stalls_often(void) { return dice(15) ? 0 : dice(4000) * (MS / 1000); }
static uint64_t stalls_long(void) { return dice(20000) ? 0 : 40 * MS + dice(400) * MS; }
/* What deceives who only looks at the count: whole turns of it, and a little. */
static uint64_t stalls_whole_turns(void)
{
	return dice(20000) ? 0 : (1 + dice(8)) * 65536ULL * 1000000000000 / PIT_HZ + dice(3) * MS;
}

static void test_stalls(void **state)
{
	static uint64_t (*const kinds[])(void) = {
		stalls_now_and_then, stalls_often, stalls_long, stalls_whole_turns,
	};

	(void)state;
	for (unsigned kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
		for (seed = 1; seed < 2000; seed += 2) {
			uint64_t s = seed;

			if (setjmp(panicked))
				fail_msg("stalls of kind %u, seed %lu: given up", kind, s);
			if (calibrate(2000000000, 62500000, kinds[kind]) > 1000)
				fail_msg("stalls of kind %u, seed %lu: more than 0.1%% off", kind, s);
			seed = s;
		}
	}
}

static void test_no_pit(void **state)
{
	uint64_t tsc, apic;

	(void)state;
	m = (__typeof__(m)){ .t = MS, .tsc_hz = 3000000000, .apic_hz = 1000000, .no_pit = true };
	if (!setjmp(panicked)) {
		time_calibrate(&tsc, &apic);
		fail_msg("calibrated by a PIT that does not count");
	}
	assert_in_range(m.t, 1, 60000 * MS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quiet), cmocka_unit_test(test_stalls), cmocka_unit_test(test_no_pit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
