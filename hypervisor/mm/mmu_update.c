/* SPDX-License-Identifier: MIT */
/*
 * mmu_update and update_va_mapping: the guest asks for changes of page-table entries. Requests are
 * copied in once, a batch at a time. A frame that is no page table (yet) is simply written to.
 *
 * Trust: addresses, values and domain ids are hostile; only what current's domain owns, or, for a
 * privileged caller, what the named domain owns, is touched. Lock: mm_lock of the tables' domain.
 */
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "mm.h"
#include "mmu.h"
#include "printk.h"
#include "pt.h"
#include "uaccess.h"
#include "walk.h"

#define BATCH 32

/* Whose tables change, and whose frames the entries may map. */
struct target {
	struct domain *d, *pg_owner;
};

/* Stands for DOMID_XEN, the owner of our own frames that a privileged domain may look at. */
static struct domain dom_xen = { .id = DOMID_XEN, .refs = 1 };

int mmu_pg_owner(uint64_t domid, struct domain **out)
{
	*out = NULL;
	if (likely(domid == DOMID_SELF)) {
		*out = current->domain;
		return 0;
	}
	if (!current->domain->privileged)
		return -EPERM;
	if (domid == DOMID_IO)
		return 0;
	if (domid == DOMID_XEN) {
		domain_ref(&dom_xen);
		*out = &dom_xen;
		return 0;
	}
	*out = domid < DOMID_FIRST_RESERVED && domid != current->domain->id ? domain_get(domid)
									    : NULL;
	return *out ? 0 : -ESRCH;
}

void mmu_pg_owner_put(struct domain *d)
{
	if (unlikely(d && d != current->domain))
		domain_put(d);
}

static void target_put(struct target *t)
{
	mmu_pg_owner_put(t->pg_owner);
	mmu_pg_owner_put(t->d);
}

/* Low half: pg_owner; high half: the tables' domain + 1, or 0 for the caller's. */
static int target_get(uint32_t domids, struct target *t)
{
	uint32_t pt_dom = domids >> 16;
	int rc = mmu_pg_owner(domids & 0xffff, &t->pg_owner);

	t->d = current->domain;
	if (rc || likely(!pt_dom || pt_dom - 1 == t->d->id))
		return rc;
	rc = t->d->privileged ? -ESRCH : -EPERM;
	t->d = t->d->privileged && pt_dom - 1 != DOMID_SELF ? domain_get(pt_dom - 1) : NULL;
	if (t->d)
		return 0;
	mmu_pg_owner_put(t->pg_owner);
	return rc;
}

/* 8 bytes into a frame that is no page table. */
static int write_plain(struct domain *d, struct frame *f, uint64_t *p, uint64_t val)
{
	int rc = frame_map(f, d, true);

	if (rc) {
		domain_log(d, LOG_WARN, "refused page-table update at 0x%lx: frame 0x%lx is %s\n",
			   virt_to_maddr(p), mfn_x(frame_mfn(f)),
			   rc == -EPERM ? "none of the domain's" : frame_type_name(f->state));
		return -EINVAL;
	}
	WRITE_ONCE(*p, val);
	frame_unmap(f, true);
	return 0;
}

static inline int pt_request(const struct target *t, uint64_t ptr, uint64_t val, bool keep_ad)
{
	uint64_t end = max_mfn << PAGE_SHIFT;
	struct frame *f;

	if (unlikely(ptr >= end)) {
		domain_log(t->d, LOG_WARN, "refused page-table update at 0x%lx: no RAM there\n", ptr);
		return -EINVAL;
	}
	ptr = index_nospec(ptr, end);
	f = mfn_to_frame(maddr_to_mfn(ptr));
	if (likely(frame_is_table_of(f, t->d)))
		return pt_update_entry(current, t->d, t->pg_owner, f, maddr_to_virt(ptr), val, keep_ad);
	return write_plain(t->d, f, maddr_to_virt(ptr), val);
}

static int m2p_request(const struct target *t, uint64_t ptr, uint64_t val)
{
	struct frame *f = t->pg_owner ? frame_get_mfn(maddr_to_mfn(ptr), t->pg_owner) : NULL;

	if (!f) {
		guest_log(LOG_WARN,
			  "refused M2P update: frame 0x%lx does not belong to the domain named\n",
			  ptr >> PAGE_SHIFT);
		return -EINVAL;
	}
	m2p_set(maddr_to_mfn(ptr), val);
	frame_put(f);
	return 0;
}

static int one_request(const struct target *t, const mmu_update_t *req)
{
	uint64_t ptr = req->ptr & ~7ULL;

	switch (req->ptr & 7) {
	case MMU_NORMAL_PT_UPDATE:
	case MMU_PT_UPDATE_NO_TRANSLATE:
		return pt_request(t, ptr, req->val, false);
	case MMU_PT_UPDATE_PRESERVE_AD:
		return pt_request(t, ptr, req->val, true);
	case MMU_MACHPHYS_UPDATE:
		return m2p_request(t, ptr, req->val);
	}
	guest_log(LOG_WARN, "refused mmu_update at 0x%lx: no command %lu\n", ptr, req->ptr & 7);
	return -ENOSYS;
}

/* From *done on; stops at the first error or when preempted. */
static int run_batch(const struct target *t, XEN_GUEST_HANDLE(mmu_update_t) ureqs, uint64_t count,
		     uint64_t *done)
{
	mmu_update_t req[BATCH];
	unsigned n = MIN(count - *done, (uint64_t)BATCH);

	if (copy_from_guest_off(req, ureqs, *done, n))
		return -EFAULT;
	for (unsigned i = 0; i < n; i++) {
		int rc = one_request(t, &req[i]);

		if (rc)
			return rc;
		++*done;
		if (unlikely(current->unfinished))
			return -ERESTART;
	}
	return *done < count && preempt_needed_holding(&t->d->mm_lock) ? -ERESTART : 0;
}

static int run(const struct target *t, XEN_GUEST_HANDLE(mmu_update_t) ureqs, uint64_t count,
	       uint64_t *done)
{
	int rc;

	spin_lock(&t->d->mm_lock);
	rc = t->d->dying ? -ESRCH : pt_finish(current, t->d);
	while (!rc && *done < count)
		rc = run_batch(t, ureqs, count, done);
	spin_unlock(&t->d->mm_lock);
	return rc;
}

long do_mmu_update(uint64_t ureqs, uint64_t count, uint64_t pdone, uint64_t domids, uint64_t a5,
		   uint64_t a6)
{
	XEN_GUEST_HANDLE(mmu_update_t) reqs = { (mmu_update_t *)ureqs };
	uint64_t done = current->cont.done;
	struct target t;
	int rc = target_get(domids, &t);

	(void)a5, (void)a6;
	if (unlikely(rc))
		return rc;
	rc = run(&t, reqs, (uint32_t)count, &done);
	target_put(&t);
	current->cont.done = done;
	return mmu_report_done(rc, pdone, done);
}

long mmu_report_done(int rc, uint64_t pdone, uint64_t done)
{
	uint32_t n = done;
	XEN_GUEST_HANDLE(uint) out = { (void *)pdone };

	if (rc != -ERESTART && pdone && copy_to_guest(out, &n, 1))
		return -EFAULT;
	return rc;
}

/* The low bits say what to flush, the rest where: this vcpu, all, or a pointer to a bitmap of
 * vcpus. */
static int flush_by_flags(struct domain *d, uint64_t va, uint64_t flags)
{
	uint64_t where = flags & ~UVMF_FLUSHTYPE_MASK;

	if (!(flags & UVMF_FLUSHTYPE_MASK))
		return 0;
	if (where != UVMF_LOCAL && where != UVMF_ALL)
		return mmu_flush_vcpus(d, (void *)where);
	switch (flags & UVMF_FLUSHTYPE_MASK) {
	case UVMF_TLB_FLUSH:
		where == UVMF_LOCAL ? tlb_flush_local() : tlb_flush_domain(d);
		break;
	case UVMF_INVLPG:
		where == UVMF_LOCAL ? tlb_flush_va_local(va) : tlb_flush_va_domain(d, va);
		break;
	}
	return 0;
}

static int va_mapping(uint64_t va, uint64_t val, struct domain *pg_owner)
{
	struct vcpu *v = current;
	struct frame *table;
	int rc = -EINVAL;
	pte_t *ptep;

	spin_lock(&v->domain->mm_lock);
	ptep = walk(v, va, &table);
	if (ptep)
		rc = pt_update_entry(v, v->domain, pg_owner, table, ptep, val, false);
	else
		guest_log(LOG_WARN,
			  "refused mapping of address 0x%lx: there is no L1 page table for it\n",
			  va);
	spin_unlock(&v->domain->mm_lock);
	return rc;
}

long do_update_va_mapping(uint64_t va, uint64_t val, uint64_t flags, uint64_t a4, uint64_t a5,
			  uint64_t a6)
{
	int rc = va_mapping(va, val, current->domain), flushed;

	(void)a4, (void)a5, (void)a6;
	flushed = flush_by_flags(current->domain, va, flags);
	return rc ? rc : flushed;
}

long do_update_va_mapping_otherdomain(uint64_t va, uint64_t val, uint64_t flags, uint64_t domid,
				      uint64_t a5, uint64_t a6)
{
	struct domain *pg_owner;
	int rc = mmu_pg_owner(domid & 0xffff, &pg_owner), flushed;

	(void)a5, (void)a6;
	if (rc)
		return rc;
	rc = va_mapping(va, val, pg_owner);
	mmu_pg_owner_put(pg_owner);
	flushed = flush_by_flags(current->domain, va, flags);
	return rc ? rc : flushed;
}
