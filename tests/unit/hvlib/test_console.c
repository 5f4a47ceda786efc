/* SPDX-License-Identifier: MIT */
/* lib/console.c: the log ring when it wraps and is cleared, and the text of guests. */
#include <string.h>
#include "hvlib.h"
#include "boot.h"
#include "domain.h"
#include "printk.h"

static void say(const char *s)
{
	console_log(s, strlen(s), false);
}

static void test_ring(void **state)
{
	static char buf[70000];
	uint32_t index = 12345, after;
	char line[32];
	size_t n;

	(void)state;
	say("first\n");
	n = console_ring_read(&index, buf, sizeof(buf), false);
	assert_true(n >= 6 && !memcmp(buf + n - 6, "first\n", 6));
	after = index;
	assert_int_equal(console_ring_read(&index, buf, sizeof(buf), true), 0);
	say("second\n");
	assert_int_equal(console_ring_read(&index, buf, 3, true), 3);
	assert_memory_equal(buf, "sec", 3);
	assert_int_equal(console_ring_read(&index, buf, sizeof(buf), true), 4);
	for (unsigned i = 0; i < 8000; i++) {		/* several times around */
		hv_snprintf(line, sizeof(line), "line %u\n", i);
		say(line);
	}
	index = after;					/* lost long ago: the oldest there is comes */
	n = console_ring_read(&index, buf, sizeof(buf), true);
	assert_int_equal(n, 32768);
	assert_memory_equal(buf + n - 10, "line 7999\n", 10);
	index += 1000;					/* never written: likewise */
	assert_int_equal(console_ring_read(&index, buf, sizeof(buf), true), 32768);
	console_ring_clear();
	assert_int_equal(console_ring_read(&index, buf, sizeof(buf), false), 0);
	say("new\n");
	assert_int_equal(console_ring_read(&index, buf, sizeof(buf), false), 4);
}

static void test_guest_text(void **state)
{
	static struct domain dom0_, guest = { .id = 7 };
	char long_line[300];

	(void)state;
	dom0_.privileged = true;
	strcpy(opt.console, "com1");
	serial_reset();
	console_init();
	assert_non_null(strstr(serial_text, "new\n"));	/* said before there was a console */
	opt.guest_loglvl = LOG_DEBUG;
	serial_reset();
	console_guest_write(&dom0_, "raw \033[1m", 8);
	assert_string_equal(serial_text, "raw \033[1m");
	serial_reset();
	console_guest_write(&guest, "he", 2);
	assert_string_equal(serial_text, "");
	console_guest_write(&guest, "llo\033[2J\r\nx\n\n", 12);
	assert_string_equal(serial_text, "(d7) hello[2J\n(d7) x\n(d7) \n");
	serial_reset();
	memset(long_line, 'y', sizeof(long_line));
	console_guest_write(&guest, long_line, sizeof(long_line));
	assert_int_equal(guest.line_len, 300 - 2 * 128);
	console_domain_gone(&guest);
	assert_int_equal(guest.line_len, 0);
	assert_int_equal(strlen(serial_text), 300 + 3 * strlen("(d7) \n"));
	opt.guest_loglvl = LOG_WARN;
	serial_reset();
	console_guest_write(&guest, "quiet\n", 6);
	assert_string_equal(serial_text, "");
}

const struct CMUnitTest console_tests[] = {
	cmocka_unit_test(test_ring), cmocka_unit_test(test_guest_text), { 0 },
};
