/* SPDX-License-Identifier: MIT */
/*
 * Attack: two domains that work together, or against each other. "give" is created first, "take" right after
 * it, so that each knows the other's number. The giver grants pages in every way there is, rightly and wrongly,
 * changes its entries while they are used, gives the frames away, and ends while the taker still holds
 * them. The taker tries each grant, each port and each handle; it grants a page back and lets the giver map
 * that, so that both hold something of the other when the giver ends.
 *
 * Expected: only what was granted is got (an entry of version 1 that grants a part of a page cannot say which: it is not
 * mapped; Xen copies the whole page by it, Parvus refuses); a frame that is held stays what it was, whoever dies, and
 * nobody else gets it; nothing more is to be had of a domain that is gone.
 */
#include "test.h"
#include "grants.h"

#define PATTERN 0x6976696e67000000UL
#define REF_BACK 8		/* of the taker's table: a page for the giver */
#define LAST_REF 64
#define LAST_PORT 128
#define PATIENCE 60000000000UL	/* ns, with the other */

/* The giver's entries, by number. */
enum { WRITABLE = 8, READ_ONLY, FOR_ANOTHER, TRANSITIVE, SUB_PAGE, TRANSFER, GIVEN_BACK, A_TABLE, NOT_OWN, CHANGING, NOT_HELD };

static char *page[LAST_REF], *window;
static domid_t self, other;

static int copy(unsigned int ref, bool to, unsigned int offset, unsigned int len)
{
	struct gnttab_copy c = { .len = len, .flags = to ? GNTCOPY_dest_gref : GNTCOPY_source_gref };
	struct gnttab_copy_ptr granted = { .domid = other, .u.ref = ref, .offset = offset },
			       own = { .domid = DOMID_SELF, .u.gmfn = virt_to_mfn(page[0]) };

	c.source = to ? own : granted;
	c.dest = to ? granted : own;
	hypercall_grant_table_op(GNTTABOP_copy, &c, 1);
	return c.status;
}

static volatile uint64_t *word(const void *p) { return (volatile uint64_t *)p; }

static uint64_t too_late(void) { return time_now_ns() + PATIENCE; }

static bool wait_for(volatile uint64_t *p, uint64_t value)
{
	for (uint64_t end = too_late(); time_now_ns() < end && *p != value;)
		hypercall_sched_op(SCHEDOP_yield, NULL);
	return *p == value;
}

/* --- the giver --- */

static void give_all(void)
{
	mfn_t mfn[LAST_REF];

	for (unsigned int i = 0; i < LAST_REF; i++) {
		page[i] = os_pages_alloc(1);
		*word(page[i]) = PATTERN + i;
		mfn[i] = virt_to_mfn(page[i]);
	}
	grant(FOR_ANOTHER, other + 1, mfn[FOR_ANOTHER], GTF_permit_access);
	grant(TRANSITIVE, other, mfn[TRANSITIVE], GTF_transitive);
	grant(SUB_PAGE, other, mfn[SUB_PAGE], GTF_permit_access | GTF_sub_page);
	grant(TRANSFER, other, mfn[TRANSFER], GTF_accept_transfer);
	grant(A_TABLE, other, pte_mfn(*pt_entry(page[0], 2)), GTF_permit_access);
	grant(NOT_OWN, other, pte_mfn(pt_root()[262]), GTF_permit_access);
	grant(READ_ONLY, other, mfn[READ_ONLY], GTF_permit_access | GTF_readonly);
	grant(CHANGING, other, mfn[CHANGING], GTF_permit_access);
	grant(GIVEN_BACK, other, mfn[GIVEN_BACK], GTF_permit_access);
	grant(NOT_HELD, other, mfn[NOT_HELD], GTF_permit_access);
	grant(WRITABLE, other, mfn[WRITABLE], GTF_permit_access);
}

/* While they are mapped: entries point elsewhere, and a frame is given back. */
static void change_all(void)
{
	xen_pfn_t frame = virt_to_mfn(page[GIVEN_BACK]);
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

	set_xen_guest_handle(r.extent_start, &frame);
	check_value("its own mapping goes", hypercall_update_va_mapping(page[GIVEN_BACK], 0, UVMF_INVLPG), 0);
	check_value("the frame is given back", hypercall_memory_op(XENMEM_decrease_reservation, &r), 1);
	grant(CHANGING, other, pte_mfn(*pt_entry(page[0], 2)), GTF_permit_access);
	grant(WRITABLE, other + 1, 0, 0);
	grant(READ_ONLY, other, virt_to_mfn(page[0]), GTF_permit_access);
}

static void give(void)
{
	struct evtchn_alloc_unbound mine = { .dom = DOMID_SELF, .remote_dom = self + 1 },
				    others = { .dom = DOMID_SELF, .remote_dom = self + 2 };
	grant_handle_t handle;

	other = self + 1;
	grants_setup();
	for (unsigned int i = 0; i < 3; i++)
		check_value("a port for another", hypercall_event_channel_op(EVTCHNOP_alloc_unbound, &others), 0);
	check_value("a port for the taker", hypercall_event_channel_op(EVTCHNOP_alloc_unbound, &mine), 0);
	give_all();
	check("the taker holds it", wait_for(word(page[WRITABLE]), PATTERN + 100));
	change_all();
	*word(page[WRITABLE]) = PATTERN + 101;
	check("the taker grants a page", wait_for(word(page[WRITABLE]), PATTERN + 102));
	check_value("mapped back", map_at(window, other, REF_BACK, 0, &handle), GNTST_okay);
	*word(window) = PATTERN + 103;
	/* ... and ends with all of it */
}

/* --- the taker --- */

static void check_refs(void)
{
	uint64_t got = 0, copied = 0, written = 0;
	grant_handle_t handle;

	for (unsigned int ref = 0; ref < LAST_REF; ref++) {
		if (map_at(window, other, ref, 0, &handle) == GNTST_okay) {
			got |= 1UL << ref;
			if (unmap_at(window, handle) != GNTST_okay)
				check("unmap", false);
		}
		copied |= (uint64_t)(copy(ref, false, 0, 8) == GNTST_okay) << ref;
		written |= (uint64_t)(copy(ref, true, 64, 8) == GNTST_okay) << ref;
	}
	check_value("mapped writable", got, 1 << WRITABLE | 1 << GIVEN_BACK | 1 << CHANGING | 1 << NOT_HELD);
	written &= ~(1UL << SUB_PAGE);
	copied &= ~(1UL << SUB_PAGE);
	check_value("copied to", written, got);
	check("copied from what may be read", copied == (got | 1 << READ_ONLY | 1 << A_TABLE) ||
					      copied == (got | 1 << READ_ONLY));
	check("a copy across the end", copy(WRITABLE, false, 4090, 8) != GNTST_okay);
	check("a copy that wraps", copy(WRITABLE, true, 0xffff, 0xffff) != GNTST_okay);
	check("a reference that is not there", map_at(window, other, 1 << 30, 0, &handle) != GNTST_okay);
}

static void check_ports(void)
{
	unsigned int bound = 0;

	for (unsigned int port = 0; port < LAST_PORT; port++) {
		struct evtchn_bind_interdomain b = { .remote_dom = other, .remote_port = port };

		bound += hypercall_event_channel_op(EVTCHNOP_bind_interdomain, &b) == 0;
	}
	check_value("ports bound", bound, 1);
}

static void check_handles(grant_handle_t last, const uint64_t *held)
{
	unsigned int gone = 0;

	for (grant_handle_t h = 0; h < 1000; h++)
		gone += h > last && unmap_at(window, h) == GNTST_okay;
	check_value("handles guessed", gone, 0);
	check_value("what is held stays", probe_read(held), 0);
}

static void take(void)
{
	char *rw, *ro, *back, *changing;
	grant_handle_t h[4] = { 0 }, handle;
	domid_t me = DOMID_SELF;
	long limit = hypercall_memory_op(XENMEM_maximum_reservation, &me);

	other = self - 1;
	grants_setup();
	for (unsigned int i = 0; i < 3; i++)
		page[i] = os_pages_alloc(1);
	rw = os_va_alloc(1), ro = os_va_alloc(1), back = os_va_alloc(1), changing = os_va_alloc(1);
	for (uint64_t end = too_late(); time_now_ns() < end && map_at(rw, other, WRITABLE, 0, &h[0]) != GNTST_okay;)
		hypercall_sched_op(SCHEDOP_yield, NULL);
	check_value("what was granted", *word(rw), PATTERN + WRITABLE);
	check_refs();
	check_ports();
	check_value("read-only", map_at(ro, other, READ_ONLY, GNTMAP_readonly, &h[1]), GNTST_okay);
	check_value("to be given back", map_at(back, other, GIVEN_BACK, 0, &h[2]), GNTST_okay);
	check_value("to be changed", map_at(changing, other, CHANGING, 0, &h[3]), GNTST_okay);
	check_handles(h[3], (uint64_t *)rw);
	check("read-only is", probe_write(ro, 1) != 0);

	/* The giver's page table, which it may read: a store there is nobody's to emulate. */
	check_value("a table of the giver's", map_at(window, other, A_TABLE, GNTMAP_readonly, &handle), GNTST_okay);
	check_value("can be read", probe_read(window), 0);
	check("and not be written", probe_write(window, 0) != 0);
	check_value("unmap", unmap_at(window, handle), GNTST_okay);

	*word(rw) = PATTERN + 100;
	check("the giver changes its mind", wait_for(word(rw), PATTERN + 101));
	check("what is held stays", *word(ro) == PATTERN + READ_ONLY && *word(back) == PATTERN + GIVEN_BACK &&
				    *word(changing) == PATTERN + CHANGING);
	check("read-only stays", probe_write(ro, 1) != 0);
	check("nothing new by the changed entries",
	      map_at(window, other, A_TABLE, 0, &h[1]) != GNTST_okay && copy(CHANGING, true, 0, 8) == GNTST_okay);
	grant(REF_BACK, other, virt_to_mfn(page[1]), GTF_permit_access);
	*word(rw) = PATTERN + 102;
	check("the giver takes the page", wait_for(word(page[1]), PATTERN + 103));
	*word(back) = PATTERN;

	/* It ends now, and the runner has another take memory; then it changes our limit. */
	for (uint64_t end = too_late(); time_now_ns() < end && hypercall_memory_op(XENMEM_maximum_reservation, &me) == limit;)
		hypercall_sched_op(SCHEDOP_yield, NULL);
	check("what is held of the dead stays", *word(rw) == PATTERN + 102 && *word(back) == PATTERN &&
						*word(ro) == PATTERN + READ_ONLY);
	/* By an entry that is held Xen would map the same page once more: what is held anyway. */
	check("nothing more of the dead", map_at(window, other, NOT_HELD, 0, &h[3]) != GNTST_okay &&
						  copy(NOT_HELD, false, 0, 8) != GNTST_okay);
	check_value("the page lent to it is free again", grants[REF_BACK].flags, GTF_permit_access);
	check_value("unmap", unmap_at(rw, h[0]), GNTST_okay);
	check("gone", probe_read(rw) != 0);
	/* the others go with it */
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
