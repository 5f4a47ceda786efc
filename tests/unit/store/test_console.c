/* SPDX-License-Identifier: MIT */
/* Guest consoles: scroll-back, rings, the records of the dead, and attaching to the living. */
#include <errno.h>
#include "console/console.h"
#include "console/pvring.h"
#include "console/record.h"
#include "console/scroll.h"
#include "host_os.h"
#include "test.h"

/* Random pieces against the whole text: what is kept is its end. */
static void scrollback_keeps_the_end(void **state)
{
	static char all[4 * CONSOLE_SCROLLBACK], out[CONSOLE_SCROLLBACK + 1];
	struct scroll s = { 0 };
	uint64_t seed = 5;
	size_t end = 0;

	(void)state;
	while (end + 3000 < sizeof(all)) {
		size_t n = test_random(&seed) % 3000, keep, i;
		uint64_t at = 0;

		for (i = 0; i < n; i++)
			all[end + i] = 'a' + test_random(&seed) % 26;
		scroll_put(&s, all + end, n);
		end += n;
		keep = end < CONSOLE_SCROLLBACK ? end : CONSOLE_SCROLLBACK;
		assert_int_equal(s.end, end);
		assert_int_equal(scroll_get(&s, &at, out, sizeof(out)), keep);
		assert_memory_equal(out, all + end - keep, keep);
		assert_int_equal(at, end);
	}
	scroll_put(&s, all, sizeof(all));       /* more than fits, in one piece */
	end = s.end - CONSOLE_SCROLLBACK;
	assert_int_equal(scroll_get(&s, &end, out, sizeof(out)), CONSOLE_SCROLLBACK);
	assert_memory_equal(out, all + sizeof(all) - CONSOLE_SCROLLBACK, CONSOLE_SCROLLBACK);
	scroll_free(&s);
}

static void guest_prints(struct xencons_interface *page, const char *text)
{
	while (*text) {
		page->out[MASK_XENCONS_IDX(page->out_prod, page->out)] = *text++;
		__atomic_store_n(&page->out_prod, page->out_prod + 1, __ATOMIC_RELEASE);
	}
}

static void rings_move_bytes(void **state)
{
	static struct xencons_interface page;
	char out[64];
	uint32_t i;

	(void)state;
	page.out_cons = page.out_prod = page.in_cons = page.in_prod = -100u;
	for (i = 0; i < 300; i++) {
		guest_prints(&page, "some text");
		assert_int_equal(pvring_read(&page, out, sizeof(out)), 9);
		assert_memory_equal(out, "some text", 9);
	}
	for (i = 0; i < 1024 / 4; i++)
		assert_int_equal(pvring_write(&page, "keys", 4), 4);
	assert_int_equal(pvring_write(&page, "keys", 4), 0);
	page.in_cons += 2;
	assert_int_equal(pvring_write(&page, "keys", 4), 2);
	assert_int_equal(page.in_prod - page.in_cons, 1024);
}

static void nonsense_indices_move_nothing(void **state)
{
	static struct xencons_interface page;
	char out[4096];

	(void)state;
	page.out_prod = sizeof(page.out) + 1;
	assert_int_equal(pvring_read(&page, out, sizeof(out)), 0);
	page.in_cons = 1;
	assert_int_equal(pvring_write(&page, "x", 1), 0);
	page.out_prod = sizeof(page.out);
	assert_int_equal(pvring_read(&page, out, sizeof(out)), sizeof(page.out));
}

static void logged(const char *who, const char *text)
{
	size_t len;
	char *log = console_log(who, &len);

	if (!text) {
		assert_null(log);
		assert_int_equal(errno, ENOENT);
		return;
	}
	assert_non_null(log);
	assert_string_equal(log, text);
	assert_int_equal(len, strlen(text));
	free(log);
}

static void output_outlives_the_guest(void **state)
{
	struct xencons_interface *page = host_frame(0x50);
	int ports = host_ports;

	(void)state;
	guest_prints(page, "early ");           /* before the daemon hears of it */
	assert_int_equal(console_add(3, "web", 0x50, 21), 0);
	assert_int_equal(console_add(3, "web", 0x50, 21), -EEXIST);
	assert_true(host_guest_wait(21, 10000));
	guest_prints(page, "late ");
	host_guest_notify(21);
	assert_true(host_guest_wait(21, 10000));
	guest_prints(page, "last words");       /* dies before it can notify */
	assert_int_equal(console_gone(3), 0);
	assert_int_equal(console_note(3, "ended"), 0);
	logged("web", "early late last wordsended\r\n");
	logged("3", "early late last wordsended\r\n");
	logged("4", NULL);
	logged("we", NULL);
	assert_int_equal(host_mappings, 0);
	assert_int_equal(host_ports, ports);
	assert_int_equal(console_gone(3), -ENOENT);
	assert_int_equal(console_attach(3), -ENOENT);
	assert_int_equal(console_note(9, "nobody"), -ENOENT);
	host_frame_free(0x50);
}

static void failures_leave_nothing(void **state)
{
	int ports = host_ports;

	(void)state;
	host_frame(0x51);
	assert_true(console_add(8, "bad", 0x1234, 21) < 0);
	assert_true(console_add(8, "bad", 0x51, 0) < 0);
	logged("bad", NULL);
	assert_int_equal(console_add(8, "bad", 0x51, 21), 0);
	assert_int_equal(console_forget(8), 0);
	logged("bad", NULL);
	assert_int_equal(host_mappings, 0);
	assert_int_equal(host_ports, ports);
	host_frame_free(0x51);
}

static void the_last_dead_are_kept(void **state)
{
	struct xencons_interface *page = host_frame(0x52);
	struct xencons_interface *old = host_frame(0x53);
	char name[16], text[16];
	unsigned int i;

	(void)state;
	assert_int_equal(console_add(100, "elder", 0x53, 22), 0);
	for (i = 0; i < CONSOLE_DEAD + 5; i++) {
		memset(page, 0, sizeof(*page));
		snprintf(name, sizeof(name), "g%u", i);
		assert_int_equal(console_add(200 + i, name, 0x52, 21), 0);
		guest_prints(page, name);
		assert_int_equal(console_gone(200 + i), 0);
	}
	guest_prints(old, "wise");
	assert_int_equal(console_gone(100), 0);
	logged("elder", "wise");                /* created first, but died last */
	logged("g5", NULL);
	logged("g6", "g6");
	snprintf(text, sizeof(text), "g%u", CONSOLE_DEAD + 4);
	logged(text, text);
	assert_int_equal(console_add(300, "g6", 0x52, 21), 0);
	logged("g6", "");                       /* the living one of that name is meant */
	assert_int_equal(console_forget(300), 0);
	logged("g6", "g6");
	host_frame_free(0x52);
	host_frame_free(0x53);
}

struct attached { unsigned int domid; int ret; bool done; };

static void attach(void *arg)
{
	struct attached *a = arg;

	a->ret = console_attach(a->domid);
	__atomic_store_n(&a->done, true, __ATOMIC_RELEASE);
}

static void joined(const struct attached *a, int ret)
{
	int i;

	for (i = 0; i < 1000 && !__atomic_load_n(&a->done, __ATOMIC_ACQUIRE); i++)
		os_sleep_ms(10);
	assert_true(a->done);
	assert_int_equal(a->ret, ret);
}

static void an_operator_attaches(void **state)
{
	static struct attached a, b;
	struct xencons_interface *page = host_frame(0x54);

	(void)state;
	a = b = (struct attached){ .domid = 11 };
	host_screen_clear();
	guest_prints(page, "before\n");
	assert_int_equal(console_add(11, "att", 0x54, 23), 0);
	os_thread_start("attach", attach, &a);
	assert_true(host_screen_wait("before\n"));
	assert_int_equal(console_attach(11), -EBUSY);
	guest_prints(page, "while\n");
	host_guest_notify(23);
	assert_true(host_screen_wait("while\n"));
	host_type("keys\x1dnot this", 13);
	joined(&a, CONSOLE_LEFT);
	assert_int_equal(page->in_prod, 4);
	assert_memory_equal(page->in, "keys", 4);
	guest_prints(page, "away\n");
	host_guest_notify(23);
	host_screen_clear();
	os_thread_start("attach", attach, &b);
	assert_true(host_screen_wait("away\n"));
	assert_memory_equal(host_screen, "away\n", 5);
	guest_prints(page, "dying");
	assert_int_equal(console_gone(11), 0);
	joined(&b, CONSOLE_ENDED);
	assert_true(host_screen_wait("dying"));
	logged("att", "before\nwhile\naway\ndying");
	host_frame_free(0x54);
}

/* A guest that reads its input slowly loses nothing of it, and one that does not read it cannot keep the operator. */
static void input_waits_for_room(void **state)
{
	static struct attached a;
	struct xencons_interface *page = host_frame(0x55);
	static char keys[8000];
	uint32_t taken = 0;
	int i;

	(void)state;
	a = (struct attached){ .domid = 12 };
	assert_int_equal(console_add(12, "full", 0x55, 24), 0);
	os_thread_start("attach", attach, &a);
	for (i = 0; i < (int)sizeof(keys); i++)
		keys[i] = 'a' + i % 26;
	host_type(keys, sizeof(keys));
	for (i = 0; i < 1000 && __atomic_load_n(&page->in_prod, __ATOMIC_ACQUIRE) < 1024; i++)
		os_sleep_ms(10);
	for (i = 0; i < 10000 && taken < sizeof(keys); i++, os_sleep_ms(1)) {
		for (uint32_t prod = __atomic_load_n(&page->in_prod, __ATOMIC_ACQUIRE); taken != prod; taken++)
			assert_int_equal(page->in[taken % 1024], keys[taken]);
		__atomic_store_n(&page->in_cons, taken, __ATOMIC_RELEASE);
	}
	assert_int_equal(taken, sizeof(keys));
	host_type(keys, sizeof(keys));
	host_type("\x1d", 1);
	joined(&a, CONSOLE_LEFT);
	assert_int_equal(console_forget(12), 0);
	host_frame_free(0x55);
}

static int start(void **state)
{
	(void)state;
	return console_start();
}

static int stop(void **state)
{
	(void)state;
	while (record_first)
		record_drop(record_first);
	return 0;
}

int test_console(size_t *total)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(scrollback_keeps_the_end), cmocka_unit_test(rings_move_bytes),
		cmocka_unit_test(nonsense_indices_move_nothing),
		cmocka_unit_test(output_outlives_the_guest),
		cmocka_unit_test(failures_leave_nothing), cmocka_unit_test(the_last_dead_are_kept),
		cmocka_unit_test(an_operator_attaches), cmocka_unit_test(input_waits_for_room),
	};

	*total += sizeof(tests) / sizeof(tests[0]);
	return cmocka_run_group_tests(tests, start, stop);
}
