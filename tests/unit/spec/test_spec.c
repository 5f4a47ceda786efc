/* SPDX-License-Identifier: MIT */
/*
 * Processors as they say they are by CPUID and ARCH_CAPABILITIES, through the real code up to the MSRs that get written
 * and the places of the entry code that are patched. An MSR that a processor has not ends the test, as it would
 * end the machine. QEMU's TCG offers none of these features, so this is where they are tried.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#undef errno
#include <cmocka.h>
#include "boot.h"
#include "cpu.h"
#include "printk.h"
#include "pt.h"
#include "spec.h"

#define SPEC_CTRL 0x48
#define PRED_CMD 0x49
#define ARCH_CAPABILITIES 0x10a

struct boot_options opt;
struct cpu_features cpu_features;
bool pti_on;
extern uint32_t spec_inside, spec_outside;

static const struct machine {
	const char *name, *vendor;
	bool smep, threads, has_ctrl, has_pred;
	uint32_t ebx_7, edx_7, edx_7_2, ebx_80000008, eax_80000021;
	uint64_t arch_caps;
	/* by default */
	uint32_t work, inside, outside, at_boot;	/* at_boot: SPEC_CTRL written, or ~0: it is not */
	bool auto_ibrs, ibpb, rsb, l1tf;
} machines[] = {
	{ "TCG", "AuthenticAMD", .smep = true, .work = PATCH_CLEAR, .at_boot = ~0u },
	{ "Intel of 2012 without microcode", "GenuineIntel", .smep = true, .threads = true,
	  .work = PATCH_CLEAR, .at_boot = ~0u, .l1tf = true },
	{ "Intel of 2012 without SMEP", "GenuineIntel", .threads = true, .has_ctrl = true, .has_pred = true,
	  .edx_7 = 0x9c000400, .work = PATCH_CLEAR | PATCH_IBRS | PATCH_RSB | PATCH_VERW, .inside = 3, .outside = 2,
	  .at_boot = 3, .ibpb = true, .rsb = true, .l1tf = true },
	{ "Intel of 2015", "GenuineIntel", .smep = true, .threads = true, .has_ctrl = true, .has_pred = true,
	  .edx_7 = 0x9c000400, .work = PATCH_CLEAR | PATCH_IBRS | PATCH_VERW, .inside = 3, .outside = 2, .at_boot = 3,
	  .ibpb = true, .rsb = true, .l1tf = true },
	{ "Intel of 2015, one thread a core", "GenuineIntel", .smep = true, .has_ctrl = true, .has_pred = true,
	  .edx_7 = 0x9c000400, .work = PATCH_CLEAR | PATCH_IBRS | PATCH_VERW, .inside = 1, .outside = 0, .at_boot = 1,
	  .ibpb = true, .rsb = true, .l1tf = true },
	{ "Intel of 2019: IBRS once, no Meltdown, no MDS, but TSX", "GenuineIntel", .smep = true, .threads = true,
	  .has_ctrl = true, .has_pred = true, .ebx_7 = 0x800, .edx_7 = 0xbc000400, .arch_caps = 0x2b,
	  .work = PATCH_CLEAR | PATCH_VERW, .inside = 1, .outside = 1, .at_boot = 1, .ibpb = true, .rsb = true },
	{ "the same without TSX", "GenuineIntel", .smep = true, .threads = true, .has_ctrl = true, .has_pred = true,
	  .edx_7 = 0xbc000400, .arch_caps = 0x2b, .work = PATCH_CLEAR, .inside = 1, .outside = 1, .at_boot = 1,
	  .ibpb = true, .rsb = true },
	{ "Intel of 2021: buffers filled by device memory", "GenuineIntel", .smep = true, .has_ctrl = true,
	  .has_pred = true, .edx_7 = 0xbc000400, .arch_caps = 0x2012b, .work = PATCH_CLEAR | PATCH_VERW, .inside = 1,
	  .outside = 1, .at_boot = 1, .ibpb = true, .rsb = true },
	{ "Intel of 2023: immune, branch history", "GenuineIntel", .smep = true, .has_ctrl = true, .has_pred = true,
	  .edx_7 = 0xbc000400, .edx_7_2 = 0x10, .arch_caps = 0x800e12b, .work = PATCH_CLEAR, .inside = 0x401,
	  .outside = 0x401, .at_boot = 0x401, .ibpb = true, .rsb = true },
	{ "Intel with registers in its buffers", "GenuineIntel", .smep = true, .has_ctrl = true, .has_pred = true,
	  .edx_7 = 0xbc000400, .arch_caps = 0x1000e12b, .work = PATCH_CLEAR | PATCH_VERW, .inside = 1, .outside = 1,
	  .at_boot = 1, .ibpb = true, .rsb = true },
	{ "AMD of 2017: IBPB alone", "AuthenticAMD", .smep = true, .threads = true, .has_pred = true,
	  .ebx_80000008 = 0x1000, .work = PATCH_CLEAR, .at_boot = ~0u, .ibpb = true, .rsb = true },
	{ "AMD of 2019: IBRS, STIBP, SSBD", "AuthenticAMD", .smep = true, .threads = true, .has_ctrl = true,
	  .has_pred = true, .ebx_80000008 = 0x0100d000, .work = PATCH_CLEAR | PATCH_IBRS, .inside = 3, .outside = 2,
	  .at_boot = 3, .ibpb = true, .rsb = true },
	{ "AMD whose IBRS stays on", "AuthenticAMD", .smep = true, .has_ctrl = true, .has_pred = true,
	  .ebx_80000008 = 0x0101d000, .work = PATCH_CLEAR, .inside = 1, .outside = 1, .at_boot = 1, .ibpb = true, .rsb = true },
	{ "AMD of 2022: automatic IBRS", "AuthenticAMD", .smep = true, .threads = true, .has_ctrl = true,
	  .has_pred = true, .ebx_80000008 = 0x0100d000, .eax_80000021 = 0x100, .work = PATCH_CLEAR, .inside = 2, .outside = 2,
	  .at_boot = 2, .auto_ibrs = true, .ibpb = true, .rsb = true },
};

/* --- the processor --- */

static const struct machine *m;
static uint64_t msr_ctrl, msr_efer;
static unsigned ctrl_writes, barriers, fills, clears;
static char said[2048];

void cpuid_count(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	memset(r, 0, 16);
	switch (leaf) {
	case 0:
		r[0] = m->ebx_7 | m->edx_7 | m->smep ? 0xb : 4;
		memcpy(&r[1], m->vendor, 4);
		break;
	case 7:
		r[0] = sub ? 0 : 2;
		r[1] = sub ? 0 : m->ebx_7;
		r[3] = sub == 2 ? m->edx_7_2 : sub ? 0 : m->edx_7;
		break;
	case 0xb:
		r[1] = 1 + m->threads;
		break;
	case 0x80000000:
		r[0] = m->eax_80000021 ? 0x80000021 : m->vendor[0] == 'A' ? 0x8000001e : 0x80000008;
		break;
	case 0x80000008:
		r[1] = m->ebx_80000008;
		break;
	case 0x8000001e:
		r[1] = m->threads << 8;
		break;
	case 0x80000021:
		r[0] = m->eax_80000021;
		break;
	default:
		fail_msg("CPUID leaf %x", leaf);
	}
}

uint64_t rdmsr(uint32_t n)
{
	if (n == ARCH_CAPABILITIES && m->edx_7 & 1u << 29)
		return m->arch_caps;
	if (n != MSR_EFER)
		fail_msg("%s has no MSR %x to read", m->name, n);
	return msr_efer;
}

void wrmsr(uint32_t n, uint64_t v)
{
	if (n == SPEC_CTRL && m->has_ctrl) {
		msr_ctrl = v;
		ctrl_writes++;
	} else if (n == PRED_CMD && m->has_pred) {
		assert_int_equal(v, 1);
		barriers++;
	} else if (n == MSR_EFER && m->eax_80000021 & 0x100) {
		msr_efer = v;
	} else {
		fail_msg("%s has no MSR %x to write", m->name, n);
	}
}

static bool checks_dom0, checks_domu;

void l1tf_init(bool dom0, bool domu, unsigned address_bits)
{
	checks_dom0 = dom0;
	checks_domu = domu;
	assert_int_equal(address_bits, 46);
}

void spec_fill_rsb(void) { fills++; }
void spec_clear_buffers(void) { clears++; }

void printk(enum log_level lvl, const char *fmt, ...)
{
	size_t n = strlen(said);
	va_list ap;

	(void)lvl;
	va_start(ap, fmt);
	vsnprintf(said + n, sizeof(said) - n, fmt, ap);
	va_end(ap);
}

/* --- the entry code: places that become jumps where a condition holds --- */

static uint8_t code[8][16];
const struct { uint64_t at, to, when; } site_table_start[] = {
	{ (uint64_t)code[0], (uint64_t)code[7], PATCH_CLEAR }, { (uint64_t)code[1], (uint64_t)code[7], PATCH_IBRS },
	{ (uint64_t)code[2], (uint64_t)code[7], PATCH_RSB }, { (uint64_t)code[3], (uint64_t)code[7], PATCH_VERW },
	{ (uint64_t)code[3], (uint64_t)code[6], PATCH_PTI },
	{ (uint64_t)code[4], (uint64_t)code[7], PATCH_CLEAR | PATCH_IBRS },
	{ (uint64_t)code[5], (uint64_t)code[7], PATCH_UNLESS | PATCH_IBRS },
};
__asm__(".globl site_table_end\n.set site_table_end, site_table_start + 7 * 24");

static bool jumps(unsigned place, unsigned to)
{
	int32_t distance;

	memcpy(&distance, &code[place][1], 4);
	assert_true(code[place][0] == 0xe9 || code[place][0] == 0);
	return code[place][0] == 0xe9 && code[place] + 5 + distance == code[to];
}

static void boot(const struct machine *on)
{
	m = on;
	cpu_features.smep = m->smep;
	cpu_features.maxphysaddr = 46;
	msr_ctrl = ~0u;
	msr_efer = 0xd01;
	ctrl_writes = barriers = fills = clears = 0;
	said[0] = 0;
	memset(code, 0, sizeof(code));
	spec_choose();
	spec_init_cpu();
}

static void wants(const char *only, int flag)
{
	memset(opt.spec, -1, sizeof(opt.spec));
	for (unsigned i = 0; i < NR_SPEC_WORDS; i++)
		if (!only || !strcmp(only, spec_names[i]))
			opt.spec[i] = flag;
}

static bool work_is(uint32_t work)
{
	return jumps(0, 7) == !!(work & PATCH_CLEAR) && jumps(1, 7) == !!(work & PATCH_IBRS) &&
	       jumps(2, 7) == !!(work & PATCH_RSB) && (pti_on ? jumps(3, 6) : jumps(3, 7) == !!(work & PATCH_VERW)) &&
	       jumps(4, 7) == !!(work & (PATCH_CLEAR | PATCH_IBRS)) && jumps(5, 7) == !(work & PATCH_IBRS);
}

static void defaults(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2 * sizeof(machines) / sizeof(machines[0]); i++) {
		const struct machine *on = &machines[i / 2];

		pti_on = i % 2;
		wants(NULL, -1);
		boot(on);
		if (!work_is(on->work) || spec_inside != on->inside || spec_outside != on->outside ||
		    msr_ctrl != on->at_boot || !!(msr_efer & 1 << 21) != on->auto_ibrs)
			fail_msg("%s: inside %x, outside %x, at boot %lx; said %s", on->name, spec_inside, spec_outside,
				 msr_ctrl, said);
		assert_int_equal(spec_at_switch, on->ibpb || on->rsb);
		spec_switch();
		assert_int_equal(barriers, on->ibpb);
		assert_int_equal(fills, on->rsb);
		assert_int_equal(spec_at_idle, !!(on->work & PATCH_VERW));
		assert_int_equal(ctrl_writes, on->has_ctrl && on->inside);
		assert_int_equal(msr_efer & ~(1ULL << 21), 0xd01);
		assert_null(strstr(said, "has no"));
		assert_int_equal(!!strstr(said, "threads of a core"), on->threads && on->work & PATCH_VERW);
	}
	pti_on = false;
}

static bool tables_checked(int dom0, int domu, bool in_dom0, bool in_domu)
{
	opt.pv_l1tf = (struct opt_domains){ dom0, domu };
	spec_check_tables();
	return checks_dom0 == in_dom0 && checks_domu == in_domu;
}

static void l1tf(void **state)
{
	(void)state;
	wants(NULL, -1);
	for (unsigned i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		boot(&machines[i]);
		assert_true(tables_checked(-1, -1, false, machines[i].l1tf));
		assert_true(tables_checked(1, 0, true, false));
		assert_true(tables_checked(0, 1, false, true));
	}
}

/* Off is off, whatever the processor: no MSR is written, no place is patched. */
static void all_off(void **state)
{
	(void)state;
	wants(NULL, 0);
	for (unsigned i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		boot(&machines[i]);
		assert_true(work_is(0));
		assert_int_equal(ctrl_writes, 0);
		assert_int_equal(msr_efer, 0xd01);
		assert_false(spec_at_switch || spec_at_idle);
		assert_non_null(strstr(said, "in use: nothing"));
	}
}

/* On is never more than the processor has: what it has not is named. */
static void all_on(void **state)
{
	(void)state;
	wants(NULL, 1);
	for (unsigned i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		const struct machine *on = &machines[i];
		bool stibp = on->edx_7 >> 27 & 1 || on->ebx_80000008 >> 15 & 1;
		bool ssbd = on->edx_7 >> 31 & 1 || on->ebx_80000008 >> 24 & 1;

		boot(on);
		assert_true(work_is(PATCH_CLEAR | PATCH_RSB | PATCH_VERW | (on->work & PATCH_IBRS)));
		assert_int_equal(spec_inside & 6, (stibp ? 2 : 0) | (ssbd ? 4 : 0));
		assert_int_equal(spec_outside & 6, spec_inside & 6);
		assert_int_equal(!!strstr(said, "has no ibpb"), !on->ibpb);
		assert_int_equal(!!strstr(said, "has no stibp"), !stibp);
		assert_int_equal(!!strstr(said, "has no ssbd"), !ssbd);
		assert_int_equal(!!strstr(said, "has no ibrs"), !on->auto_ibrs && !(on->inside & 1));
		spec_switch();
		assert_int_equal(barriers, on->ibpb);
		assert_int_equal(fills, 1);
		spec_idle();
		assert_int_equal(clears, 1);
	}
}

/* Each word changes its own part and nothing else. */
static void one_off(void **state)
{
	const struct machine *on = &machines[2];

	(void)state;
	wants("clear-regs", 0);
	boot(on);
	assert_true(work_is(on->work & ~PATCH_CLEAR));
	wants("ibrs", 0);
	boot(on);
	assert_true(work_is(on->work & ~PATCH_IBRS));
	assert_int_equal(spec_inside, 2);
	wants("stibp", 0);
	boot(on);
	assert_int_equal(spec_inside, 1);
	assert_int_equal(spec_outside, 0);
	wants("ibpb", 0);
	boot(on);
	spec_switch();
	assert_int_equal(barriers, 0);
	assert_int_equal(fills, 1);
	wants("ssbd", 1);
	boot(on);
	assert_int_equal(spec_inside, 7);
	assert_int_equal(spec_outside, 6);
	wants("md-clear", 0);
	boot(on);
	assert_true(work_is(on->work & ~PATCH_VERW));
	assert_false(spec_at_idle);
	wants("rsb", 0);
	boot(on);
	assert_true(work_is(on->work & ~PATCH_RSB));
	spec_switch();
	assert_int_equal(fills, 0);
	assert_int_equal(barriers, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults), cmocka_unit_test(l1tf), cmocka_unit_test(all_off), cmocka_unit_test(all_on),
		cmocka_unit_test(one_off),
	};

	return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
