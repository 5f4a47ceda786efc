/* SPDX-License-Identifier: MIT */
/*
 * Stale translations: while the other vcpus store without pause to two addresses, vcpu 0 takes the frames behind
 * them away and makes something of them that nobody may write, without asking for any flush itself.
 *
 * A frame that has become a page table reads as it was left; so does one that took the place of one given back.
 * Afterwards it is mapped again and the stores go on.
 *
 * Needs: dom0_max_vcpus=3 guest_loglvl=none
 */
#include "smp.h"

#define LOOKS 40
#define WORDS (PAGE_SIZE / 8)
#define STORED 0x5a5a5a000		/* as an entry: not present */

static volatile uint64_t *window;	/* what the others store to */
static uint64_t *page;			/* its frame, in the linear map */
static volatile bool stop;
static volatile unsigned long stores[VCPU_MAX], faults[VCPU_MAX];
static unsigned int round, dirty_tables, dirty_pages, refused;

static void store_on(unsigned int vcpu)
{
	while (!stop) {
		for (unsigned int i = vcpu; i < WORDS; i += 16) {
			if (smp_store(&window[i], STORED))
				stores[vcpu]++;
			else
				faults[vcpu]++;
		}
	}
}

/* Long enough for the others to try, on one CPU too. */
static bool empty(const volatile uint64_t *p)
{
	for (unsigned int look = 0; look < LOOKS; look++) {
		if (look == LOOKS / 2 && smp_random(8) == 0)
			smp_yield();
		for (unsigned int i = 0; i < WORDS; i++)
			if (p[i])
				return false;
	}
	return true;
}

/* Mapped nowhere writable: the window without a flush, the linear map likewise. */
static bool take_away(void)
{
	return !hypercall_update_va_mapping((void *)window, 0, 0) &&
	       !hypercall_update_va_mapping(page, pte_make(virt_to_mfn(page), PTE_RO), 0);
}

/* Clear without its being seen as the others' stores: it is ours alone only once it is a table. */
static bool as_table(void)
{
	mfn_t mfn = virt_to_mfn(page);

	if (!take_away() || smp_ext(MMUEXT_PIN_L1_TABLE, mfn))
		return false;
	for (unsigned int i = 0; i < WORDS; i++)
		if (page[i])
			smp_set(mfn_to_maddr(mfn) + i * 8, 0);
	if (!empty(page))
		dirty_tables++;
	return smp_ext(MMUEXT_UNPIN_TABLE, mfn) == 0;
}

/* Given back, and a frame taken anew, perhaps the same; nobody but us has it mapped. */
static bool as_fresh_frame(void)
{
	xen_pfn_t mfn = virt_to_mfn(page), pfn = virt_to_pfn(page);
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

	if (hypercall_update_va_mapping((void *)window, 0, 0) || hypercall_update_va_mapping(page, 0, 0))
		return false;
	set_xen_guest_handle(r.extent_start, &mfn);
	if (hypercall_memory_op(XENMEM_decrease_reservation, &r) != 1)
		return false;
	mfn = pfn;
	if (hypercall_memory_op(XENMEM_populate_physmap, &r) != 1)
		return false;
	p2m_table[pfn] = mfn;
	if (hypercall_update_va_mapping(page, pte_make(mfn, PTE_RW), 0))
		return false;
	__builtin_memset(page, 0, PAGE_SIZE);
	if (!empty(page))
		dirty_pages++;
	return true;
}

static bool give_back(void)
{
	mfn_t mfn = virt_to_mfn(page);

	return !hypercall_update_va_mapping(page, pte_make(mfn, PTE_RW), 0) &&
	       !hypercall_update_va_mapping((void *)window, pte_make(mfn, PTE_RW), 0);
}

static void let_them_store(void)
{
	unsigned long before = stores[1];

	while (stores[1] < before + 50)
		smp_yield();
}

static void change(void)
{
	for (; smp_goes_on(); round++) {
		let_them_store();
		if (!(round % 2 ? as_fresh_frame() : as_table()) || !give_back())
			refused++;
	}
	stop = true;
}

static void play(unsigned int vcpu)
{
	if (vcpu)
		store_on(vcpu);
	else
		change();
}

void test_main(void)
{
	smp_run_ms = 4000;
	page = os_pages_alloc(1);
	window = os_va_alloc(1);
	check("map it", give_back());
	smp_run(play);
	say("# %u rounds, %lu stores, %lu faults\n", round, stores[1] + stores[2], faults[1] + faults[2]);
	check("the others stored, and met its absence", stores[1] > 0 && faults[1] + faults[2] > 0);
	check_value("refusals", refused, 0);
	check_value("tables that somebody wrote", dirty_tables, 0);
	check_value("fresh frames that somebody wrote", dirty_pages, 0);
	smp_audit();
}
