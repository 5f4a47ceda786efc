/* SPDX-License-Identifier: MIT */
/*
 * Grants, by a domain that grants its own frames to itself.
 *
 * A granted frame can be mapped at an address or by its entry, shows the same bytes, marks the
 * grant as in use until the last unmap, and is gone after it. A read-only grant cannot be mapped or
 * copied to writable. Copies move bytes between frames and grants and stay inside pages. References
 * out of range, not granted, or granted to others are refused, as are handles and addresses that
 * are wrong; each operation of a batch has its own status.
 */
#include "test.h"
#include <xen/grant_table.h>

#define FRAMES 1
#define REF 10			/* free for the tests: 10, 11, 12 */

static struct grant_entry_v1 *table;
static char *page;		/* granted */
static char *window;		/* where grants are mapped */

static long gnt(unsigned int cmd, void *ops, unsigned int n)
{
	return hypercall_grant_table_op(cmd, ops, n);
}

static void grant(unsigned int ref, domid_t domid, unsigned int flags)
{
	table[ref].domid = domid;
	table[ref].frame = virt_to_mfn(page);
	__atomic_store_n(&table[ref].flags, flags, __ATOMIC_SEQ_CST);
}

static int map(unsigned int ref, domid_t domid, void *va, unsigned int flags,
	       grant_handle_t *handle)
{
	struct gnttab_map_grant_ref m = { .host_addr = (long)va, .flags = GNTMAP_host_map | flags,
					  .ref = ref, .dom = domid };

	long rc = gnt(GNTTABOP_map_grant_ref, &m, 1);

	*handle = m.handle;
	return rc ? 1 : m.status;
}

static int unmap(void *va, grant_handle_t handle)
{
	struct gnttab_unmap_grant_ref u = { .host_addr = (long)va, .handle = handle };

	return gnt(GNTTABOP_unmap_grant_ref, &u, 1) ? 1 : u.status;
}

static void check_setup(void)
{
	xen_pfn_t mfns[FRAMES];
	struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = FRAMES };
	struct gnttab_query_size q = { .dom = DOMID_SELF };
	struct gnttab_get_version v = { .dom = DOMID_SELF };

	set_xen_guest_handle(s.frame_list, mfns);
	check_value("setup_table", gnt(GNTTABOP_setup_table, &s, 1), 0);
	check_value("its status", s.status, GNTST_okay);
	table = os_va_alloc(FRAMES);
	check_value("map the table", pt_map(table, mfns, FRAMES, PTE_RW, DOMID_SELF), 0);
	check_value("query_size", gnt(GNTTABOP_query_size, &q, 1), 0);
	check("frames now, and at most", q.status == GNTST_okay && q.nr_frames >= FRAMES &&
	      q.max_nr_frames >= q.nr_frames);
	check_value("get_version", gnt(GNTTABOP_get_version, &v, 1), 0);
	check_value("is 1", v.version, 1);
	s.dom = 77;
	check_value("table of a domain that is not", gnt(GNTTABOP_setup_table, &s, 1), 0);
	check_value("its status", s.status, GNTST_bad_domain);
	s.dom = DOMID_SELF;
	s.nr_frames = q.max_nr_frames + 1;
	check_value("more frames than allowed", gnt(GNTTABOP_setup_table, &s, 1), 0);
	check_value("its status", s.status, GNTST_general_error);
}

static void check_map(void)
{
	grant_handle_t a, b;

	grant(REF, 0, GTF_permit_access);
	page[5] = 'x';
	check_value("map", map(REF, 0, window, 0, &a), GNTST_okay);
	check_value("it shows", window[5], 'x');
	window[6] = 'y';
	check_value("both ways", page[6], 'y');
	check_value("the grant is in use", table[REF].flags,
		    GTF_permit_access | GTF_reading | GTF_writing);
	check_value("map it again, elsewhere", map(REF, 0, window + PAGE_SIZE, 0, &b), GNTST_okay);
	check_value("unmap the first", unmap(window, a), GNTST_okay);
	check_value("its address is empty", probe_read(window), TRAPPED(14, 0));
	check_value("still in use", table[REF].flags, GTF_permit_access | GTF_reading | GTF_writing);
	check_value("unmap it twice", unmap(window, a), GNTST_bad_handle);
	check_value("unmap the second", unmap(window + PAGE_SIZE, b), GNTST_okay);
	check_value("no longer in use", table[REF].flags, GTF_permit_access);
	check_value("DOMID_SELF is no granter", map(REF, DOMID_SELF, window, 0, &a), GNTST_bad_domain);
	check_value("map", map(REF, 0, window, 0, &a), GNTST_okay);
	check_value("unmap at another address", unmap(window + PAGE_SIZE, a), GNTST_general_error);
	check_value("unmap at its own", unmap(window, a), GNTST_okay);
}

static void check_readonly(void)
{
	grant_handle_t a;

	grant(REF, 0, GTF_permit_access);
	check_value("map a grant read-only", map(REF, 0, window, GNTMAP_readonly, &a), GNTST_okay);
	check_value("it cannot be written", probe_write(window, 1), TRAPPED(14, 3));
	check_value("in use for reading", table[REF].flags, GTF_permit_access | GTF_reading);
	check_value("unmap", unmap(window, a), GNTST_okay);
	grant(REF, 0, GTF_permit_access | GTF_readonly);
	check_value("map a read-only grant writable", map(REF, 0, window, 0, &a), GNTST_general_error);
	check_value("map it read-only", map(REF, 0, window, GNTMAP_readonly, &a), GNTST_okay);
	check_value("unmap", unmap(window, a), GNTST_okay);
}

static void check_pte(void)
{
	struct gnttab_map_grant_ref m = { .host_addr = pt_entry_maddr(window, 1), .ref = REF,
					  .flags = GNTMAP_host_map | GNTMAP_contains_pte, .dom = 0 };
	struct gnttab_unmap_grant_ref u = { .host_addr = m.host_addr };

	grant(REF, 0, GTF_permit_access);
	page[9] = 'p';
	check_value("map by page-table entry", gnt(GNTTABOP_map_grant_ref, &m, 1), 0);
	check_value("its status", m.status, GNTST_okay);
	check_value("it shows", window[9], 'p');
	u.handle = m.handle;
	check_value("unmap by entry", gnt(GNTTABOP_unmap_grant_ref, &u, 1), 0);
	check_value("its status", u.status, GNTST_okay);
	check_value("the entry is empty", *pt_entry(window, 1), 0);
}

/* An address and a bus address are one mapping; each may be given up on its own, in one call too. */
static void check_kinds(void)
{
	struct gnttab_unmap_grant_ref u[3];
	grant_handle_t a;

	grant(REF, 0, GTF_permit_access);
	for (unsigned int bus = 0; bus < 2; bus++) {
		check_value("map, for the bus too", map(REF, 0, window, GNTMAP_device_map, &a), GNTST_okay);
		for (unsigned int i = 0; i < 3; i++)
			u[i] = (struct gnttab_unmap_grant_ref){ .handle = a };
		u[!bus].dev_bus_addr = virt_to_mfn(page) << PAGE_SHIFT;
		u[bus].host_addr = u[2].host_addr = (long)window;
		check_value("unmap both in one call, and more", gnt(GNTTABOP_unmap_grant_ref, u, 3), 0);
		check_value("one", u[0].status, GNTST_okay);
		check_value("the other", u[1].status, GNTST_okay);
		check_value("what is gone", u[2].status, GNTST_bad_handle);
		check_value("no longer in use", table[REF].flags, GTF_permit_access);
		check_value("unmap what is gone", unmap(window, a), GNTST_bad_handle);
	}
	check_value("map", map(REF, 0, window, GNTMAP_device_map, &a), GNTST_okay);
	check_value("unmap the address", unmap(window, a), GNTST_okay);
	check_value("again, which does nothing", unmap(window, a), GNTST_okay);
	check_value("still in use", table[REF].flags, GTF_permit_access | GTF_reading | GTF_writing);
	u[0] = (struct gnttab_unmap_grant_ref){ .handle = a, .dev_bus_addr = virt_to_mfn(page) << PAGE_SHIFT };
	check_value("unmap the bus address", gnt(GNTTABOP_unmap_grant_ref, u, 1) | u[0].status, GNTST_okay);
}

static void check_refused(void)
{
	grant_handle_t a;

	grant(REF, 0, 0);
	check_value("a reference that grants nothing", map(REF, 0, window, 0, &a), GNTST_general_error);
	grant(REF, 5, GTF_permit_access);
	check_value("granted to another domain", map(REF, 0, window, 0, &a), GNTST_general_error);
	check_value("a reference beyond the table", map(1u << 24, 0, window, 0, &a), GNTST_bad_gntref);
	check_value("a domain that is not", map(REF, 77, window, 0, &a), GNTST_bad_domain);
	grant(REF, 0, GTF_permit_access);
	check_value("neither host nor device", ({
		struct gnttab_map_grant_ref m = { .host_addr = (long)window, .ref = REF, .dom = 0 };
		gnt(GNTTABOP_map_grant_ref, &m, 1);
		m.status; }), GNTST_bad_gntref);
	check_value("an address of the hypervisor",
		    map(REF, 0, (void *)0xffff820000000000, 0, &a), GNTST_general_error);
	check_value("an address without tables", map(REF, 0, (void *)0x500000000000, 0, &a),
		    GNTST_general_error);
	check_value("after refusals it is not in use", table[REF].flags, GTF_permit_access);
	check_value("a handle that is not", unmap(window, 12345), GNTST_bad_handle);
	check_value("a grant of a page table", ({
		table[REF].frame = virt_to_mfn(pt_root());
		map(REF, 0, window, 0, &a); }), GNTST_general_error);
}

static void check_batch(void)
{
	struct gnttab_map_grant_ref m[3];
	struct gnttab_unmap_grant_ref u[2];

	grant(REF, 0, GTF_permit_access);
	for (int i = 0; i < 3; i++)
		m[i] = (struct gnttab_map_grant_ref){ .host_addr = (long)window + i * PAGE_SIZE,
			.flags = GNTMAP_host_map, .ref = i == 1 ? REF + 1 : REF, .dom = 0 };
	grant(REF + 1, 0, 0);
	check_value("a batch of three", gnt(GNTTABOP_map_grant_ref, m, 3), 0);
	check_value("first", m[0].status, GNTST_okay);
	check_value("second, not granted", m[1].status, GNTST_general_error);
	check_value("third", m[2].status, GNTST_okay);
	u[0] = (struct gnttab_unmap_grant_ref){ .host_addr = m[0].host_addr, .handle = m[0].handle };
	u[1] = (struct gnttab_unmap_grant_ref){ .host_addr = m[2].host_addr, .handle = m[2].handle };
	check_value("unmap both", gnt(GNTTABOP_unmap_grant_ref, u, 2), 0);
	check("their status", u[0].status == GNTST_okay && u[1].status == GNTST_okay);
	check_value("batch from nowhere",
		    gnt(GNTTABOP_map_grant_ref, (void *)0x7ffffffff000, 1), -XEN_EFAULT);
	check_value("no such operation", gnt(99, m, 1), -XEN_ENOSYS);
}

static int copy(struct gnttab_copy c)
{
	return gnt(GNTTABOP_copy, &c, 1) ? 1 : c.status;
}

static void check_copy(void)
{
	char *other = os_pages_alloc(1);
	struct gnttab_copy c = {
		.source = { .u.gmfn = virt_to_mfn(other), .domid = DOMID_SELF, .offset = 100 },
		.dest = { .u.ref = REF, .domid = 0, .offset = 200 },
		.len = 16, .flags = GNTCOPY_dest_gref };
	int st;

	__builtin_memcpy(other + 100, "sixteen bytes ..", 16);
	grant(REF, 0, GTF_permit_access);
	check_value("copy a frame to a grant", copy(c), GNTST_okay);
	check_value("the bytes arrive", __builtin_memcmp(page + 200, "sixteen bytes ..", 16), 0);
	check_value("the grant is not in use after", table[REF].flags, GTF_permit_access);
	c.len = 4097 - 200;
	check_value("across a page boundary", copy(c), GNTST_bad_copy_arg);
	c.len = 16;
	grant(REF, 0, GTF_permit_access | GTF_readonly);
	check_value("to a read-only grant", copy(c), GNTST_general_error);
	c = (struct gnttab_copy){
		.source = { .u.ref = REF, .domid = 0, .offset = 200 },
		.dest = { .u.gmfn = virt_to_mfn(other), .domid = DOMID_SELF, .offset = 0 },
		.len = 16, .flags = GNTCOPY_source_gref };
	check_value("from a read-only grant", copy(c), GNTST_okay);
	check_value("the bytes arrive", __builtin_memcmp(other, "sixteen bytes ..", 16), 0);
	c.source.u.ref = 1u << 24;
	check_value("from a reference beyond the table", copy(c), GNTST_bad_gntref);
	c.flags = 0;
	c.source = (typeof(c.source)){ .u.gmfn = 1UL << 40, .domid = DOMID_SELF };
	check_value("from a frame outside memory", copy(c), GNTST_bad_page);
	c.source = c.dest;
	c.source.domid = 77;
	st = copy(c);	/* Xen 4.17.5 says that it is not permitted, 4.17.7 that it does not exist */
	check("from a domain that is not", st == GNTST_bad_domain || st == GNTST_permission_denied);
	c.source.domid = DOMID_SELF;
	c.dest.u.gmfn = virt_to_mfn(pt_root());
	check_value("onto a page table", copy(c), GNTST_general_error);
	os_pages_free(other, 1);
}

void test_main(void)
{
	page = os_pages_alloc(1);
	window = os_va_alloc(4);
	check_setup();
	check_map();
	check_readonly();
	check_pte();
	check_kinds();
	check_refused();
	check_batch();
	check_copy();
}
