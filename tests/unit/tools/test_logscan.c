/* SPDX-License-Identifier: MIT */
/* Finding one domain's lines in the hypervisor's log. */
#include "test.h"
#include "ctl/logscan.h"

static void check(const char *log, unsigned int domid, unsigned int max, const char *expected)
{
	char *text = logscan_domain(log, domid, max);

	assert_string_equal(text, expected);
	free(text);
}

static void finds_its_lines(void **state)
{
	static const char log[] =
		"(XEN) Brought up 1 CPUs\n"
		"(XEN) [    1.5] d5v0 Unhandled page fault fault/trap [#14, ec=0002]\r\n"
		"(Parvus) (d5) refused something\n"
		"(XEN) (d6) names d5 and (d5)\n"
		"(XEN) d15v0 somebody else\n"
		"(Parvus) d5 exceeds its limit\n"
		"(XEN) mm.c:100:d51 other\n"
		"(XEN) mm.c:100:d5 bad entry\n"
		"(d5) the guest says: crashed: it is not true";

	(void)state;
	check(log, 5, 99, "d5v0 Unhandled page fault fault/trap [#14, ec=0002]\n"
	      "(d5) refused something\nd5 exceeds its limit\nmm.c:100:d5 bad entry\n");
	check(log, 6, 99, "(d6) names d5 and (d5)\n");
	check(log, 7, 99, "");
	check("", 7, 99, "");
	check(log, 5, 2, "d5 exceeds its limit\nmm.c:100:d5 bad entry\n");
}

static void takes_the_crash_report(void **state)
{
	(void)state;
	check("(XEN) Domain 3 (vcpu#0) crashed on cpu#0:\n"
	      "(XEN) ----[ Xen-4.17  x86_64  debug=n ]----\n"
	      "(XEN) CPU:    0\n"
	      "(XEN) RIP:    e033:[<0000000000101058>]\n"
	      "(XEN) rax: 0000000000000000   rbx: 1\n"
	      "(XEN) Guest stack trace from rsp=1234:\n"
	      "(XEN)    0000000000000001 0000000000000002\n"
	      "(XEN) Something unrelated\n"
	      "(XEN) RIP:    of nobody\n", 3, 99,
	      "Domain 3 (vcpu#0) crashed on cpu#0:\n"
	      "----[ Xen-4.17  x86_64  debug=n ]----\n"
	      "CPU:    0\n"
	      "RIP:    e033:[<0000000000101058>]\n"
	      "rax: 0000000000000000   rbx: 1\n"
	      "Guest stack trace from rsp=1234:\n"
	      "0000000000000001 0000000000000002\n");
}

static void puts_causes_in_words(void **state)
{
	char text[120];

	(void)state;
	assert_true(logscan_cause("(d1) refused x\n(d1) crashed: exception 14 at e033:10 and no "
				  "handler for it\n(d1) rip\n", text, sizeof(text)));
	assert_string_equal(text, "a page fault (exception 14 at e033:10 and no handler for it)");
	assert_true(logscan_cause("(d1) crashed: too many vcpus\n", text, sizeof(text)));
	assert_string_equal(text, "too many vcpus");
	assert_true(logscan_cause("d1v0 Unhandled: vec 6, #UD[0000]\n", text, sizeof(text)));
	assert_string_equal(text, "an invalid opcode that its kernel had no handler for (vector 6, "
			    "#UD[0000])");
	assert_true(logscan_cause("d1v0 Unhandled: vec 999", text, sizeof(text)));
	assert_false(logscan_cause("(d1) hello\n", text, sizeof(text)));
}

static void any_text(void **state)
{
	static const char bytes[] = "(XEN) d5v0(d5)[12]\n\r RIP:";
	uint64_t seed = 9;
	char log[80];

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t len = test_random(&seed) % sizeof(log);

		for (size_t i = 0; i < len; i++)
			log[i] = bytes[test_random(&seed) % (sizeof(bytes) - 1)];
		log[len ? len - 1 : 0] = 0;
		free(logscan_domain(log, 5, 1 + test_random(&seed) % 3));
	}
}

int test_logscan(size_t *total)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_its_lines), cmocka_unit_test(takes_the_crash_report),
		cmocka_unit_test(puts_causes_in_words), cmocka_unit_test(any_text),
	};

	return RUN_GROUP(tests, total);
}
