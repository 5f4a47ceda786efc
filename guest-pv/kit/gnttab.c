/* SPDX-License-Identifier: MIT */
/*
 * Grant tables, version 1. The table is shared with the hypervisor, which changes the two use bits
 * of an entry while a peer has it mapped: so an entry is published by its flags, written last, and
 * withdrawn by a compare-and-exchange that fails while it is in use.
 */
#include <kit/gnttab.h>
#include <kit/hypercall.h>
#include <kit/os.h>
#include <kit/pt.h>
#include <xen/errno.h>

#define MAX_FRAMES 8
#define PER_FRAME (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define NR_RESERVED 8		/* the domain builder's: console, xenstore and six to come */

static struct grant_entry_v1 *table;
static unsigned int nr_entries;

/* Free references, chained by number; 0 ends the chain. */
static uint16_t next_free[MAX_FRAMES * PER_FRAME];
static uint16_t first_free;
static struct os_lock lock;

static void free_ref(grant_ref_t ref)
{
	next_free[ref] = first_free;
	first_free = ref;
}

int gnttab_init(unsigned int frames)
{
	xen_pfn_t mfns[MAX_FRAMES];
	struct gnttab_setup_table op = { .dom = DOMID_SELF };
	int rc;

	op.nr_frames = frames < MAX_FRAMES ? frames : MAX_FRAMES;
	set_xen_guest_handle(op.frame_list, mfns);
	do
		rc = hypercall_grant_table_op(GNTTABOP_setup_table, &op, 1);
	while (!rc && op.status != GNTST_okay && (op.nr_frames /= 2));
	if (rc || op.status != GNTST_okay)
		return rc ? rc : -XEN_EINVAL;
	table = os_va_alloc(op.nr_frames);
	if (!table)
		return -XEN_ENOMEM;
	rc = pt_map(table, mfns, op.nr_frames, PTE_RW | PTE_NX, DOMID_SELF);
	if (rc) {
		os_va_free(table, op.nr_frames);
		return rc;
	}
	os_lock_init(&lock);
	nr_entries = op.nr_frames * PER_FRAME;
	for (grant_ref_t ref = nr_entries - 1; ref >= NR_RESERVED; ref--)
		free_ref(ref);
	return 0;
}

static int publish(domid_t domid, uint32_t frame, uint16_t flags)
{
	grant_ref_t ref;

	os_lock(&lock);
	ref = first_free;
	if (ref)
		first_free = next_free[ref];
	os_unlock(&lock);
	if (!ref)
		return -XEN_ENOSPC;
	table[ref].domid = domid;
	table[ref].frame = frame;
	__asm__ volatile("" : : : "memory");
	*(volatile uint16_t *)&table[ref].flags = flags;
	return ref;
}

int gnttab_grant(domid_t domid, mfn_t mfn, bool readonly)
{
	return publish(domid, mfn, GTF_permit_access | (readonly ? GTF_readonly : 0));
}

int gnttab_grant_transfer(domid_t domid)
{
	return publish(domid, 0, GTF_accept_transfer);
}

int gnttab_end(grant_ref_t ref)
{
	uint16_t flags;

	if (ref < NR_RESERVED || ref >= nr_entries)
		return -XEN_EINVAL;
	flags = *(volatile uint16_t *)&table[ref].flags;
	do {
		if (flags & (GTF_reading | GTF_writing))
			return -XEN_EBUSY;
	} while (!__atomic_compare_exchange_n(&table[ref].flags, &flags, 0, false,
					      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	os_lock(&lock);
	free_ref(ref);
	os_unlock(&lock);
	return 0;
}

/* The hypervisor sets committed, then writes the frame, then sets completed. */
int gnttab_end_transfer(grant_ref_t ref, mfn_t *mfn)
{
	uint16_t flags = GTF_accept_transfer;
	bool unused;

	if (ref < NR_RESERVED || ref >= nr_entries)
		return -XEN_EINVAL;
	unused = __atomic_compare_exchange_n(&table[ref].flags, &flags, 0, false, __ATOMIC_SEQ_CST,
					     __ATOMIC_SEQ_CST);
	if (!unused && !(flags & GTF_transfer_completed))
		return -XEN_EBUSY;
	*mfn = *(volatile uint32_t *)&table[ref].frame;
	*(volatile uint16_t *)&table[ref].flags = 0;
	os_lock(&lock);
	free_ref(ref);
	os_unlock(&lock);
	return !unused;
}

int gnttab_batch(unsigned int cmd, void *ops, unsigned int n)
{
	return hypercall_grant_table_op(cmd, ops, n);
}

int gnttab_map(struct gnttab_mapping *m, domid_t domid, grant_ref_t ref, bool readonly)
{
	struct gnttab_map_grant_ref op = {
		.flags = GNTMAP_host_map | (readonly ? GNTMAP_readonly : 0),
		.ref = ref, .dom = domid,
	};

	m->va = os_va_alloc(1);
	if (!m->va)
		return GNTST_no_space;
	op.host_addr = (uintptr_t)m->va;
	if (hypercall_grant_table_op(GNTTABOP_map_grant_ref, &op, 1))
		op.status = GNTST_general_error;
	if (op.status != GNTST_okay) {
		os_va_free(m->va, 1);
		m->va = NULL;
		return op.status;
	}
	m->handle = op.handle;
	return GNTST_okay;
}

int gnttab_unmap(struct gnttab_mapping *m)
{
	struct gnttab_unmap_grant_ref op = { .host_addr = (uintptr_t)m->va, .handle = m->handle };

	if (hypercall_grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1))
		return GNTST_general_error;
	if (op.status == GNTST_okay) {
		os_va_free(m->va, 1);
		m->va = NULL;
	}
	return op.status;
}

const char *gnttab_status_text(int status)
{
	static const char *const text[] = {
		"okay", "general error", "no such domain", "no such grant, or not for us",
		"no such mapping handle", "bad virtual address", "bad device address",
		"no room in the I/O MMU", "permission denied", "bad page",
		"copy crosses a page boundary", "address too big", "try again", "out of room",
	};
	unsigned int i = -status;

	return i < sizeof(text) / sizeof(text[0]) ? text[i] : "unknown status";
}
