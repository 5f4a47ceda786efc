/* SPDX-License-Identifier: MIT */
/*
 * Grants mapped, unmapped, copied and ended by all vcpus at once, of a domain that talks to itself; several unmap
 * the same mapping at the same time, and change the same page-table entries by other means meanwhile.
 *
 * Each mapping is undone once, whoever comes first; an entry that has been ended is mapped no more; at the end no
 * entry is marked in use and each frame that was granted can become a page table.
 *
 * Needs: dom0_max_vcpus=4 guest_loglvl=none
 */
#include "grants.h"
#include "smp.h"

#define FRAMES 6
#define REFS 12				/* 8 and up: below are reserved */
#define SLOTS 24

enum { FREE, CHANGING, MAPPED };
static struct { unsigned int state; grant_handle_t handle; } slot[SLOTS];
static char *page[FRAMES], *window;
static unsigned int maps, unmaps, refused, late, copies, surprises;
static long odd;

static void count(unsigned int *n)
{
	__atomic_add_fetch(n, 1, __ATOMIC_SEQ_CST);
}

static void surprise(long status)
{
	count(&surprises);
	odd = status;
}

static void *slot_address(unsigned int s)
{
	return window + s * PAGE_SIZE;
}

/* Given anew or ended: only an entry that nobody uses changes. */
static void change_entry(unsigned int ref)
{
	uint16_t given = GTF_permit_access, none = 0;

	if (smp_random(2)) {
		__atomic_compare_exchange_n(&grants[ref].flags, &given, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	} else if (!__atomic_load_n(&grants[ref].flags, __ATOMIC_SEQ_CST)) {
		grants[ref].domid = 0;
		grants[ref].frame = virt_to_mfn(page[ref % FRAMES]);
		__atomic_compare_exchange_n(&grants[ref].flags, &none, GTF_permit_access, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST);
	}
}

static void map(unsigned int s, unsigned int ref)
{
	struct gnttab_map_grant_ref m = { .host_addr = (uintptr_t)slot_address(s), .ref = ref,
					  .flags = GNTMAP_host_map | (smp_random(2) ? GNTMAP_readonly : 0) };
	unsigned int expected = FREE;

	if (!__atomic_compare_exchange_n(&slot[s].state, &expected, CHANGING, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return;
	if (hypercall_grant_table_op(GNTTABOP_map_grant_ref, &m, 1) ||
	    (m.status != GNTST_okay && m.status != GNTST_general_error))
		surprise(m.status);
	if (m.status)
		count(&refused);
	else
		count(&maps);
	slot[s].handle = m.handle;
	__atomic_store_n(&slot[s].state, m.status ? FREE : MAPPED, __ATOMIC_SEQ_CST);
}

static int undo(unsigned int s, grant_handle_t handle)
{
	struct gnttab_unmap_grant_ref u = { .host_addr = (uintptr_t)slot_address(s), .handle = handle };

	return hypercall_grant_table_op(GNTTABOP_unmap_grant_ref, &u, 1) ? 1 : u.status;
}

/* Whoever sees it mapped may undo it: of several, one does. A handle that went and came back names the
 * mapping that is there now. */
static void unmap(unsigned int s)
{
	grant_handle_t handle = slot[s].handle;
	unsigned int expected = MAPPED;
	int status;

	if (__atomic_load_n(&slot[s].state, __ATOMIC_SEQ_CST) != MAPPED)
		return;
	status = undo(s, handle);
	if (status != GNTST_okay) {
		count(&late);
		return;
	}
	count(&unmaps);
	while (!__atomic_compare_exchange_n(&slot[s].state, &expected, FREE, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
		expected = MAPPED;
		smp_yield();
	}
}

static void copy(unsigned int ref)
{
	struct gnttab_copy c = {
		.source = { .u.ref = ref, .domid = 0 },
		.dest = { .u.gmfn = virt_to_mfn(page[smp_random(FRAMES)]), .domid = DOMID_SELF },
		.len = 1 + smp_random(PAGE_SIZE - 1), .flags = GNTCOPY_source_gref };

	if (hypercall_grant_table_op(GNTTABOP_copy, &c, 1) ||
	    (c.status != GNTST_okay && c.status != GNTST_general_error))
		surprise(c.status);
	count(&copies);
}

/* An entry of the window read, or a store through it. */
static void touch(unsigned int s)
{
	smp_store(slot_address(s), 1);
}

static void storm(unsigned int vcpu)
{
	(void)vcpu;
	while (smp_goes_on()) {
		unsigned int s = smp_random(SLOTS), ref = 8 + smp_random(REFS);

		switch (smp_random(8)) {
		case 0: change_entry(ref); break;
		case 1: case 2: map(s, ref); break;
		case 3: case 4: unmap(s); break;
		case 5: copy(ref); break;
		case 6: touch(s); break;
		case 7: smp_yield(); break;
		}
	}
}

static void set_up(void)
{
	grants_setup();
	window = os_va_alloc(SLOTS);
	check_value("page tables for the window", pt_populate(window, SLOTS), 0);
	for (unsigned int i = 0; i < FRAMES; i++)
		page[i] = os_pages_alloc(1);
}

void test_main(void)
{
	unsigned int in_use = 0, tables = 0;

	set_up();
	smp_run_ms = 3000;
	smp_run(storm);
	say("# %u maps, %u refused, %u undone, %u came late, %u copies\n", maps, refused, unmaps, late, copies);
	check("it was a storm", maps > 5 && refused > 5 && copies > 5);
	for (unsigned int s = 0; s < SLOTS; s++)
		unmap(s);
	check_value("mappings undone more often than made", (long)unmaps - maps, 0);
	check_value("answers that the ABI has not", surprises ? odd : 0, 0);
	for (unsigned int ref = 8; ref < 8 + REFS; ref++)
		in_use += !!(grants[ref].flags & (GTF_reading | GTF_writing));
	check_value("entries marked in use", in_use, 0);
	for (unsigned int i = 0; i < FRAMES; i++)
		tables += becomes_page_table(page[i]);
	check_value("frames that can become page tables", tables, FRAMES);
	smp_audit();
}
