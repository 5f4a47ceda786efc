/* SPDX-License-Identifier: MIT */
/*
 * Attack: giving frames away (GNTTABOP_transfer) that are not one's own to give. "give" is created first, "take" right
 * after it. The giver offers frames that are page tables, mapped, pinned, mapped by a grant, foreign, the
 * hypervisor's, none at all, or gone already, to domains and entries that do not wait for any; it keeps translations
 * and grant entries of what it gave. The taker's other vcpu changes its entries while transfers
 * come; it takes until it has all it may, and ends while the giver goes on.
 *
 * Expected: a frame changes hands only where both sides said so, once, with its contents, and nothing of it stays
 * with the giver. Of a refused transfer the frame is the giver's still, or nobody's (as on Xen): never the taker's,
 * who has as many frames more as transfers were answered well.
 */
#include "test.h"
#include "grants.h"
#include <kit/vcpu.h>
#include <xen/memory.h>

#define PATTERN 0x67696674UL
#define SHARED 8		/* of the taker's table: a page both write to */
#define LENT 8			/* of the giver's own */
#define FIRST_RACE 32
#define LAST_RACE 64
#define ROOM 24			/* frames that the taker gives back, to have room for others */
#define PATIENCE 60000000000UL	/* ns, with the other */
#define REFUSED(name, op) check(name, (op) != GNTST_okay)

/* The taker's entries. */
enum { ACCEPT = 9, AGAIN, CONTENTS, STALE, LENT_BEFORE, FOR_ANOTHER, PERMITS, EMPTY, COMMITTED, COMPLETED, NR_PLAIN };

struct shared {
	volatile uint64_t stage, okays, taker_frame, pages;	/* pages: those that the taker got */
};
enum { READY = 1, GAVE, CHECKED, RACED, FULL, OVER };

static struct shared *shared;
static char *window;
static domid_t self, other;

static uint64_t too_late(void) { return time_now_ns() + PATIENCE; }

static bool await(uint64_t stage)
{
	for (uint64_t end = too_late(); time_now_ns() < end && shared->stage != stage;)
		hypercall_sched_op(SCHEDOP_yield, NULL);
	return shared->stage == stage;
}

static long pages(void)
{
	domid_t me = DOMID_SELF;

	return hypercall_memory_op(XENMEM_current_reservation, &me);
}

static int transfer(mfn_t mfn, domid_t whom, unsigned int ref)
{
	struct gnttab_transfer t = { .mfn = mfn, .domid = whom, .ref = ref, .status = 1 };
	long rc = hypercall_grant_table_op(GNTTABOP_transfer, &t, 1);

	return rc ? (int)rc : t.status;
}

/* --- the giver --- */

/* A frame that says who it was and that nothing maps any more. */
static mfn_t loose(uint64_t word, unsigned long flush)
{
	char *page = os_pages_alloc(1);
	mfn_t mfn = virt_to_mfn(page);

	*(uint64_t *)page = word;
	hypercall_update_va_mapping(page, 0, flush);
	return mfn;
}

static long pin(unsigned int cmd, mfn_t mfn)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };

	return hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

/* What of ours is in use, to an entry that accepts. */
static void give_frames_in_use(void)
{
	char *page = os_pages_alloc(1), *read_only = os_pages_alloc(1), *lent = os_pages_alloc(1);
	mfn_t pinned = loose(0, UVMF_INVLPG), mfn = virt_to_mfn(lent);
	grant_handle_t handle = ~0u;

	REFUSED("a table of level 1", transfer(pte_mfn(*pt_entry(page, 2)), other, ACCEPT));
	REFUSED("the table of level 4", transfer(virt_to_mfn(pt_root()), other, ACCEPT));
	REFUSED("a frame mapped for writing", transfer(virt_to_mfn(page), other, ACCEPT));
	check_value("protect", pt_protect(read_only, PTE_RO), 0);
	REFUSED("a frame mapped for reading", transfer(virt_to_mfn(read_only), other, ACCEPT));
	check_value("pin", pin(MMUEXT_PIN_L1_TABLE, pinned), 0);
	REFUSED("a pinned frame", transfer(pinned, other, ACCEPT));
	check_value("unpin", pin(MMUEXT_UNPIN_TABLE, pinned), 0);
	REFUSED("the shared info", transfer(start_info->shared_info >> PAGE_SHIFT, other, ACCEPT));
	REFUSED("the grant table", transfer(pte_mfn(*pt_entry(grants, 1)), other, ACCEPT));

	grant(LENT, self, mfn, GTF_permit_access);
	check_value("a grant to ourselves", map_at(window, self, LENT, 0, &handle), GNTST_okay);
	hypercall_update_va_mapping(lent, 0, UVMF_INVLPG);
	REFUSED("a frame that a grant maps", transfer(mfn, other, ACCEPT));
	*(uint64_t *)window = PATTERN;		/* ours still */
	check_value("unmap", unmap_at(window, handle), GNTST_okay);
}

static void give_what_is_not_ours(void)
{
	mfn_t foreign = shared->taker_frame;

	REFUSED("a frame of the taker's", transfer(foreign, other, ACCEPT));
	REFUSED("the frame of a grant that we map", transfer(pte_mfn(*pt_entry(shared, 1)), other, ACCEPT));
	REFUSED("the hypervisor's", transfer(pte_mfn(pt_root()[262]), other, ACCEPT));
	REFUSED("the first", transfer(0, other, ACCEPT));
	REFUSED("device memory", transfer(0xfee00, other, ACCEPT));
	REFUSED("beyond memory", transfer(1UL << 40, other, ACCEPT));
	REFUSED("no number", transfer(~0UL, other, ACCEPT));
}

static void give_to_nobody(void)
{
	long before = pages();
	static const domid_t nobody[] = { DOMID_SELF, DOMID_IO, DOMID_XEN, DOMID_COW, DOMID_INVALID, DOMID_IDLE, 0x7000 };

	for (unsigned int i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++)
		REFUSED("a domain that is none", transfer(loose(0, UVMF_INVLPG), nobody[i], ACCEPT));
	grant(LENT, self, 0, GTF_accept_transfer);
	transfer(loose(0, UVMF_INVLPG), self, LENT);		/* Xen lets it come back to us, Parvus refuses */
	check("nothing is won by giving to ourselves", pages() <= before);
	for (unsigned int ref = FOR_ANOTHER; ref <= COMPLETED; ref++)
		REFUSED("an entry that does not wait for it", transfer(loose(0, UVMF_INVLPG), other, ref));
	REFUSED("an entry that is not there", transfer(loose(0, UVMF_INVLPG), other, 1 << 20));
	REFUSED("no entry", transfer(loose(0, UVMF_INVLPG), other, ~0u));
}

static void give_well(void)
{
	mfn_t twice = loose(PATTERN + AGAIN, UVMF_INVLPG), lent = loose(PATTERN + LENT_BEFORE, UVMF_INVLPG);
	char *stale = os_pages_alloc(1);
	struct gnttab_transfer t[2] = { { .mfn = twice, .domid = other, .ref = AGAIN },
					{ .mfn = twice, .domid = other, .ref = ACCEPT } };
	mfn_t mfn = virt_to_mfn(stale);
	grant_handle_t handle = ~0u;

	check_value("the same frame twice", hypercall_grant_table_op(GNTTABOP_transfer, t, 2), 0);
	check_value("goes once", t[0].status, GNTST_okay);
	REFUSED("and no more", t[1].status);
	check_value("with its contents", transfer(loose(PATTERN + CONTENTS, UVMF_INVLPG), other, CONTENTS), GNTST_okay);
	REFUSED("to the same entry again", transfer(loose(0, UVMF_INVLPG), other, CONTENTS));

	grant(LENT, self, lent, GTF_permit_access);
	check_value("a frame that an entry of ours names", transfer(lent, other, LENT_BEFORE), GNTST_okay);
	REFUSED("is not had by that entry any more", map_at(window, self, LENT, 0, &handle));
	grant(LENT, self, 0, 0);

	*(volatile uint64_t *)stale = PATTERN + STALE;		/* the TLB knows it */
	hypercall_update_va_mapping(stale, 0, UVMF_NONE);
	check_value("a frame whose translation nobody flushed", transfer(mfn, other, STALE), GNTST_okay);
	check("is not to be read", probe_read(stale) != 0);
	check("nor written", probe_write(stale, 0) != 0);
	check("nor mapped", hypercall_update_va_mapping(stale, pte_make(mfn, PTE_RW), UVMF_INVLPG) < 0);
	check("nor pinned", pin(MMUEXT_PIN_L1_TABLE, mfn) < 0);
}

/* Frames go to a domain that ends, until it has. */
static bool await_its_end(void)
{
	for (uint64_t end = too_late(), next = 0; time_now_ns() < end;) {
		hypercall_sched_op(SCHEDOP_yield, NULL);
		if (time_now_ns() < next)
			continue;
		next = time_now_ns() + 50000000;
		switch (transfer(loose(0, UVMF_INVLPG), other, ACCEPT)) {
		case GNTST_bad_domain:
			return true;
		case GNTST_okay:
			check("it took more than it may", false);
		}
	}
	return false;
}

/* Into entries that change meanwhile, then into a domain that is full, then into one that goes. */
static void give_on(grant_handle_t handle)
{
	unsigned int ref = FIRST_RACE, tries = 0;

	for (; shared->okays < 12 && tries < 400; tries++, ref = ref + 1 < LAST_RACE ? ref + 1 : FIRST_RACE)
		shared->okays += transfer(loose(0, UVMF_INVLPG), other, ref) == GNTST_okay;
	say("# %lu of %u into entries that change\n", shared->okays, tries);
	check("some get through", shared->okays > 0);
	shared->stage = RACED;
	if (!await(FULL))
		check("the taker is full", false);
	REFUSED("more than it may have", transfer(loose(0, UVMF_INVLPG), other, ACCEPT));
	shared->stage = OVER;
	check_value("the shared page goes", unmap_at(shared, handle), GNTST_okay);
	check("a domain that is gone", await_its_end());
}

static void give(void)
{
	grant_handle_t handle = ~0u;

	other = self + 1;
	grants_setup();
	shared = os_va_alloc(1);
	for (uint64_t end = too_late(); time_now_ns() < end && map_at(shared, other, SHARED, 0, &handle) != GNTST_okay;)
		hypercall_sched_op(SCHEDOP_yield, NULL);
	check("the taker waits", await(READY));
	give_frames_in_use();
	give_what_is_not_ours();
	give_to_nobody();
	check_value("frames that the taker got", shared->pages, 0);
	give_well();
	shared->stage = GAVE;
	check("the taker is content", await(CHECKED));
	shared->okays = 0;
	give_on(handle);
}

/* --- the taker --- */

/* Frames of ours go, so that there is room for others'. */
static void make_room(void)
{
	xen_pfn_t frame;
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

	set_xen_guest_handle(r.extent_start, &frame);
	for (unsigned int i = 0; i < ROOM; i++) {
		frame = loose(0, UVMF_INVLPG);
		if (hypercall_memory_op(XENMEM_decrease_reservation, &r) != 1)
			check("a frame is given back", false);
	}
}

static void check_got(unsigned int ref)
{
	mfn_t mfn = grants[ref].frame;
	uint64_t map = pte_make(mfn, PTE_RW);

	check_value("an entry is completed", grants[ref].flags,
		    GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed);
	check_value("its frame maps", hypercall_update_va_mapping(window, map, UVMF_INVLPG), 0);
	check_value("and has its contents", *(volatile uint64_t *)window, PATTERN + ref);
	*(volatile uint64_t *)window = 0;
	hypercall_update_va_mapping(window, 0, UVMF_INVLPG);
}

static volatile bool stop;
static volatile unsigned long changes;

/* The other vcpu: entries that come, change hands, and go. */
static void change(void *arg)
{
	static const uint16_t flags[] = { GTF_accept_transfer, 0, GTF_accept_transfer, GTF_permit_access,
					  GTF_accept_transfer | GTF_transfer_committed, GTF_accept_transfer };

	(void)arg;
	for (; !stop; changes++)
		grant(FIRST_RACE + changes % (LAST_RACE - FIRST_RACE), other + (changes % 7 == 3), changes, flags[changes % 6]);
	hypercall_vcpu_op(VCPUOP_down, 1, NULL);
}

static void take_while_changing(long before)
{
	static char stack[16384] __attribute__((aligned(16)));
	struct vcpu_start how = { .entry = change, .stack_end = stack + sizeof(stack) };

	for (unsigned int ref = FIRST_RACE; ref < LAST_RACE; ref++)
		grant(ref, other, 0, GTF_accept_transfer);
	check_value("another vcpu", vcpu_start(1, &how), 0);
	for (uint64_t end = too_late(); time_now_ns() < end && changes <= 100;)
		hypercall_sched_op(SCHEDOP_yield, NULL);
	check("entries change", changes > 100);
	shared->stage = CHECKED;
	check("the giver raced", await(RACED));
	stop = true;
	while (vcpu_is_up(1))
		hypercall_sched_op(SCHEDOP_yield, NULL);
	check_value("frames more than before", pages() - before, shared->okays);
}

static void fill_up(void)
{
	xen_pfn_t frame = 0;
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
	uint16_t flags = 0;
	long full;

	set_xen_guest_handle(r.extent_start, &frame);
	while (hypercall_memory_op(XENMEM_populate_physmap, &r) == 1)
		frame = 0;
	full = pages();
	grant(ACCEPT, other, 0, GTF_accept_transfer);
	shared->stage = FULL;
	check("the giver tried", await(OVER));
	check_value("no frame came", pages(), full);
	/* The giver goes on, and each try commits the entry for a moment. */
	for (uint64_t end = too_late(); time_now_ns() < end && flags != GTF_accept_transfer;)
		flags = __atomic_load_n(&grants[ACCEPT].flags, __ATOMIC_RELAXED);
	check_value("and the entry waits", flags, GTF_accept_transfer);
}

static void take(void)
{
	long before;

	other = self - 1;
	grants_setup();
	make_room();
	shared = os_pages_alloc(1);
	shared->taker_frame = virt_to_mfn(os_pages_alloc(1));
	for (unsigned int ref = ACCEPT; ref <= LENT_BEFORE; ref++)
		grant(ref, other, 0, GTF_accept_transfer);
	grant(FOR_ANOTHER, other + 9, 0, GTF_accept_transfer);
	grant(PERMITS, other, shared->taker_frame, GTF_permit_access);
	grant(EMPTY, other, 0, 0);
	grant(COMMITTED, other, 0, GTF_accept_transfer | GTF_transfer_committed);
	grant(COMPLETED, other, 0, GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed);
	before = pages();
	shared->stage = READY;
	grant(SHARED, other, virt_to_mfn(shared), GTF_permit_access);
	for (uint64_t end = too_late(); time_now_ns() < end && shared->stage == READY;) {
		shared->pages = pages() - before;
		hypercall_sched_op(SCHEDOP_yield, NULL);
	}
	for (unsigned int ref = AGAIN; ref <= LENT_BEFORE; ref++)
		check_got(ref);
	check_value("an entry waits still", grants[ACCEPT].flags, GTF_accept_transfer);
	check_value("frames that came", pages() - before, LENT_BEFORE - AGAIN + 1);
	take_while_changing(pages());
	fill_up();
	/* and it ends, with frames of the giver's, while the giver goes on */
}

void test_main(void)
{
	self = start_info_domid();
	window = os_va_alloc(1);
	if (((const char *)start_info->cmd_line)[0] == 'g')
		give();
	else
		take();
}
