/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables of a guest. Its GDT and LDT pages are frames typed as descriptor tables, which
 * nobody can map writable, and are mapped into the windows of the vcpu in the per-domain area
 * (layout.h); the CPU's GDTR and LDTR only ever point there. A GDT comes whole, and what it does
 * not fill shows as absent descriptors; the pages of an LDT come one by one, when first used, and
 * go when it is replaced. Changes come by update_descriptor, which checks each one.
 *
 * Trust: frames, addresses and descriptors are hostile. Lock: d->mm_lock; v is current or does not
 * run.
 */
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"
#include "pt.h"
#include "pv.h"
#include "uaccess.h"

#define DESC_PER_PAGE (PAGE_SIZE / 8)
#define DESC_P BIT(47)
#define DESC_DPL (3ULL << 45)
#define DESC_S BIT(44)			/* code or data, not a system descriptor */
#define DESC_TYPE (15ULL << 40)

bool pv_desc_fix(uint64_t *desc)
{
	uint64_t d = *desc;

	if (!(d & DESC_P))
		return true;
	/* A system descriptor of type 0 faults on use; the upper half of a 16-byte one looks like
	 * it. */
	if (!(d & DESC_S) && (d & DESC_TYPE))
		return false;
	*desc = d | DESC_DPL;
	return true;
}

/* Shows frame m in the vcpu's window, or with MFN_NONE what an empty page of it looks like. */
static void window_set(struct vcpu *v, unsigned page, mfn_t m)
{
	pte_t empty = page < GDT_WINDOW_PAGES ? pte_make(zero_page_mfn, MAP_RO) : 0;

	*perdomain_pte(v->domain, v->id, page) = mfn_eq(m, MFN_NONE) ? empty : pte_make(m, MAP_RW);
}

static void window_flush(struct vcpu *v)
{
	if (this_cpu()->loaded == v)
		tlb_flush_local();
}

/* Takes frames out of the window and gives them up. */
static void clear_slots(struct vcpu *v, mfn_t *slot, unsigned n, unsigned page)
{
	mfn_t old[LDT_WINDOW_PAGES];

	for (unsigned i = 0; i < n; i++) {
		old[i] = slot[i];
		slot[i] = MFN_NONE;
		window_set(v, page + i, MFN_NONE);
	}
	window_flush(v);
	for (unsigned i = 0; i < n; i++)
		if (!mfn_eq(old[i], MFN_NONE))
			frame_put_both(mfn_to_frame(old[i]));
}

static void gdt_clear(struct vcpu *v)
{
	clear_slots(v, v->pv.gdt_frame, ARRAY_SIZE(v->pv.gdt_frame), 0);
	v->pv.gdt_ents = 0;
}

static void ldt_clear(struct vcpu *v)
{
	if (v->pv.ldt_ents)
		clear_slots(v, v->pv.ldt_frame, ARRAY_SIZE(v->pv.ldt_frame), GDT_WINDOW_PAGES);
	v->pv.ldt_ents = 0;
}

void pv_gdt_clear(struct vcpu *v)
{
	spin_lock(&v->domain->mm_lock);
	gdt_clear(v);
	spin_unlock(&v->domain->mm_lock);
}

void pv_ldt_clear(struct vcpu *v)
{
	spin_lock(&v->domain->mm_lock);
	ldt_clear(v);
	spin_unlock(&v->domain->mm_lock);
}

static int get_desc_frame(struct domain *d, uint64_t m, const char *what)
{
	int rc = frame_get_both(mfn(m), d, FT_SEGDESC, NULL);

	if (rc)
		domain_log(d, LOG_WARN, "refused frame 0x%lx as %s: %s\n", m, what,
			   rc == -EPERM ? "it is none of the domain's"
			   : frame_tcount(mfn_to_frame(mfn(m))->state)
				   ? frame_type_name(mfn_to_frame(mfn(m))->state)
				   : "it holds a descriptor no guest may have");
	return rc;
}

static int gdt_set(struct vcpu *v, const uint64_t *frames, unsigned entries)
{
	unsigned n = (entries + DESC_PER_PAGE - 1) / DESC_PER_PAGE, i;

	for (i = 0; i < n; i++)
		if (get_desc_frame(v->domain, frames[i], "GDT"))
			break;
	if (i < n) {
		while (i-- > 0)
			frame_put_both(mfn_to_frame(mfn(frames[i])));
		return -EINVAL;
	}
	gdt_clear(v);
	for (i = 0; i < n; i++) {
		v->pv.gdt_frame[i] = mfn(frames[i]);
		window_set(v, i, mfn(frames[i]));
	}
	v->pv.gdt_ents = entries;
	window_flush(v);
	return 0;
}

int pv_gdt_set(struct vcpu *v, const uint64_t *frames, unsigned entries)
{
	int rc;

	if (entries > FIRST_RESERVED_GDT_ENTRY)
		return -EINVAL;
	spin_lock(&v->domain->mm_lock);
	rc = gdt_set(v, frames, entries);
	spin_unlock(&v->domain->mm_lock);
	return rc;
}

long do_set_gdt(uint64_t list, uint64_t entries, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	uint64_t frames[FIRST_RESERVED_GDT_PAGE];
	XEN_GUEST_HANDLE(uint64_t) hnd = { (uint64_t *)list };

	(void)a3, (void)a4, (void)a5, (void)a6;
	if (entries > FIRST_RESERVED_GDT_ENTRY)
		return -EINVAL;
	if (copy_from_guest(frames, hnd, (entries + DESC_PER_PAGE - 1) / DESC_PER_PAGE))
		return -EFAULT;
	return pv_gdt_set(current, frames, entries);
}

bool pv_code_base(uint16_t sel, uint64_t *base)
{
	struct vcpu *v = current;
	uint64_t d;

	pv_ldt_touch(v, sel);
	if (sel & 4 && mfn_eq(v->pv.ldt_frame[sel / PAGE_SIZE], MFN_NONE))
		return false;
	d = READ_ONCE(
		*(uint64_t *)((sel & 4 ? LDT_WINDOW(v->id) : GDT_WINDOW(v->id)) + (sel & ~7u)));
	*base = (d >> 16 & 0xffffff) | (d >> 56) << 24;
	return d & DESC_P;
}

/* The frame that va maps, as a descriptor table; MFN_NONE if it cannot be one. */
static mfn_t ldt_page(struct vcpu *v, uint64_t va)
{
	struct frame *table;
	pte_t *ptep = pt_walk(v, va, &table), e = ptep ? READ_ONCE(*ptep) : 0;

	if (!(e & PTE_P) || get_desc_frame(v->domain, mfn_x(pte_mfn(e)), "LDT"))
		return MFN_NONE;
	return pte_mfn(e);
}

bool pv_ldt_bring(struct vcpu *v, unsigned page)
{
	mfn_t m = MFN_NONE;

	if (page * DESC_PER_PAGE >= v->pv.ldt_ents || !mfn_eq(v->pv.ldt_frame[page], MFN_NONE))
		return false;
	spin_lock(&v->domain->mm_lock);
	m = ldt_page(v, v->pv.ldt_base + page * PAGE_SIZE);
	if (!mfn_eq(m, MFN_NONE)) {
		v->pv.ldt_frame[page] = m;
		window_set(v, GDT_WINDOW_PAGES + page, m);
	}
	spin_unlock(&v->domain->mm_lock);
	return !mfn_eq(m, MFN_NONE);
}

int vcpu_set_ldt(struct vcpu *v, uint64_t va, unsigned ents)
{
	if (ents > 8192 || (ents && (va % PAGE_SIZE || !is_canonical(va) ||
							 !guest_range_ok((void *)va, ents * 8UL)))) {
		domain_log(v->domain, LOG_WARN, "refused LDT of %u entries at 0x%lx\n", ents, va);
		return -EINVAL;
	}
	spin_lock(&v->domain->mm_lock);
	ldt_clear(v);
	v->pv.ldt_base = va;
	v->pv.ldt_ents = ents;
	spin_unlock(&v->domain->mm_lock);
	vcpu_reload_ldt(v);
	return 0;
}

static int update(struct domain *d, struct frame *f, uint64_t *slot, uint64_t desc)
{
	enum frame_type t = frame_type(f->state) == FT_SEGDESC ? FT_SEGDESC : FT_WRITABLE;
	int rc = frame_get_type(f, t, false);

	if (rc) {
		domain_log(d, LOG_WARN, "refused descriptor at 0x%lx: the frame is %s\n",
			   virt_to_maddr(slot), frame_type_name(f->state));
		return -EINVAL;
	}
	WRITE_ONCE(*slot, desc);
	frame_put_type(f, false);
	return 0;
}

long do_update_descriptor(uint64_t maddr, uint64_t desc, uint64_t a3, uint64_t a4, uint64_t a5,
			  uint64_t a6)
{
	struct domain *d = current->domain;
	struct frame *f;
	long rc;

	(void)a3, (void)a4, (void)a5, (void)a6;
	if (maddr % 8 || !pv_desc_fix(&desc)) {
		guest_log(LOG_WARN, "refused descriptor 0x%016lx at 0x%lx: %s\n", desc, maddr,
			  maddr % 8 ? "not aligned" : "no code or data segment");
		return -EINVAL;
	}
	f = frame_get_mfn(maddr_to_mfn(maddr), d);
	if (!f) {
		guest_log(LOG_WARN,
			  "refused descriptor at 0x%lx: the frame is none of the domain's\n",
			  maddr);
		return -EINVAL;
	}
	spin_lock(&d->mm_lock);
	rc = update(d, f, maddr_to_virt(maddr), desc);
	spin_unlock(&d->mm_lock);
	frame_put(f);
	return rc;
}
