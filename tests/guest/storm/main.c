/* SPDX-License-Identifier: MIT */
/*
 * Events and grants in arbitrary order and number, right and wrong, by a domain that talks to itself.
 *
 * Whatever the order, each answer is one the ABI has; an entry is marked in use exactly while it is mapped;
 * and after everything is unmapped and closed nothing is left behind: each granted frame can become a page
 * table, which no frame can that somebody may still write.
 */
#include "grants.h"
#include "test.h"

#define STEPS 40000
#define FRAMES 8
#define REFS 24				/* 8 and up: below are reserved */
#define SLOTS 16
#define PORTS 48

static char *page[FRAMES];
static char *window;
static struct { bool used, ro; unsigned int ref; grant_handle_t handle; } slot[SLOTS];
static unsigned int mapped[8 + REFS], written[8 + REFS];
static unsigned int surprises, maps, refused, copies, events;

static uint32_t below(uint32_t n)
{
	static uint64_t x = 88172645463325252UL;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (x >> 20) % n;
}

static void surprise(const char *what, long got)
{
	if (surprises++ < 5)
		say("# surprise: %s, %ld\n", what, got);
}

/* Only an entry that is not in use may be changed. */
static void change_entry(unsigned int ref)
{
	if (mapped[ref])
		return;
	grants[ref].domid = below(6) ? 0 : 5;
	grants[ref].frame = virt_to_mfn(page[below(FRAMES)]);
	__atomic_store_n(&grants[ref].flags, below(4) ? GTF_permit_access : below(8), __ATOMIC_SEQ_CST);
}

static int expected_status(unsigned int ref, bool ro)
{
	uint16_t flags = grants[ref].flags;

	if ((flags & GTF_type_mask) != GTF_permit_access || grants[ref].domid)
		return GNTST_general_error;
	return !ro && (flags & GTF_readonly) ? GNTST_general_error : GNTST_okay;
}

static void map(unsigned int ref, unsigned int s)
{
	struct gnttab_map_grant_ref m = { .host_addr = (long)window + s * PAGE_SIZE, .ref = ref };
	bool ro = below(2);
	int expected = expected_status(ref, ro);

	if (slot[s].used)
		return;
	m.flags = GNTMAP_host_map | (ro ? GNTMAP_readonly : 0);
	if (hypercall_grant_table_op(GNTTABOP_map_grant_ref, &m, 1) || m.status != expected)
		surprise("map", m.status);
	if (m.status) {
		refused++;
		return;
	}
	maps++;
	slot[s].used = true;
	slot[s].ro = ro;
	slot[s].ref = ref;
	slot[s].handle = m.handle;
	mapped[ref]++;
	written[ref] += !ro;
}

/* With the right handle, or with a wrong one. */
static void unmap(unsigned int s, bool wrong)
{
	struct gnttab_unmap_grant_ref u = { .host_addr = (long)window + s * PAGE_SIZE,
					    .handle = wrong ? 5000 + below(1u << 30) : slot[s].handle };

	if (!slot[s].used && !wrong)
		return;
	if (hypercall_grant_table_op(GNTTABOP_unmap_grant_ref, &u, 1) ||
	    u.status != (wrong ? GNTST_bad_handle : GNTST_okay))
		surprise("unmap", u.status);
	if (wrong)
		return;
	slot[s].used = false;
	mapped[slot[s].ref]--;
	written[slot[s].ref] -= !slot[s].ro;
}

static void copy(unsigned int ref)
{
	struct gnttab_copy c = {
		.source = { .u.ref = ref, .domid = 0, .offset = below(4096) },
		.dest = { .u.gmfn = virt_to_mfn(page[below(FRAMES)]), .domid = DOMID_SELF, .offset = below(4096) },
		.len = below(3000), .flags = GNTCOPY_source_gref };
	int expected = expected_status(ref, true);

	/* a sub-page entry can be copied from on Xen; elsewhere it need not be */
	if (grants[ref].flags & GTF_sub_page)
		return;
	if (!expected && (c.source.offset + c.len > PAGE_SIZE || c.dest.offset + c.len > PAGE_SIZE))
		expected = GNTST_bad_copy_arg;
	if (hypercall_grant_table_op(GNTTABOP_copy, &c, 1) || c.status != expected)
		surprise("copy", c.status);
	copies++;
}

static void check_marks(void)
{
	for (unsigned int r = 8; r < 8 + REFS; r++) {
		uint16_t in_use = (mapped[r] ? GTF_reading : 0) | (written[r] ? GTF_writing : 0);

		/* an entry that grants nothing may have these bits by our own hand */
		if (mapped[r] && (grants[r].flags & (GTF_reading | GTF_writing)) != in_use)
			surprise("in-use marks", grants[r].flags);
	}
}

static void event(void)
{
	evtchn_port_t port = below(PORTS), new;
	long rc = 0;

	switch (below(5)) {
	case 0:
		rc = evtchn_alloc_unbound(DOMID_SELF, &new);
		break;
	case 1:
		rc = evtchn_bind_interdomain(0, port, &new);
		break;
	case 2:
		rc = port > 2 ? evtchn_close(port) : 0;	/* low ones may be the console's */
		break;
	case 3:
		rc = evtchn_send(port);
		break;
	case 4:
		rc = evtchn_bind_ipi(0, &new);
		break;
	}
	events++;
	if (rc && rc != -XEN_EINVAL && rc != -XEN_ENOSPC)
		surprise("event operation", rc);
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
	unsigned int tables = 0;

	set_up();
	for (unsigned int i = 0; i < STEPS; i++) {
		unsigned int ref = 8 + below(REFS), s = below(SLOTS);

		switch (below(7)) {
		case 0: change_entry(ref); break;
		case 1: case 2: map(ref, s); break;
		case 3: case 4: unmap(s, !below(8)); break;
		case 5: copy(ref); break;
		case 6: event(); break;
		}
		if (i % 256 == 0)
			check_marks();
	}
	say("# %u maps, %u refused, %u copies, %u events\n", maps, refused, copies, events);
	check("it was a storm", maps > 2000 && refused > 500 && copies > 2000 && events > 2000);
	for (unsigned int s = 0; s < SLOTS; s++)
		unmap(s, false);
	for (evtchn_port_t p = 3; p < PORTS; p++)
		evtchn_close(p);
	check_value("surprises", surprises, 0);
	for (unsigned int i = 0; i < FRAMES; i++)
		tables += becomes_page_table(page[i]);
	check_value("frames that can become page tables", tables, FRAMES);
}
