/* SPDX-License-Identifier: MIT */
/*
 * Attack: every hypercall and sub-operation there is, and numbers where there is none, with
 * arguments and structures made of what tends to hurt: counts at the edges of 8, 16, 32 and 64
 * bits, addresses that are not canonical, the hypervisor's, unmapped or at the end of a page,
 * frames of others, page tables and half-built ones, flags at random. Two phases:
 *
 *  careful  what would only end the guest itself is left out, so that it gets far;
 *  wild     everything, until the guest kills itself by it.
 *
 * Expected: answers. The hypervisor lives, its audit finds nothing, all that the guest took comes
 * back.
 *
 * Arguments: the seed, and the number of calls of the careful phase. The same seed, the same calls. A third
 * starts another vcpu, which does the same with the same frames, handles and, above all, the same argument
 * buffer: what one has the hypervisor read, the other changes. The careful phase is over after some seconds then.
 */
#include "test.h"
#include "self_audit.h"
#include <kit/vcpu.h>
#include <xen/callback.h>

#define SPARE 24 /* frames to play with */
#define WINDOWS 16 /* addresses with page-table entries to play with */
#define BUFFER_PAGES 4
#define RACE_TICKS (10UL << 30) /* some seconds; how many calls that is varies by a hundred with the CPUs */
#define REFS 64 /* grant entries that are rewritten now and then */

static uint64_t seed, skipped;
static char *spare[SPARE], *window, *buffer;
static mfn_t buffer_mfn[BUFFER_PAGES];
static struct grant_entry_v1 *grants;
static bool wild, two; /* two vcpus: no check of ours before a call is worth anything */

static uint64_t rnd(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % n;
}

static mfn_t spare_mfn(void) { return virt_to_mfn(spare[rnd(SPARE)]); }

/* In the careful phase not a frame that the guest itself lives on: instead of that one to play with. */
static mfn_t not_own(mfn_t mfn)
{
	static const unsigned long *m2p = (void *)MACH2PHYS_VIRT_START;

	return !wild && m2p[mfn] < start_info->nr_pages ? spare_mfn() : mfn;
}

/* Other domains' frames, the hypervisor's, holes. */
static mfn_t any_mfn(void) { return not_own(rnd(1UL << (10 + rnd(9)))); }

static uint64_t any_pte(void)
{
	static const uint64_t bits[] = { PTE_RW,
					 PTE_RO,
					 PTE_TABLE,
					 PTE_RW | PTE_NX,
					 PTE_RW | PTE_PSE,
					 PTE_RW | PTE_GLOBAL,
					 PTE_RW | PTE_PCD,
					 PTE_WRITE,
					 0,
					 PTE_RW | 1UL << 62,
					 1UL << 62 };
	uint64_t flags = bits[rnd(sizeof(bits) / sizeof(bits[0]))];

	return pte_make(rnd(8) ? spare_mfn() : any_mfn(), flags) ^ (rnd(32) ? 0 : 1UL << rnd(64));
}

/* Of a power of two; but the image lies at such an address. */
static uint64_t edge(void)
{
	uint64_t v = (1UL << rnd(64)) - rnd(2);

	return !wild && v - 0xff000 < 0x1000000 ? 0 : v;
}

static uint64_t value(void)
{
	switch (rnd(20)) {
	case 0 ... 4:
		return rnd(12);
	case 5:
		return not_own(rnd(5000));
	case 6:
		return edge();
	case 7:
		return -1UL - rnd(3);
	case 8:
		return 0xffff800000000000 + (rnd(1UL << 44) & -(1UL << rnd(30)));
	case 9:
		return 0x8000000000000000 >> rnd(16);
	case 10:
		return seed;
	case 11 ... 12:
		return (unsigned long)buffer + rnd(BUFFER_PAGES * PAGE_SIZE / 8) * 8;
	case 13:
		return (unsigned long)window + rnd(WINDOWS * PAGE_SIZE);
	case 14:
		return (unsigned long)buffer + BUFFER_PAGES * PAGE_SIZE -
		       rnd(64); /* a hole follows */
	case 15:
		return mfn_to_maddr(spare_mfn()) + rnd(PAGE_SIZE);
	case 16:
		return any_mfn();
	case 17:
		return any_pte();
	case 18:
		return DOMID_FIRST_RESERVED + rnd(16);
	}
	return spare_mfn();
}

static void fill(void)
{
	uint64_t *p = (uint64_t *)buffer;

	for (unsigned int i = 0; i < 96; i++) {
		p[i] = value();
		if (!rnd(3))
			p[i] = (uint32_t)p[i] | value() << 32;
		if (!rnd(6))
			p[i] = (p[i] & 0xffff) | rnd(65536) << 16 | value() << 32;
	}
}

static void regrant(void)
{
	struct grant_entry_v1 *e = &grants[rnd(REFS)];

	if (!grants)
		return;
	e->frame = rnd(6) ? spare_mfn() : any_mfn();
	e->domid = rnd(2) ? start_info_domid() : rnd(4);
	e->flags = rnd(3) ? GTF_permit_access | (rnd(3) ? 0 : GTF_readonly) : rnd(65536);
}

/* Structures that get past the first check more often than chance. */
static long page_tables(void)
{
	struct mmu_update *u = (void *)buffer;
	struct mmuext_op *op = (void *)buffer;
	unsigned int n = 1 + rnd(8);
	domid_t who = rnd(8) ? DOMID_SELF : value();

	if (rnd(2)) {
		for (unsigned int i = 0; i < n; i++)
			u[i] = (struct mmu_update){
				.ptr = mfn_to_maddr(spare_mfn()) +
				       (rnd(2) ? rnd(4) : rnd(512)) * 8 + (rnd(4) ? 0 : rnd(8)),
				.val = any_pte(),
			};
		return hypercall_mmu_update(u, n, NULL, who);
	}
	for (unsigned int i = 0; i < n; i++) {
		op[i] = (struct mmuext_op){ .cmd = rnd(22),
					    .arg1.mfn = rnd(8) ? spare_mfn() : value(),
					    .arg2.src_mfn = rnd(4) ? spare_mfn() : value() };
		if (rnd(2) || two)
			op[i].cmd = rnd(5);
		if (!wild && op[i].cmd == MMUEXT_NEW_BASEPTR)
			op[i].arg1.mfn = -1UL;
	}
	return hypercall_mmuext_op(op, n, NULL, who);
}

static long mapping(void)
{
	char *va = window + rnd(WINDOWS) * PAGE_SIZE;

	return hypercall_update_va_mapping(va, any_pte(), rnd(2) ? UVMF_INVLPG : value());
}

static long granting(void)
{
	struct gnttab_map_grant_ref *m = (void *)buffer;
	struct gnttab_unmap_and_replace *r = (void *)buffer;
	struct gnttab_unmap_grant_ref *u = (void *)buffer;
	unsigned long va = (unsigned long)window + rnd(WINDOWS) * PAGE_SIZE;
	unsigned int cmd = rnd(16);

	fill();
	if (cmd < 6) {
		cmd = GNTTABOP_map_grant_ref;
		*m = (struct gnttab_map_grant_ref){ .host_addr = va,
						    .flags =
							    rnd(4) ? 2 | (rnd(3) ? 0 : 4) : rnd(64),
						    .ref = rnd(REFS),
						    .dom = rnd(8) ? start_info_domid() : rnd(5) };
		if (m->flags & GNTMAP_contains_pte)
			m->host_addr = rnd(2) ? mfn_to_maddr(spare_mfn()) + rnd(512) * 8
					      : pt_entry_maddr((void *)va, 1);
	} else if (cmd < 9) {
		cmd = GNTTABOP_unmap_grant_ref;
		*u = (struct gnttab_unmap_grant_ref){ .host_addr = va,
						      .handle = rnd(20),
						      .dev_bus_addr = rnd(3) ? 0 : value() };
	} else if (cmd < 12) {
		cmd = GNTTABOP_unmap_and_replace;
		*r = (struct gnttab_unmap_and_replace){
			.host_addr = va,
			.handle = rnd(20),
			.new_addr = rnd(3) ? (unsigned long)window + rnd(WINDOWS) * PAGE_SIZE : va
		};
	} else {
		cmd = two ? GNTTABOP_copy : value();
	}
	return hypercall_grant_table_op(cmd, buffer, rnd(8) || two ? 1 : value());
}

/* What would only end, stop or mute ourselves. */
static bool harmful(unsigned long nr, const unsigned long *a)
{
	unsigned int cmd = a[0];
	uint32_t port = *(uint32_t *)buffer;

	switch (nr) {
	case __HYPERVISOR_iret:
	case __HYPERVISOR_multicall:
	case __HYPERVISOR_console_io:
	case __HYPERVISOR_sched_op_compat:
	case __HYPERVISOR_mmuext_op:
	case __HYPERVISOR_mmu_update:
		return true;
	case __HYPERVISOR_update_va_mapping:
	case __HYPERVISOR_update_va_mapping_otherdomain:
		return a[0] - (unsigned long)window >= WINDOWS * PAGE_SIZE &&
		       a[0] < 0xffff800000000000;
	case __HYPERVISOR_sched_op:
		return cmd <= SCHEDOP_poll || cmd == SCHEDOP_watchdog;
	case __HYPERVISOR_vcpu_op:
		return cmd == VCPUOP_down || cmd == VCPUOP_initialise || cmd == VCPUOP_up ||
		       cmd == VCPUOP_send_nmi;
	case __HYPERVISOR_event_channel_op:
		return cmd == EVTCHNOP_reset || (cmd == EVTCHNOP_close && port < 8);
	case __HYPERVISOR_grant_table_op:
		return cmd == GNTTABOP_map_grant_ref;
	}
	return false;
}

static long anything(void)
{
	unsigned long nr = rnd(16) ? rnd(42) : value(), a[5];

	fill();
	for (unsigned int i = 0; i < 5; i++)
		a[i] = value();
	a[0] = rnd(3) ? rnd(24) : a[0];
	a[1] = rnd(3) ? (unsigned long)buffer : a[1];
	if (!wild && harmful(nr, a)) {
		skipped++;
		return 0;
	}
	return nr < 128 ? hypercall5(nr & 127, a[0], a[1], a[2], a[3], a[4]) : 0;
}

static long one(void)
{
	if (!rnd(8))
		regrant();
	switch (rnd(two ? 5 : 8)) {
	case 0 ... 1:
		return page_tables();
	case 2:
		return mapping();
	case 3 ... 4:
		return granting();
	}
	return anything();
}

static void setup(void)
{
	xen_pfn_t frame;
	struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 1 };
	mfn_t mfn;

	for (unsigned int i = 0; i < SPARE; i++)
		spare[i] = os_pages_alloc(1);
	buffer = os_va_alloc(BUFFER_PAGES + 1);
	for (unsigned int i = 0; i < BUFFER_PAGES; i++) {
		buffer_mfn[i] = virt_to_mfn(os_pages_alloc(1));
		pt_map(buffer + i * PAGE_SIZE, &buffer_mfn[i], 1, PTE_RW, DOMID_SELF);
	}
	window = os_va_alloc(WINDOWS);
	set_xen_guest_handle(s.frame_list, &frame);
	if (!hypercall_grant_table_op(GNTTABOP_setup_table, &s, 1) && !s.status) {
		grants = os_va_alloc(1);
		mfn = frame;
		if (pt_map(grants, &mfn, 1, PTE_RW, DOMID_SELF))
			grants = NULL;
	}
	/* The linear mapping would keep every spare frame writable. */
	for (unsigned int i = 0; i < SPARE; i++)
		hypercall_update_va_mapping(spare[i], 0, UVMF_INVLPG);
}

/* The next number of the line, 0 if there is none. */
static unsigned long number(const char **s)
{
	unsigned long n = 0;

	for (; **s >= '0' && **s <= '9'; ++*s)
		n = n * 10 + (**s - '0');
	while (**s == ' ')
		++*s;
	return n;
}

static volatile bool stop;
static volatile unsigned long others_calls;

/* What one vcpu puts in the other's arguments may be the buffer's own addresses, and another page is in its place. */
static bool mend(struct trap_frame *f)
{
	uint64_t va, page;

	__asm__ volatile("mov %%cr2, %0" : "=r"(va));
	page = (va - (uintptr_t)buffer) / PAGE_SIZE;
	return f->vector == 14 && page < BUFFER_PAGES &&
	       !hypercall_update_va_mapping(buffer + page * PAGE_SIZE, pte_make(buffer_mfn[page], PTE_RW), UVMF_INVLPG);
}

static void race(void *arg)
{
	(void)arg;
	trap_init();
	for (; !stop; others_calls++)
		one();
	hypercall_vcpu_op(VCPUOP_down, 1, NULL);
}

static void start_race(void)
{
	static char stack[16384] __attribute__((aligned(16)));
	struct vcpu_start how = { .entry = race, .stack_end = stack + sizeof(stack) };

	on_exception = mend;
	check_value("another vcpu", vcpu_start(1, &how), 0);
}

static void end_race(void)
{
	stop = true;
	for (unsigned int i = 0; vcpu_is_up(1) && i < 1000000; i++)
		hypercall_sched_op(SCHEDOP_yield, NULL);
	on_exception = NULL;
	say("the other vcpu: %lu calls\n", others_calls);
	check("both were at it", others_calls > 100);
}

void test_main(void)
{
	const char *args = (const char *)start_info->cmd_line;
	unsigned long most, calls = 0, ok = 0;
	uint64_t begin;

	seed = number(&args) * 0x9e3779b97f4a7c15 + 1;
	most = number(&args);
	two = number(&args);
	setup();
	check("the grant table is there", grants);
	if (two)
		start_race();
	begin = __builtin_ia32_rdtsc();
	for (; calls < most && !(two && __builtin_ia32_rdtsc() - begin > RACE_TICKS); calls++) {
		ok += one() >= 0;
		vcpu_info()->evtchn_upcall_mask = 1;
		if (calls % 1000 == 999)
			self_audit();
	}
	check("some calls succeed, some do not", ok > calls / 20 && ok < calls);
	if (two)
		end_race();
	two = false;
	say("careful: %lu calls, %lu answered well, %lu left out\n", calls, ok, skipped);
	wild = true;
	for (;;) {
		one();
		vcpu_info()->evtchn_upcall_mask = 1;
	}
}
