/* SPDX-License-Identifier: MIT */
/* The debug build's watch over locks: what is in order passes, what is not ends in a panic that names both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#undef errno
#include <cmocka.h>
#include "lock.h"
#include "printk.h"

static struct cpu cpu[2] = { { 0 }, { 1 } };
struct cpu *host_cpu = &cpu[0];
bool cpus_stopped;
uint64_t tsc_khz = 1;
static s_time_t clock_ns;
static char said[256];
static jmp_buf panicked;

s_time_t now(void) { return clock_ns; }

void printk(enum log_level lvl, const char *fmt, ...)
{
	va_list ap;

	(void)lvl;
	va_start(ap, fmt);
	vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
	longjmp(panicked, 1);
}

/* One CPU at a time: who waits for a lock here waits for ever. */
void spin_wait(const spinlock_t *l, uint16_t ticket) { (void)l, (void)ticket; abort(); }

static struct { spinlock_t mm_lock, event_lock, odd_lock; } d;

/* Runs the statement; true if it panicked with both words in the message. */
#define PANICS(what, a, b) ({ \
	volatile bool p_ = false; \
	if (!setjmp(panicked)) { what; } else { p_ = strstr(said, a) && strstr(said, b); } \
	p_; })

static int begin(void **state)
{
	(void)state;
	clock_ns = 0;
	said[0] = 0;
	return 0;
}

static void test_in_order(void **state)
{
	(void)state;
	spin_lock(&d.mm_lock);
	lock_check_window();
	spin_lock(&d.event_lock);
	spin_unlock(&d.mm_lock);	/* not the last one taken */
	spin_unlock(&d.event_lock);
	lock_check_window();
	assert_false(spin_is_locked(&d.mm_lock) || spin_is_locked(&d.event_lock));
	assert_string_equal(said, "");
}

static void test_reverse(void **state)
{
	(void)state;
	spin_lock(&d.event_lock);
	assert_true(PANICS(spin_lock(&d.mm_lock), "mm_lock", "event_lock"));
	host_cpu = &cpu[1];		/* another CPU holds nothing */
	spin_lock(&d.mm_lock);
	spin_unlock(&d.mm_lock);
	host_cpu = &cpu[0];
	spin_unlock(&d.event_lock);
}

static void test_two_of_a_kind(void **state)
{
	static struct { spinlock_t event_lock; } pair[2];

	(void)state;
	spin_lock(&pair[0].event_lock);
	spin_lock(&pair[1].event_lock);
	spin_unlock(&pair[0].event_lock);
	assert_true(PANICS(spin_lock(&pair[0].event_lock), "event_lock", "held"));
	spin_unlock(&pair[1].event_lock);
}

static void test_try(void **state)
{
	(void)state;
	spin_lock(&d.event_lock);
	assert_false(spin_trylock(&d.event_lock));
	assert_true(spin_trylock(&d.mm_lock));	/* who does not wait may take it in any order */
	spin_unlock(&d.mm_lock);
	spin_unlock(&d.event_lock);
}

static void test_window(void **state)
{
	(void)state;
	spin_lock(&d.event_lock);
	assert_true(PANICS(lock_check_window(), "event_lock", "interrupts"));
	spin_unlock(&d.event_lock);
}

static void test_no_place(void **state)
{
	(void)state;
	assert_true(PANICS(spin_lock(&d.odd_lock), "odd_lock", "no place"));
}

static void test_not_held(void **state)
{
	(void)state;
	assert_true(PANICS(spin_unlock(&d.mm_lock), "let go", "not hold"));
}

static void test_too_long(void **state)
{
	(void)state;
	clock_ns = 1;
	spin_lock(&d.event_lock);
	clock_ns += SECONDS(2);
	spin_unlock(&d.event_lock);
	assert_non_null(strstr(said, "event_lock was held for 2000 ms"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_in_order, begin), cmocka_unit_test_setup(test_reverse, begin),
		cmocka_unit_test_setup(test_two_of_a_kind, begin), cmocka_unit_test_setup(test_try, begin),
		cmocka_unit_test_setup(test_window, begin), cmocka_unit_test_setup(test_no_place, begin),
		cmocka_unit_test_setup(test_not_held, begin), cmocka_unit_test_setup(test_too_long, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
