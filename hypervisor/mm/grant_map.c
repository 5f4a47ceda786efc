/* SPDX-License-Identifier: MIT */
/*
 * L1 entries that map granted frames. They are marked PTE_GRANT, a bit no guest can set: their
 * references are the grant table's, so neither overwriting such an entry nor tearing down its table
 * drops any. The handle remembers where its entry is: only there it is unmapped, and if it is gone
 * from there, whoever did that, the handle can be given up without it.
 * Lock: the mm_lock of the mapping domain.
 */
#include "domain.h"
#include "errno.h"
#include "mm.h"
#include "printk.h"
#include "pt.h"
#include "walk.h"

/* The entry at a machine address; NULL if it is in no L1 of ours. */
static pte_t *at_entry(const struct domain *d, maddr_t addr)
{
	bool valid = mfn_valid(maddr_to_mfn(addr));
	const struct frame *f;

	addr = index_nospec(addr, max_mfn << PAGE_SHIFT);
	f = mfn_to_frame(maddr_to_mfn(addr));
	return valid && addr % sizeof(pte_t) == 0 && frame_is_table_of(f, d) && frame_type(f->state) == FT_L1 ?
	       maddr_to_virt(addr) : NULL;
}

/* That one, or the one that maps a virtual address; NULL if there is none. */
static __force_inline pte_t *find(const struct vcpu *v, uint64_t addr, bool contains_pte)
{
	struct frame *table;

	return unlikely(contains_pte) ? at_entry(v->domain, addr) : walk(v, addr, &table);
}

static pte_t swap(pte_t *ptep, pte_t val)
{
	return __atomic_exchange_n(ptep, val, __ATOMIC_ACQ_REL);
}

int pt_grant_map(struct vcpu *v, uint64_t addr, bool contains_pte, pte_t val, maddr_t *entry)
{
	pte_t *ptep = find(v, addr, contains_pte);

	if (!ptep) {
		domain_log(v->domain, LOG_WARN, "refused grant mapping: %s 0x%lx is in no L1 page table\n",
			   contains_pte ? "entry" : "address", addr);
		return -EINVAL;
	}
	*entry = virt_to_maddr(ptep);
	pt_entry_put(1, swap(ptep, (pt_adjust(val) & ~PTE_G) | PTE_GRANT), false);
	return 0;
}

/* Does the entry map what val does, as writable, and by a grant? */
static inline bool maps(pte_t e, pte_t val)
{
	return !((e ^ (val | PTE_P | PTE_GRANT)) & (PTE_P | PTE_GRANT | PTE_MFN_MASK | PTE_RW));
}

/* Clears the entry, or moves what new_va maps there. A grant's entry cannot move: its handle knows it by its
 * place (and in its own place it would outlive the handle that it lives on). */
static int take_away(struct vcpu *v, pte_t *ptep, uint64_t new_va)
{
	struct frame *table;
	pte_t *from;

	if (likely(!new_va)) {
		swap(ptep, 0);
		return 0;
	}
	from = pt_walk(v, new_va, &table);
	if (!from || (*from & PTE_GRANT)) {
		domain_log(v->domain, LOG_WARN, "refused to move the entry of 0x%lx: %s\n", new_va,
			   from ? "it is a grant's" : "there is none");
		return -EINVAL;
	}
	swap(ptep, swap(from, 0));
	return 0;
}

/* addr does not lead to the entry as it was. Has it been overwritten, or its table given up? Then there is
 * nothing to take away. */
static int explain(struct vcpu *v, uint64_t addr, pte_t val, uint64_t new_va, maddr_t entry)
{
	pte_t *ptep = at_entry(v->domain, entry);
	bool there = ptep && maps(READ_ONCE(*ptep), val);

	if (!there && !new_va)
		return 0;
	domain_log(v->domain, LOG_WARN, "refused grant unmap at 0x%lx: the entry of frame 0x%lx is %s\n",
		   addr, mfn_x(pte_mfn(val)), there ? "not there" : "overwritten");
	return -EINVAL;
}

int pt_grant_unmap(struct vcpu *v, uint64_t addr, bool contains_pte, pte_t val, uint64_t new_va, maddr_t entry)
{
	pte_t *ptep = find(v, addr, contains_pte);

	if (likely(ptep && virt_to_maddr(ptep) == entry && maps(*ptep, val)))
		return take_away(v, ptep, new_va);
	return explain(v, addr, val, new_va, entry);
}
