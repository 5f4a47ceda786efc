/* SPDX-License-Identifier: MIT */
/*
 * What may stand in a guest's page tables. A present entry holds references for as long as it
 * stands in a table of an established type: in an L1 a reference on the frame it maps (and a
 * writable one if it maps it read-write), in an L2-L4 a reference and a type reference on the table
 * below. An entry that maps no RAM (device memory), shows our M2P to tools, or was made by a grant
 * (PTE_GRANT) holds none.
 *
 * Slots 256-271 of an L4 are ours: whatever a guest left there is overwritten when the table
 * becomes an L4. Tables of one domain only link tables of the same domain, each level the next
 * lower one, so there are no cycles and undoing always ends.
 *
 * Preemption happens between entries of L2-L4 (an L1 is one short piece of work); frame.h says
 * what is then left in the frame. Pure: no hardware, no globals. Lock: the owner's mm_lock.
 */
#include "domain.h"
#include "errno.h"
#include "l1.h"
#include "mm.h"
#include "printk.h"
#include "pt.h"
#include "pv.h"

#define TABLE_OK (L1_OK & ~(PTE_PS | PTE_G))

static inline enum frame_type type_below(unsigned level) { return FT_L1 + level - 2; }

static inline bool slot_is_ours(unsigned level, unsigned slot)
{
	return level == 4 && slot >= HV_L4_FIRST && slot <= HV_L4_LAST;
}

/* Without devices memory is write-back everywhere: another type would show a page's next owner, or
 * the last one, what the caches do not hold. */
uint64_t pt_bad_bits(const struct domain *d, unsigned level, pte_t e)
{
	uint64_t leaf_ok = d->privileged ? L1_OK | L1_CACHE : L1_OK;

	return e & ~(level > 1 ? TABLE_OK : leaf_ok);
}

/* Device memory, or a refusal to be explained. */
int l1_get_slow(struct domain *d, struct domain *pg_owner, pte_t e, int rc)
{
	mfn_t m = pte_mfn(e);
	struct frame *f = mfn_valid(m) ? mfn_to_frame_nospec(m) : NULL;

	if (pg_owner && pg_owner->id == DOMID_XEN && !(e & PTE_RW) && mfn_is_m2p(m))
		return 0;
	if (!f || !frame_refs(f->state)) {
		if ((!pg_owner || pg_owner == d) && mfn_is_mmio_for(m, d, e & PTE_RW))
			return 0;
		domain_log(d, LOG_WARN, "refused L1 entry 0x%016lx: frame 0x%lx is %s\n", e,
			   mfn_x(m),
			   f ? "free or the hypervisor's"
			     : "no RAM and no device this domain may use");
		return f ? -EBUSY : -EPERM;
	}
	if (rc == -EBUSY)
		domain_log(d, LOG_WARN,
			   "refused L1 entry 0x%016lx: frame 0x%lx is %s, no writable mapping\n", e,
			   mfn_x(m), frame_type_name(f->state));
	else
		domain_log(d, LOG_WARN,
			   "refused L1 entry 0x%016lx: frame 0x%lx does not belong to d%d\n", e,
			   mfn_x(m), pg_owner ? pg_owner->id : DOMID_IO);
	return -EBUSY;
}

static void table_refused(struct domain *d, unsigned level, pte_t e, const struct frame *f)
{
	uint64_t m = mfn_x(pte_mfn(e));

	if (!f)
		domain_log(d, LOG_WARN,
			   "refused L%u entry 0x%016lx: frame 0x%lx is none of the domain's\n",
			   level, e, m);
	else if (!frame_tcount(f->state))
		domain_log(d, LOG_WARN,
			   "refused L%u entry 0x%016lx: frame 0x%lx is no valid L%u page table\n",
			   level, e, m, level - 1);
	else if (frame_level(f->state) == level)
		domain_log(d, LOG_WARN,
			   "refused L%u entry 0x%016lx: frame 0x%lx is an L%u page table itself, "
			   "linear page tables are not supported\n",
			   level, e, m, level);
	else
		domain_log(d, LOG_WARN,
			   "refused L%u entry 0x%016lx: frame 0x%lx is %s, not an L%u page table\n",
			   level, e, m, frame_type_name(f->state), level - 1);
}

static int table_get(struct domain *d, unsigned level, pte_t e, bool preemptible)
{
	struct frame *f = frame_get_mfn(pte_mfn(e), d);
	int rc;

	rc = f ? frame_get_type(f, type_below(level), preemptible) : -EINVAL;
	if (likely(!rc) || rc == -ERESTART)
		return rc;
	table_refused(d, level, e, f);
	if (f)
		frame_put(f);
	return rc;
}

int pt_entry_get(struct domain *d, struct domain *pg_owner, unsigned level, pte_t e,
		 bool preemptible)
{
	uint64_t bad = pt_bad_bits(d, level, e);

	if (!(e & PTE_P))
		return unlikely(l1tf_on) ? l1tf_check(d, level, e) : 0;
	if (unlikely(bad)) {
		domain_log(d, LOG_WARN,
			   "refused L%u entry 0x%016lx: bits 0x%lx are not allowed%s\n", level, e,
			   bad, level > 1 && (bad & PTE_PS) ? " (no superpages)" : "");
		return -EINVAL;
	}
	return level == 1 ? l1_get(d, pg_owner, e) : table_get(d, level, e, preemptible);
}

int pt_entry_put(unsigned level, pte_t e, bool preemptible)
{
	struct frame *f;
	int rc;

	if (!(e & PTE_P))
		return 0;
	if (level == 1) {
		l1_put(e);
		return 0;
	}
	f = mfn_to_frame(pte_mfn(e));
	rc = frame_put_type(f, preemptible);
	if (!rc)
		frame_put(f);
	return rc;
}

/* Is none of eight entries present? Most tables are mostly empty. */
static inline bool eight_empty(const pte_t *t)
{
	return !((t[0] | t[1] | t[2] | t[3] | t[4] | t[5] | t[6] | t[7]) & PTE_P);
}

/* The first present entry from i on, PT_ENTRIES if there is none. */
static inline unsigned next_present(const pte_t *t, unsigned i)
{
	while (i < PT_ENTRIES) {
		if (i % 8 == 0 && eight_empty(t + i))
			i += 8;
		else if (t[i] & PTE_P)
			break;
		else
			i++;
	}
	return i;
}

/* How many entries are left when those below n are cut behind the last present one. */
static inline unsigned cut_empty(const pte_t *t, unsigned n)
{
	while (n) {
		if (n % 8 == 0 && eight_empty(t + n - 8))
			n -= 8;
		else if (t[n - 1] & PTE_P)
			break;
		else
			n--;
	}
	return n;
}

/* An L1 that is refused gives up what it took at once: nr_done tells pt_devalidate how much. */
static int l1_validate(struct frame *f, pte_t *t)
{
	struct domain *d = f->owner;

	for (unsigned i = 0; i < PT_ENTRIES; i++) {
		pte_t e = t[i];
		int rc;

		if (!(e & PTE_P)) {
			i += i % 8 == 0 && eight_empty(t + i) ? 7 : 0;
			continue;
		}
		e = l1_adjust(e);
		rc = l1_bits_bad(d, e) ? pt_entry_get(d, d, 1, e, false) : l1_get(d, d, e);
		if (unlikely(rc)) {
			f->nr_done = i;
			return rc;
		}
		t[i] = e;
	}
	return 0;
}

int pt_validate(struct frame *f, unsigned level, bool preemptible)
{
	struct domain *d = f->owner;
	pte_t *t = mfn_to_virt(frame_mfn(f));
	int rc = unlikely(l1tf_on) && !f->nr_done ? l1tf_check_table(d, level, t) : 0;

	if (unlikely(rc))
		return rc;
	if (level == 1)
		return l1_validate(f, t);
	for (unsigned i = f->nr_done; (i = next_present(t, i)) < PT_ENTRIES; i++) {
		pte_t e = pt_adjust(t[i]);

		if (slot_is_ours(level, i))
			continue;
		rc = pt_entry_get(d, d, level, e, preemptible);
		f->nr_done = i + !rc;
		if (rc)
			return rc;
		t[i] = e;
		if (preemptible && i + 1 < PT_ENTRIES && preempt_needed_holding(&d->mm_lock))
			return -ERESTART;
	}
	if (level == 4)
		hv_l4_install(d, t);
	return 0;
}

/* The entry at which the last attempt was preempted: what is left below it belongs to nobody
 * else. */
static int finish_below(const struct frame *f, const pte_t *t, unsigned level, bool preemptible)
{
	pte_t e = f->nr_done < PT_ENTRIES && !slot_is_ours(level, f->nr_done) ? t[f->nr_done] : 0;
	struct frame *below =
		(e & PTE_P) && mfn_valid(pte_mfn(e)) ? mfn_to_frame_nospec(pte_mfn(e)) : NULL;

	if (!below || below->owner != f->owner || frame_type(below->state) != type_below(level))
		return 0;
	return frame_finish(below, preemptible);
}

int pt_devalidate(struct frame *f, unsigned level, bool preemptible)
{
	pte_t *t = mfn_to_virt(frame_mfn(f));

	if (level == 1) {
		for (unsigned n = f->nr_done; n > 0; n--) {
			if (t[n - 1] & PTE_P)
				l1_put(t[n - 1]);
			else if (n % 8 == 0 && eight_empty(t + n - 8))
				n -= 7;
		}
		f->nr_done = 0;
		return 0;
	}
	if (finish_below(f, t, level, preemptible))
		return -ERESTART;
	for (unsigned n = f->nr_done; (n = cut_empty(t, n)) > 0; n--) {
		if (slot_is_ours(level, n - 1))
			continue;
		f->nr_done = n - 1;
		if (pt_entry_put(level, t[n - 1], preemptible))
			return -ERESTART;
		if (preemptible && n > 1 && preempt_needed_holding(&f->owner->mm_lock))
			return -ERESTART;
	}
	f->nr_done = 0;
	return 0;
}

/* A page full of descriptors, fixed up where the ABI says so. */
int segdesc_validate(struct frame *f)
{
	uint64_t *desc = mfn_to_virt(frame_mfn(f));

	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*desc); i++)
		if (!pv_desc_fix(&desc[i])) {
			domain_log(f->owner, LOG_WARN,
				   "refused descriptor table 0x%lx: entry %u, 0x%016lx, "
				   "is no code or data segment\n",
				   mfn_x(frame_mfn(f)), i, desc[i]);
			return -EINVAL;
		}
	return 0;
}
