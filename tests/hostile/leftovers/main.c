/* SPDX-License-Identifier: MIT */
/*
 * Attack: reading what another domain left. Run once with "plant", this guest fills its memory, its
 * FPU and vector registers and its debug registers with a pattern and ends; a later one with "look"
 * searches for it. It also gives frames back, takes new ones and looks into those. With "hold", of which two run at a
 * time, it fills its vector registers with its own number for some seconds and looks at them after each turn of the other.
 *
 * Expected: registers are in their initial state, new frames are zero, the pattern is nowhere; what is held stays.
 */
#include "test.h"
#include "self_audit.h"

#define PATTERN 0x5ec2e75ec2e75ec2
#define EXCHANGED 256

#define XSAVE_HEADER_END 576
#define XCR0_YMM 4

static uint8_t fpu[512] __attribute__((aligned(16)));
static uint8_t extended[16384] __attribute__((aligned(64)));

/* What XSAVE saves of vector registers; 0: there is none. */
static uint64_t xcr0(void)
{
	uint32_t low = 0, high = 0;

	trap_taken = 0;
	__asm__ volatile("movq $1f, trap_resume(%%rip)\n\txgetbv\n1:\n\tmovq $0, trap_resume(%%rip)"
			 : "+a"(low), "+d"(high) : "c"(0) : "memory");
	return trap_taken ? 0 : (uint64_t)high << 32 | low;
}

static void fill_ymm(uint64_t pattern)
{
	__asm__ volatile("vmovq %0, %%xmm0\n\tvpunpcklqdq %%xmm0, %%xmm0, %%xmm0\n\tvinsertf128 $1, %%xmm0, %%ymm0, %%ymm0\n\t"
			 "vmovaps %%ymm0, %%ymm7\n\tvmovaps %%ymm0, %%ymm15" : : "r"(pattern));
}

/* Bytes that are not zero behind the x87 and SSE state, all components asked for. */
static unsigned int save_extended(uint64_t all)
{
	unsigned int set = 0;

	for (unsigned int i = 0; i < sizeof(extended); i++)
		extended[i] = 0;
	__asm__ volatile("xsave64 %0" : "+m"(extended) : "a"((uint32_t)all), "d"((uint32_t)(all >> 32)));
	for (unsigned int i = XSAVE_HEADER_END; i < sizeof(extended); i++)
		set += extended[i] != 0;
	return set;
}

static void plant(void)
{
	uint64_t *p, pattern = PATTERN;
	unsigned int pages = 0;

	for (; (p = os_pages_alloc(1)); pages++)
		for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
			p[i] = PATTERN;
	for (unsigned int i = 0; i < 4; i++)
		hypercall_set_debugreg(i, PATTERN & 0x7fffffffffff);
	__asm__ volatile(
		"movq %0, %%xmm7\n\tmovq %0, %%xmm15\n\tpunpcklqdq %%xmm15, %%xmm15\n\tfldpi"
		:
		: "r"(pattern));
	if (xcr0() & XCR0_YMM) {
		fill_ymm(PATTERN);
		check("planted in the upper halves", save_extended(xcr0()) >= 3 * 16);
	}
	say("planted in %u pages\n", pages);
	check("planted", pages > 500);
}

static void check_registers(void)
{
	unsigned int set = 0;

	__asm__ volatile("fxsave64 %0" : "=m"(fpu));
	for (unsigned int i = 32; i < 416; i++)
		set += fpu[i] != 0;
	check_value("bytes set in the FPU", set, 0);
	if (xcr0())
		check_value("bytes set in the extended state", save_extended(xcr0()), 0);
	for (unsigned int i = 0; i < 4; i++)
		check_value("debug register", hypercall_get_debugreg(i), 0);
}

static unsigned int dirty(const uint64_t *p)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
		n += p[i] != 0;
	return n;
}

static void check_given_memory(void)
{
	const uint64_t *first = os_pages_alloc(1);
	unsigned long found = 0, pages = 0;

	for (pfn_t pfn = virt_to_pfn(first) + 1; pfn < start_info->nr_pages; pfn++) {
		const pte_t *e = pt_entry(pfn_to_virt(pfn), 1);

		if (!e || !(*e & PTE_PRESENT))
			break;
		found += dirty(pfn_to_virt(pfn)) != 0;
		pages++;
	}
	check("pages were looked at", pages > 500);
	check_value("pages that are not zero", found, 0);
}

/* Own secrets go back, and whatever comes for them is clean. */
static void check_exchanged_memory(void)
{
	static xen_pfn_t frames[EXCHANGED];
	struct xen_memory_reservation r = { .nr_extents = EXCHANGED, .domid = DOMID_SELF };
	unsigned long found = 0;
	char *window = os_va_alloc(1);

	for (unsigned int i = 0; i < EXCHANGED; i++) {
		uint64_t *p = os_pages_alloc(1);

		*p = p[511] = PATTERN;
		frames[i] = virt_to_mfn(p);
		hypercall_update_va_mapping(p, 0, UVMF_INVLPG);
	}
	set_xen_guest_handle(r.extent_start, frames);
	check_value("given back", hypercall_memory_op(XENMEM_decrease_reservation, &r), EXCHANGED);
	check_value("taken", hypercall_memory_op(XENMEM_increase_reservation, &r), EXCHANGED);
	for (unsigned int i = 0; i < EXCHANGED; i++) {
		mfn_t mfn = frames[i];

		if (pt_map(window, &mfn, 1, PTE_RO, DOMID_SELF))
			check("map", false);
		found += dirty((uint64_t *)window) != 0;
	}
	check_value("new frames that are not zero", found, 0);
}

static void hold(unsigned int seconds)
{
	uint64_t end = time_now_ns() + seconds * 1000000000UL, mine = start_info_domid() * 0x0101010101010101UL, all = xcr0();
	unsigned long looks = 0, foreign = 0;

	if (!all)
		return check("no vector registers to hold", true);
	fill_ymm(mine);
	for (; time_now_ns() < end; looks++) {
		hypercall_sched_op(SCHEDOP_yield, NULL);
		__asm__ volatile("xsave64 %0" : "+m"(extended) : "a"((uint32_t)all), "d"((uint32_t)(all >> 32)));
		for (unsigned int i = 0; i < 16; i++)
			foreign += extended[XSAVE_HEADER_END + 7 * 16 + i] != (uint8_t)mine || extended[160 + 7 * 16 + i] != (uint8_t)mine;
	}
	say("# held: looked at %lu times\n", looks);
	check("looked", looks > 10);
	check_value("bytes that are not ours", foreign, 0);
}

void test_main(void)
{
	const char *what = (const char *)start_info->cmd_line;

	if (what[0] == 'h')
		return hold(what[5] - '0');
	if (what[0] == 'p') {
		plant();
		return;
	}
	check_registers();
	check_given_memory();
	check_exchanged_memory();
	self_audit();
}
