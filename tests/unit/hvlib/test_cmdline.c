/* SPDX-License-Identifier: MIT */
/* boot/cmdline.c: what each option sets, and that whatever is wrong is named and changes nothing. */
#include <string.h>
#include "hvlib.h"
#include "boot.h"
#include "printk.h"

static void parse(const char *line)
{
	log_reset();
	cmdline_parse(line);
}

static void test_good(void **state)
{
	(void)state;
	parse("console=com1,vga com1=115200,8n1  loglvl=warning guest_loglvl=all/all\tdom0_mem=128M "
	      "dom0_max_vcpus=2 noreboot no-smep smap=off");
	assert_string_equal(log_text, "");
	assert_string_equal(opt.console, "com1,vga");
	assert_int_equal(opt.com1_baud, 115200);
	assert_int_equal(opt.loglvl, LOG_WARN);
	assert_int_equal(opt.guest_loglvl, LOG_DEBUG);
	assert_int_equal(opt.dom0_mem, 128 << 20);
	assert_int_equal(opt.dom0_max_vcpus, 2);
	assert_true(opt.noreboot);
	assert_false(opt.smep || opt.smap);
	parse("noreboot=no smep smap=1 loglvl=none");
	assert_string_equal(log_text, "");
	assert_false(opt.noreboot);
	assert_true(opt.smep && opt.smap);
	assert_true(opt.loglvl < LOG_ERR);
}

static bool spec_is(int8_t clear_regs, int8_t ibrs, int8_t stibp, int8_t ibpb, int8_t ssbd, int8_t md_clear, int8_t rsb)
{
	const int8_t wanted[NR_SPEC_WORDS] = { clear_regs, ibrs, stibp, ibpb, ssbd, md_clear, rsb };

	return !*log_text && !memcmp(opt.spec, wanted, sizeof(wanted));
}

static bool domains_are(struct opt_domains o, int dom0, int domu)
{
	return !*log_text && o.dom0 == dom0 && o.domu == domu;
}

static void test_speculation(void **state)
{
	(void)state;
	assert_true(spec_is(-1, -1, -1, -1, -1, -1, -1));
	parse("spec-ctrl=ibrs,no-stibp,ssbd=on,rsb=0 no-spec-ctrl spec-ctrl=on,md-clear,clear-regs=no");
	assert_true(spec_is(0, -1, -1, -1, -1, 1, -1));
	parse("spec-ctrl=on spec-ctrl=ibrs,no-stibp,ssbd=yes,rsb=0");
	assert_true(spec_is(-1, 1, 0, -1, 1, -1, 0));
	parse("spec-ctrl=off,ibpb");
	assert_true(spec_is(0, 0, 0, 1, 0, 0, 0));
	assert_true(domains_are(opt.xpti, 0, 0) && domains_are(opt.pv_l1tf, 0, 0));
	parse("xpti=default pv-l1tf=dom0,domu=off");
	assert_true(domains_are(opt.xpti, -1, -1) && domains_are(opt.pv_l1tf, 1, 0));
	parse("xpti=dom0=on pv-l1tf=default,domu=on spec-ctrl=no");
	assert_true(domains_are(opt.xpti, 1, 0) && domains_are(opt.pv_l1tf, 0, 1));
	parse("xpti pv-l1tf=no spec-ctrl");
	assert_true(domains_are(opt.xpti, 1, 1) && domains_are(opt.pv_l1tf, 0, 0));
	parse("xpti=default pv-l1tf=default");
	assert_true(spec_is(-1, -1, -1, -1, -1, -1, -1));
}

static void test_memory_forms(void **state)
{
	(void)state;
	parse("timer_slop=0");
	assert_int_equal(opt.timer_slop, 0);
	parse("timer_slop=1000000");
	assert_int_equal(opt.timer_slop, 1000000);
	parse("dom0_mem=65536");
	assert_int_equal(opt.dom0_mem, 64 << 20);
	parse("dom0_mem=1G,max:2G");
	assert_int_equal(opt.dom0_mem, 2ULL << 30);
	assert_string_equal(log_text, "");
}

static void test_bad(void **state)
{
	static const struct { const char *line, *named; } row[] = {
		{ "dom0_mem=lots", "dom0_mem='lots'" }, { "dom0_mem=", "dom0_mem=''" }, { "dom0_mem", "dom0_mem=''" },
		{ "timer_slop=1000001", "timer_slop='1000001'" }, { "timer_slop=", "timer_slop=''" },
		{ "dom0_mem=0", "dom0_mem='0'" }, { "dom0_mem=12Q", "dom0_mem='12Q'" },
		{ "dom0_mem=18014398509481984", "dom0_mem=" }, { "com1=12345", "com1='12345'" },
		{ "com1=0", "com1='0'" }, { "loglvl=loud", "loglvl='loud'" }, { "noreboot=maybe", "noreboot='maybe'" },
		{ "dom0_max_vcpus=65", "dom0_max_vcpus='65'" }, { "frobnicate", "'frobnicate'" },
		{ "no-console", "'no-console'" }, { "=x", "''" },
		{ "spec-ctrl=ibrs=maybe", "because of ibrs=maybe," }, { "spec-ctrl=off,frob", "because of frob," },
		{ "spec-ctrl=no-ibrs,no-sense=on", "because of no-sense=on," }, { "spec-ctrl=,", "spec-ctrl=','" },
		{ "spec-ctrl=ibpb,a-word-longer-than-all-the-others", "because of a-word-longer" },
		{ "spec-ctrl", NULL }, { "spec-ctrl=yes", NULL }, { "pv-l1tf=dom0=perhaps", "because of dom0=perhaps," },
		{ "pv-l1tf=on,dom1=on", "because of dom1=on," }, { "xpti=off,mostly", "because of mostly," },
		{ "console=tty", "console='tty'" }, { "console=com1,tty", "because of tty" },
		{ "console=", "console=''" }, { "console=a-name-that-is-far-too-long-for-its-place", "console='a-name" },
	};
	struct boot_options before = opt;

	(void)state;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		parse(row[i].line);
		if (row[i].named ? !strstr(log_text, row[i].named) : *log_text)
			fail_msg("'%s' said: %s", row[i].line, log_text);
		assert_memory_equal(&opt, &before, sizeof(opt));
	}
}

/* No line, however odd, reads beyond its end or writes beyond a word. */
static void test_random_lines(void **state)
{
	static const char alphabet[] = "no-reboot=dom0_mem128MGKT,: \tx\xff";

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		unsigned n = random32() % 300;
		char line[301];

		for (unsigned j = 0; j < n; j++)
			line[j] = alphabet[random32() % (sizeof(alphabet) - 1)];
		line[n] = 0;
		parse(line);
	}
}

const struct CMUnitTest cmdline_tests[] = {
	cmocka_unit_test(test_good), cmocka_unit_test(test_speculation), cmocka_unit_test(test_memory_forms), cmocka_unit_test(test_bad),
	cmocka_unit_test(test_random_lines), { 0 },
};
