/* SPDX-License-Identifier: MIT */
/*
 * L1 entries that map granted frames. They are marked PTE_GRANT, a bit no guest can set: their
 * references are the grant table's, so neither overwriting such an entry nor tearing down its table
 * drops any. Lock: the mm_lock of the mapping domain.
 */
#include "domain.h"
#include "errno.h"
#include "mm.h"
#include "printk.h"
#include "pt.h"

/* The entry at a machine address, or the one that maps a virtual address; NULL if it is in no L1 of
 * ours. */
static pte_t *find(struct vcpu *v, uint64_t addr, bool contains_pte)
{
	struct frame *f;
	pte_t *ptep;

	if (!contains_pte) {
		ptep = pt_walk(v, addr, &f);
	} else {
		mfn_t m = maddr_to_mfn(addr);

		f = mfn_valid(m) ? mfn_to_frame(m) : NULL;
		ptep = f && addr % sizeof(pte_t) == 0 ? maddr_to_virt(addr) : NULL;
	}
	if (!ptep || f->owner != v->domain || frame_type(f->state) != FT_L1 ||
	    !(f->state & FRAME_VALID)) {
		domain_log(v->domain, LOG_WARN,
			   "refused grant mapping: %s 0x%lx is in no L1 page table\n",
			   contains_pte ? "entry" : "address", addr);
		return NULL;
	}
	return ptep;
}

static pte_t swap(pte_t *ptep, pte_t val)
{
	return __atomic_exchange_n(ptep, val, __ATOMIC_ACQ_REL);
}

int pt_grant_map(struct vcpu *v, uint64_t addr, bool contains_pte, pte_t val)
{
	pte_t *ptep = find(v, addr, contains_pte);

	if (!ptep)
		return -EINVAL;
	pt_entry_put(1, swap(ptep, (pt_adjust(val) & ~PTE_G) | PTE_GRANT), false);
	return 0;
}

int pt_grant_unmap(struct vcpu *v, uint64_t addr, bool contains_pte, mfn_t m, bool rw,
		   uint64_t new_va)
{
	pte_t *ptep = find(v, addr, contains_pte), *from = new_va ? find(v, new_va, false) : NULL,
	      val = 0;

	/* The entry put in its own place would outlive the handle that it lives on. */
	if (!ptep || (new_va && (!from || from == ptep)))
		return -EINVAL;
	if (!(*ptep & PTE_P) || !(*ptep & PTE_GRANT) || !mfn_eq(pte_mfn(*ptep), m) ||
	    !(*ptep & PTE_RW) != !rw) {
		domain_log(v->domain, LOG_WARN,
			   "refused grant unmap: L1 entry 0x%016lx does not map frame 0x%lx %s\n",
			   *ptep, mfn_x(m), rw ? "writable" : "read-only");
		return -EINVAL;
	}
	if (from)
		val = swap(from, 0);
	swap(ptep, val);
	/* Not only addr: a table linked more than once shows the entry at other addresses too. */
	tlb_flush_domain(v->domain);
	return 0;
}
