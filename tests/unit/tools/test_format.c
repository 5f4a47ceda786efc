/* SPDX-License-Identifier: MIT */
/* Output formats, byte for byte as scripts written for xl expect them; options; handshakes in
 * words. */
#include "test.h"
#include "pvctl/format.h"
#include "pvctl/handshake.h"
#include "pvctl/verbs.h"

static void list_rows(void **state)
{
	ctl_info info = { .domain = 7, .tot_pages = 8192, .nr_online_vcpus = 1,
			  .cpu_time = 12345678901ULL, .flags = XEN_DOMINF_blocked };
	char row[160];

	(void)state;
	assert_string_equal(format_list_header, "Name                                        ID   "
			    "Mem VCPUs\tState\tTime(s)\n");
	format_list_row(row, sizeof(row), "hello", &info);
	assert_string_equal(row, "hello                                        7    32     1     "
			    "-b----      12.3\n");
}

static void vcpu_rows(void **state)
{
	struct xen_domctl_getvcpuinfo info = { .vcpu = 1, .online = 1, .blocked = 1, .cpu_time = 2500000000ULL,
					       .cpu = 3 };
	char row[256];

	(void)state;
	format_vcpu_row(row, sizeof(row), "hello", 7, &info, "all", "0-1");
	assert_string_equal(row, "hello                                7     1     3   -b-        2.5  all / 0-1\n");
	info.online = 0;
	format_vcpu_row(row, sizeof(row), "hello", 7, &info, "all", "all");
	assert_string_equal(row, "hello                                7     1     -   --p        2.5  all / all\n");
}

static void states(void **state)
{
	static const struct {
		uint32_t flags;
		const char *text;
	} cases[] = {
		{ XEN_DOMINF_running, "r-----" },
		{ XEN_DOMINF_paused | XEN_DOMINF_blocked, "-bp---" },
		{ XEN_DOMINF_shutdown, "---s--" },
		{ XEN_DOMINF_shutdown | 1 << 16, "---sr-" },
		{ XEN_DOMINF_shutdown | 2 << 16, "---ss-" },
		{ XEN_DOMINF_shutdown | 3 << 16, "---sc-" },
		{ XEN_DOMINF_shutdown | 4 << 16, "---sw-" },
		{ XEN_DOMINF_shutdown | 5 << 16, "---sS-" },
		{ XEN_DOMINF_shutdown | 77 << 16, "---s?-" },
		{ XEN_DOMINF_dying | XEN_DOMINF_paused, "--p--d" },
	};
	ctl_info info = { 0 };
	char text[7];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		info.flags = cases[i].flags;
		format_state(text, &info);
		assert_string_equal(text, cases[i].text);
	}
}

static void uptimes(void **state)
{
	char text[32];

	(void)state;
	format_uptime(text, sizeof(text), 0);
	assert_string_equal(text, " 0:00:00");
	format_uptime(text, sizeof(text), 3723);
	assert_string_equal(text, " 1:02:03");
	format_uptime(text, sizeof(text), 86400 + 59);
	assert_string_equal(text, "1 day,  0:00:59");
	format_uptime(text, sizeof(text), 3 * 86400 + 86399);
	assert_string_equal(text, "3 days, 23:59:59");
}

static void json(void **state)
{
	struct domain_config c = { .name = "n", .kernel = "/a\"b\\c\n", .vcpus = 1,
				   .max_vcpus = 2, .memory_kb = 1024, .max_memory_kb = 2048 };
	ctl_info info = { .domain = 3 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	format_json(out, c.name, &info, &c);
	fclose(out);
	assert_non_null(strstr(text, "\"domid\": 3,"));
	assert_non_null(strstr(text, "\"kernel\": \"/a\\\"b\\\\c\\u000a\","));
	assert_non_null(strstr(text, "\"max_memkb\": 2048,"));
	assert_null(strstr(text, "ramdisk"));
	free(text);
}

static void options(void **state)
{
	char *argv[] = { "verb", "-cp", "--quiet", "-n", "file", "-x", NULL };
	struct opts o = { .argc = 6, .argv = argv };
	char *odd[] = { "verb", "--what", "-z", "--", "-c", NULL };
	struct opts p = { .argc = 5, .argv = odd };

	(void)state;
	assert_int_equal(opt_next(&o, "cpqn", "quiet=q"), 'c');
	assert_int_equal(opt_next(&o, "cpqn", "quiet=q"), 'p');
	assert_int_equal(opt_next(&o, "cpqn", "quiet=q"), 'q');
	assert_int_equal(opt_next(&o, "cpqn", "quiet=q"), 'n');
	assert_int_equal(opt_next(&o, "cpqn", "quiet=q"), 0);
	assert_string_equal(argv[o.at], "file");
	assert_int_equal(opt_next(&p, "c", "quiet=q,wait=w"), '?');
	assert_int_equal(opt_next(&p, "c", "quiet=q,wait=w"), '?');
	assert_int_equal(opt_next(&p, "c", "quiet=q,wait=w"), 0);
	assert_string_equal(odd[p.at], "-c");
}

static void handshakes(void **state)
{
	(void)state;
	assert_null(handshake_explain(4, 4));
	assert_non_null(strstr(handshake_explain(1, 2), "guest has not published its ring"));
	assert_non_null(strstr(handshake_explain(1, 1), "is there a backend"));
	assert_non_null(strstr(handshake_explain(3, 2), "backend has not taken"));
	assert_non_null(strstr(handshake_explain(3, 4), "not followed"));
	assert_non_null(strstr(handshake_explain(3, 6), "refused"));
	assert_non_null(strstr(handshake_explain(3, -1), "nobody serves"));
	assert_string_equal(handshake_state(2), "InitWait");
	assert_string_equal(handshake_state(99), "missing");
}

int test_format(size_t *total)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_rows), cmocka_unit_test(vcpu_rows), cmocka_unit_test(states), cmocka_unit_test(uptimes),
		cmocka_unit_test(json), cmocka_unit_test(options), cmocka_unit_test(handshakes),
	};

	return RUN_GROUP(tests, total);
}
