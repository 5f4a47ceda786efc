/* SPDX-License-Identifier: MIT */
/*
 * The audit (debug key 'a'): counts every reference and type reference of every frame anew, from
 * what holds them, and compares with the frame table. It shares no code with what takes and drops
 * them. Holders are allocations, pins, our own shared pages, entries of page tables, partial tables
 * (their own two), base pointers, descriptor windows, vcpu_info pages, dom0's EOI page and grant
 * handles.
 *
 * It also looks at what the counts are there for: no entry maps a frame that is neither the
 * domain's own nor granted to it (dom0 may map others), tables of one domain only lead to its own,
 * our L4 slots are ours, the descriptor windows show what they should, lists of frames and of free
 * blocks are whole.
 *
 * All else stands still meanwhile: the other CPUs wait outside of any hypercall, and nothing but a
 * holder above survives the end or the preemption of one. Lock: domctl_lock, held by the caller, for the
 * two words a frame are one block of the heap, one audit at a time.
 */
#include "audit.h"
#include "cpu.h"
#include "domain.h"
#include "grant.h"
#include "irq.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"
#include "pt.h"
#include "pti.h"

#define MAX_REPORTS 20

struct count {
	uint32_t refs;
	uint32_t tcount : 28, type : 4;
};

static struct count *counts;
static uint64_t nr_tables;
static unsigned nr_errors;

#define wrong(...)                                              \
	do {                                                    \
		if (nr_errors++ < MAX_REPORTS)                  \
			printk(LOG_ERR, "audit: " __VA_ARGS__); \
	} while (0)

void audit_grant_wrong(mfn_t table, unsigned slot, pte_t e)
{
	wrong("L1 %lx[%u]: entry %016lx maps by a grant that is not there", mfn_x(table), slot, e);
}

/* Something holds a reference on m and, if t is a type, relies on that. */
static void holds(mfn_t m, enum frame_type t)
{
	struct count *c = &counts[mfn_x(m)];

	c->refs++;
	if (t == FT_NONE)
		return;
	if (c->tcount && c->type != t)
		wrong("frame %lx: held as type %u and as type %u", mfn_x(m), c->type, t);
	c->tcount++;
	c->type = t;
}

static void maybe_holds(mfn_t m, enum frame_type t)
{
	if (!mfn_eq(m, MFN_NONE))
		holds(m, t);
}

/* --- page tables --- */

/* Entries made by a grant hold nothing: audit_grants looks at them. */
static void count_l1(const struct domain *d, mfn_t table, unsigned i, pte_t e)
{
	mfn_t m = pte_mfn(e);
	bool trusted = d && d->privileged;

	if (e & PTE_GRANT)
		return;
	if (pt_bad_bits(d, 1, e) || !(e & PTE_US) || (e & PTE_G))
		wrong("L1 %lx[%u]: entry %016lx has bits it must not have", mfn_x(table), i, e);
	if (!mfn_valid(m) || mfn_is_m2p(m)) {
		if (!trusted || (mfn_valid(m) && (e & PTE_RW)))
			wrong("L1 %lx[%u]: entry %016lx maps no RAM of the domain", mfn_x(table), i,
			      e);
		return;
	}
	if (mfn_to_frame(m)->owner != d && !trusted)
		wrong("L1 %lx[%u]: entry %016lx maps a foreign frame", mfn_x(table), i, e);
	holds(m, e & PTE_RW ? FT_WRITABLE : FT_NONE);
}

static void count_table_entry(const struct domain *d, unsigned level, mfn_t table, unsigned i,
			      pte_t e)
{
	mfn_t m = pte_mfn(e);

	if (pt_bad_bits(d, level, e) || !mfn_valid(m) || mfn_to_frame(m)->owner != d)
		wrong("L%u %lx[%u]: entry %016lx leads to no table of the domain", level,
		      mfn_x(table), i, e);
	else
		holds(m, FT_L1 + level - 2);
}

/* Slot 256 may be absent: a base of user mode. */
static void check_our_slots(const struct domain *d, mfn_t table, const pte_t *t)
{
	const pte_t ad = PTE_A | PTE_D;

	for (unsigned i = HV_L4_FIRST; i <= HV_L4_LAST; i++) {
		mfn_t own = d ? virt_to_mfn(d->perdomain_l3) : MFN_NONE;
		const pte_t *ours = d ? pti_slots_of(d) : idle_l4;
		bool ok = i == PERDOMAIN_L4_SLOT
				  ? mfn_eq(pte_mfn(t[i]), own) && !(t[i] & PTE_US)
				  : (i == HV_L4_FIRST && !t[i]) || !((t[i] ^ ours[i]) & ~ad);

		if (!ok)
			wrong("L4 %lx[%u]: %016lx is not our entry", mfn_x(table), i, t[i]);
	}
}

static void count_table(const struct frame *f, unsigned level)
{
	const pte_t *t = mfn_to_virt(frame_mfn(f));
	bool partial = !(f->state & FRAME_VALID);
	unsigned n = partial ? f->nr_done : PT_ENTRIES;

	nr_tables++;
	if (partial)
		holds(frame_mfn(f), frame_type(f->state));
	for (unsigned i = 0; i < n; i++) {
		bool ours = level == 4 && i >= HV_L4_FIRST && i <= HV_L4_LAST;

		if (!(t[i] & PTE_P) || ours)
			continue;
		if (level == 1)
			count_l1(f->owner, frame_mfn(f), i, t[i]);
		else
			count_table_entry(f->owner, level, frame_mfn(f), i, t[i]);
	}
	if (level == 4 && !partial)
		check_our_slots(f->owner, frame_mfn(f), t);
}

static void count_frame(const struct frame *f)
{
	uint64_t s = f->state;

	if (s & FRAME_ALLOCATED)
		holds(frame_mfn(f), FT_NONE);
	if (s & FRAME_PINNED)
		holds(frame_mfn(f), frame_type(s));
	if (s & FRAME_HV)
		holds(frame_mfn(f), frame_type(s));
	if (frame_type_is_pt(frame_type(s)) && frame_tcount(s))
		count_table(f, frame_level(s));
}

/* --- domains --- */

static void check_window(struct vcpu *v, const mfn_t *slot, unsigned n, unsigned page, mfn_t empty)
{
	for (unsigned i = 0; i < n; i++) {
		pte_t e = *perdomain_pte(v->domain, v->id, page + i);
		mfn_t want = mfn_eq(slot[i], MFN_NONE) ? empty : slot[i];

		maybe_holds(slot[i], FT_SEGDESC);
		if (e & PTE_P ? !mfn_eq(pte_mfn(e), want) : !mfn_eq(want, MFN_NONE))
			wrong("d%u vcpu %u: window page %u shows %016lx", v->domain->id, v->id,
			      page + i, e);
	}
}

static void count_vcpu(struct vcpu *v)
{
	maybe_holds(v->pv.base_kernel, FT_L4);
	maybe_holds(v->pv.base_user, FT_L4);
	maybe_holds(v->info_mfn, FT_WRITABLE);
	check_window(v, v->pv.gdt_frame, ARRAY_SIZE(v->pv.gdt_frame), 0, zero_page_mfn);
	check_window(v, v->pv.ldt_frame, ARRAY_SIZE(v->pv.ldt_frame), GDT_WINDOW_PAGES, MFN_NONE);
}

static unsigned list_length(const struct domain *d, uint32_t head)
{
	unsigned n = 0;

	for (uint32_t m = head; m && n <= d->tot_pages; m = mfn_to_frame(mfn(m))->next, n++)
		if (mfn_to_frame(mfn(m))->owner != d)
			wrong("frame %x: on the list of d%u, which does not own it", m, d->id);
	return n;
}

static void count_handle(mfn_t m, bool rw, bool entry)
{
	(void)entry;
	holds(m, rw ? FT_WRITABLE : FT_NONE);
}

static void count_domain(struct domain *d)
{
	unsigned n = list_length(d, d->page_head) + list_length(d, d->page_left);

	if (n != d->tot_pages)
		wrong("d%u: %u frames listed, %u counted", d->id, n, d->tot_pages);
	if (d->pages_coming)
		wrong("d%u: room for %u frames is nobody's", d->id, d->pages_coming);
	for (unsigned i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i])
			count_vcpu(d->vcpu[i]);
	grant_each_handle(d, count_handle);
}

/* --- comparing --- */

static void compare(const struct frame *f)
{
	const struct count *c = &counts[mfn_x(frame_mfn(f))];
	uint64_t s = f->state;
	bool free = !s || frame_type(s) == FT_FREE;

	if (c->refs != frame_refs(s) || c->tcount != frame_tcount(s))
		wrong("frame %lx (d%d): state %016lx, but %u references and %u of type exist",
		      mfn_x(frame_mfn(f)), f->owner ? f->owner->id : -1, s, c->refs, c->tcount);
	else if (c->tcount && c->type != frame_type(s))
		wrong("frame %lx: state %016lx, but held as type %u", mfn_x(frame_mfn(f)), s,
		      c->type);
	if (free && f->owner)
		wrong("frame %lx: free or ours, but owned by d%u", mfn_x(frame_mfn(f)),
		      f->owner->id);
	if (!free && (frame_tcount(s) != 0) != !!(s & FRAME_VALID) &&
	    !frame_type_is_pt(frame_type(s)))
		wrong("frame %lx: state %016lx, type count and validity disagree",
		      mfn_x(frame_mfn(f)), s);
}

/* fn for each frame of RAM, in order; the members of a free block are checked here. */
static uint64_t each_frame(void (*fn)(const struct frame *f), uint64_t *nr_free)
{
	uint64_t n, total = 0, free_end = 0;

	for (n = 0; n < max_mfn; n++) {
		const struct frame *f = mfn_to_frame(mfn(n));

		if (!mfn_valid(mfn(n)))
			continue;
		total++;
		if (n < free_end && f->state)
			wrong("frame %lx: state %016lx inside a free block", n, f->state);
		if (f->state == FRAME_FREE) {
			free_end = n + (1UL << f->order);
			*nr_free += 1UL << f->order;
		}
		fn(f);
	}
	return total;
}

void audit_each_domain(void (*fn)(struct domain *d))
{
	struct domain *d;

	for (unsigned id = 0; id < HV_DOMID_FIRST_RESERVED && (d = domain_get_next(id)); ) {
		id = d->id + 1;
		fn(d);
		domain_put(d);
	}
}

void audit_run(void)
{
	uint64_t frames, nr_free = 0;

	cpus_halt_others();
	nr_tables = nr_errors = 0;
	counts = hv_alloc(max_mfn * sizeof(*counts));
	if (!counts) {
		printk(LOG_ERR, "audit: no %lu KB of memory in one piece",
		       max_mfn * sizeof(*counts) >> 10);
	} else {
		each_frame(count_frame, &nr_free);
		audit_each_domain(count_domain);
		maybe_holds(physdev_eoi_frame(), FT_WRITABLE);
		nr_free = 0;
		frames = each_frame(compare, &nr_free);
		if (nr_free != page_free_count())
			wrong("%lu frames in free blocks, %lu counted", nr_free, page_free_count());
		memset(counts, 0, max_mfn * sizeof(*counts));
		audit_grants((struct audit_left *)counts);
		printk(LOG_ERR, "audit: %lu frames, %lu tables, %u errors", frames, nr_tables,
		       nr_errors);
	}
	hv_free(counts);
	cpus_resume_others();
}
