/* SPDX-License-Identifier: MIT */
/*
 * Receiving by page flipping, as the first Xen did: the packet is written to a page of ours, the page is given to the
 * guest, and a new one is asked of the hypervisor, which has it because the guest gave one up when it
 * posted its buffer. Kept for comparison: the new page has to be cleared, and two page tables changed.
 *
 * A page given away holds nothing but the packet, since it came cleared. The pages here are all vifs', used by
 * the switch's thread; one that could not be replaced has no frame until the next attempt.
 */
#include "vif.h"
#include <string.h>
#include <kit/hypercall.h>
#include <kit/os.h>
#include <kit/p2m.h>
#include <kit/pt.h>
#include <xen/errno.h>

#define PAGES 64

static char *pages;			/* PAGES, adjacent */
static bool used[PAGES];		/* it has bytes of a packet that did not leave */
static gnttab_transfer_t op[PAGES];

static char *page(unsigned int i)
{
	return pages + i * PAGE_SIZE;
}

static void set_frame(unsigned int i, mfn_t mfn)
{
	p2m_set(virt_to_pfn(page(i)), mfn);
}

static mfn_t frame(unsigned int i)
{
	return pfn_to_mfn(virt_to_pfn(page(i)));
}

/* Puts the frames of the first n pages behind them. */
static void show(unsigned int n)
{
	struct mmu_update u[PAGES];
	mfn_t mfns[PAGES];
	unsigned int done;

	for (unsigned int i = 0; i < n; i++) {
		mfns[i] = frame(i);
		u[i].ptr = mfn_to_maddr(mfns[i]) | MMU_MACHPHYS_UPDATE;
		u[i].val = virt_to_pfn(page(i));
	}
	if (hypercall_mmu_update(u, n, &done, DOMID_SELF) || pt_map(pages, mfns, n, PTE_RW | PTE_NX, DOMID_SELF))
		os_panic("own pages cannot be mapped");
}

/* Frames for those of the first n that have none; how many, from the first on, have one then. */
static unsigned int refill(unsigned int n)
{
	xen_pfn_t mfns[PAGES];
	struct xen_memory_reservation r = { .domid = DOMID_SELF };
	unsigned int i, next = 0;
	long got;

	for (i = 0; i < n; i++)
		r.nr_extents += frame(i) == MFN_INVALID;
	if (!r.nr_extents)
		return n;
	set_xen_guest_handle(r.extent_start, mfns);
	got = hypercall_memory_op(XENMEM_increase_reservation, &r);
	for (i = 0; i < n; i++) {
		if (frame(i) != MFN_INVALID)
			continue;
		if (next >= got)
			break;
		set_frame(i, mfns[next++]);
	}
	return i;
}

static void write(unsigned int i, const struct rx_slot *s)
{
	struct net_cursor c = s->from;

	for (uint32_t at = 0; at < s->len; ) {
		struct net_frag f = net_cursor_next(&c, s->len - at);

		memcpy(page(i) + at, f.va, f.len);
		at += f.len;
	}
	if (used[i])
		memset(page(i) + s->len, 0, PAGE_SIZE - s->len);
	used[i] = true;
}

/* Xen keeps a page whose transfer fails late: naming it anew then fails. */
static bool is_ours(unsigned int i)
{
	struct mmu_update u = { .ptr = mfn_to_maddr(frame(i)) | MMU_MACHPHYS_UPDATE, .val = virt_to_pfn(page(i)) };
	unsigned int done;

	return !hypercall_mmu_update(&u, 1, &done, DOMID_SELF);
}

static void flip(struct vif *v, struct rx_slot **slots, unsigned int n)
{
	unsigned int ready = refill(n);

	if (ready)
		show(ready);
	for (unsigned int i = 0; i < ready; i++) {
		write(i, slots[i]);
		op[i] = (gnttab_transfer_t){ .mfn = frame(i), .domid = v->domid, .ref = slots[i]->gref,
					     .status = GNTST_general_error };
	}
	if (ready) {
		pt_unmap(pages, ready);
		gnttab_batch(GNTTABOP_transfer, op, ready);
	}
	for (unsigned int i = 0; i < n; i++) {
		slots[i]->bad = i >= ready || op[i].status != GNTST_okay;
		if (i >= ready || (slots[i]->bad && is_ours(i)))
			continue;
		set_frame(i, MFN_INVALID);
		used[i] = false;
	}
}

static void deliver(struct vif *v, struct rx_slot *slots, unsigned int n)
{
	struct rx_slot *some[PAGES];
	unsigned int nr = 0;

	for (struct rx_slot *s = slots; s < slots + n; s++) {
		if (s->len)
			some[nr++] = s;
		if (nr == PAGES || (nr && s + 1 == slots + n)) {
			flip(v, some, nr);
			nr = 0;
		}
	}
}

static int init(struct vif *v)
{
	(void)v;
	if (!pages)
		pages = os_pages_alloc(PAGES);
	if (!pages)
		return -XEN_ENOMEM;
	return 0;
}

/* The machine gets back what it is owed in frames, not when the next packet comes. */
static void refill_all(void *arg)
{
	(void)arg;
	refill(PAGES);
}

static void fini(struct vif *v)
{
	(void)v;
	net_quiet(refill_all, NULL);
}

const struct rx_mode vif_rx_flip = { init, fini, deliver, 0 };
