/* SPDX-License-Identifier: MIT */
/*
 * mmuext_op: pinning of page tables, base pointers, TLB flushes, LDT, clearing and copying of
 * pages. One row of a table an operation. A pin is a reference and a type reference that keep a
 * table validated while no base pointer or other table needs it.
 *
 * Trust: as mmu_update.c. Lock: mm_lock of the domain named, taken by each operation that needs it.
 */
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "lib.h"
#include "mm.h"
#include "mmu.h"
#include "printk.h"
#include "pt.h"
#include "uaccess.h"
#include "x86.h"

/* d: the domain named by the caller; rc as the guest shall see it, or -ERESTART: once more. */
typedef int op_fn(struct domain *d, const mmuext_op_t *op);

static struct frame *named_frame(struct domain *d, uint64_t n, const char *what)
{
	struct frame *f = frame_get_mfn(mfn(n), d);

	if (!f)
		guest_log(LOG_WARN, "refused %s of frame 0x%lx: it does not belong to d%d\n", what,
			  n, d->id);
	return f;
}

static int pin(struct domain *d, const mmuext_op_t *op)
{
	enum frame_type t = FT_L1 + (op->cmd - MMUEXT_PIN_L1_TABLE);
	struct frame *f = named_frame(d, op->arg1.mfn, "pin");
	int rc;

	if (!f)
		return -EINVAL;
	rc = frame_get_type(f, t, true);
	if (rc == -ERESTART)
		return rc;
	if (rc) {
		guest_log(LOG_WARN, "refused pin of frame 0x%lx as L%u page table: %s\n",
			  op->arg1.mfn, t - FT_L1 + 1,
			  frame_tcount(f->state) ? frame_type_name(f->state)
						 : "its entries are not valid");
		frame_put(f);
		return rc;
	}
	if (__atomic_fetch_or(&f->state, FRAME_PINNED, __ATOMIC_ACQ_REL) & FRAME_PINNED) {
		guest_log(LOG_WARN, "refused pin of frame 0x%lx: it is pinned already\n",
			  op->arg1.mfn);
		frame_put_both(f);	/* the pin holds its type: nothing is devalidated here */
		return -EINVAL;
	}
	return 0;
}

static int unpin(struct domain *d, const mmuext_op_t *op)
{
	struct frame *f = named_frame(d, op->arg1.mfn, "unpin");

	if (!f)
		return -EINVAL;
	if (!(__atomic_fetch_and(&f->state, ~FRAME_PINNED, __ATOMIC_ACQ_REL) & FRAME_PINNED)) {
		guest_log(LOG_WARN, "refused unpin of frame 0x%lx: it is not pinned\n",
			  op->arg1.mfn);
		frame_put(f);
		return -EINVAL;
	}
	frame_put(f);
	if (frame_put_type(f, true) == -ERESTART)
		current->unfinished = f;
	else
		frame_put(f);
	return 0;
}

static int clear_page(struct domain *d, const mmuext_op_t *op)
{
	struct frame *f;

	if (frame_get_both(mfn(op->arg1.mfn), d, FT_WRITABLE, &f)) {
		guest_log(LOG_WARN, "refused clear of frame 0x%lx: not writable by the domain\n",
			  op->arg1.mfn);
		return -EINVAL;
	}
	memset(mfn_to_virt(mfn(op->arg1.mfn)), 0, PAGE_SIZE);
	frame_put_both(f);
	return 0;
}

static int copy_page(struct domain *d, const mmuext_op_t *op)
{
	struct frame *dst, *src = named_frame(d, op->arg2.src_mfn, "copy");

	if (!src)
		return -EINVAL;
	if (frame_get_both(mfn(op->arg1.mfn), d, FT_WRITABLE, &dst)) {
		guest_log(LOG_WARN, "refused copy to frame 0x%lx: not writable by the domain\n",
			  op->arg1.mfn);
		frame_put(src);
		return -EINVAL;
	}
	memcpy(mfn_to_virt(mfn(op->arg1.mfn)), mfn_to_virt(mfn(op->arg2.src_mfn)), PAGE_SIZE);
	frame_put_both(dst);
	frame_put(src);
	return 0;
}

static int new_base(struct domain *d, const mmuext_op_t *op)
{
	(void)d;
	return vcpu_set_base(current, mfn(op->arg1.mfn), false);
}

static int new_user_base(struct domain *d, const mmuext_op_t *op)
{
	(void)d;
	return vcpu_set_base(current, op->arg1.mfn ? mfn(op->arg1.mfn) : MFN_NONE, true);
}

static int flush_local(struct domain *d, const mmuext_op_t *op)
{
	(void)d, (void)op;
	tlb_flush_local();
	return 0;
}

static int invlpg_local(struct domain *d, const mmuext_op_t *op)
{
	(void)d;
	if (is_canonical(op->arg1.linear_addr))
		tlb_flush_va_local(op->arg1.linear_addr);
	return 0;
}

static int flush_all(struct domain *d, const mmuext_op_t *op)
{
	(void)op;
	tlb_flush_domain(d);
	return 0;
}

static int invlpg_all(struct domain *d, const mmuext_op_t *op)
{
	if (is_canonical(op->arg1.linear_addr))
		tlb_flush_va_domain(d, op->arg1.linear_addr);
	return 0;
}

/* The vcpus of a mask, of which as many bytes are read as there may be vcpus. For INVLPG, too, everything is
 * flushed on other CPUs. */
int mmu_flush_vcpus(struct domain *d, const void *umask)
{
	uint64_t mask[MAX_VCPUS / 64] = { 0 };

	if (copy_from_guest_bytes(mask, umask, (d->max_vcpus + 7) / 8))
		return -EFAULT;
	for (unsigned i = 0; i < ARRAY_SIZE(mask); i++)
		if (mask[i])
			tlb_flush_vcpus(d, mask[i], i * 64);
	return 0;
}

static int flush_multi(struct domain *d, const mmuext_op_t *op)
{
	return mmu_flush_vcpus(d, op->arg2.vcpumask.p) ? -EINVAL : 0;
}

static int flush_cache(struct domain *d, const mmuext_op_t *op)
{
	(void)op;
	if (!d->privileged)	/* no device memory, so nothing that could be incoherent */
		return -EACCES;
	wbinvd();
	return 0;
}

static int set_ldt(struct domain *d, const mmuext_op_t *op)
{
	(void)d;
	return vcpu_set_ldt(current, op->arg1.linear_addr, op->arg2.nr_ents);
}

static int unsupported(struct domain *d, const mmuext_op_t *op)
{
	(void)d, (void)op;
	return -EOPNOTSUPP;
}

static const struct op {
	op_fn *fn;
	bool foreign;		/* a privileged caller may name another domain */
	bool locked;		/* under the domain's mm_lock */
} ops[] = {
	[MMUEXT_PIN_L1_TABLE] = { pin, true, true },
	[MMUEXT_PIN_L2_TABLE] = { pin, true, true },
	[MMUEXT_PIN_L3_TABLE] = { pin, true, true },
	[MMUEXT_PIN_L4_TABLE] = { pin, true, true },
	[MMUEXT_UNPIN_TABLE] = { unpin, true, true },
	[MMUEXT_NEW_BASEPTR] = { new_base, false, false },
	[MMUEXT_TLB_FLUSH_LOCAL] = { flush_local, false, false },
	[MMUEXT_INVLPG_LOCAL] = { invlpg_local, false, false },
	[MMUEXT_TLB_FLUSH_MULTI] = { flush_multi, false, false },
	[MMUEXT_INVLPG_MULTI] = { flush_multi, false, false },
	[MMUEXT_TLB_FLUSH_ALL] = { flush_all, false, false },
	[MMUEXT_INVLPG_ALL] = { invlpg_all, false, false },
	[MMUEXT_FLUSH_CACHE] = { flush_cache, false, false },
	[MMUEXT_SET_LDT] = { set_ldt, false, false },
	[MMUEXT_NEW_USER_BASEPTR] = { new_user_base, false, false },
	[MMUEXT_CLEAR_PAGE] = { clear_page, true, true },
	[MMUEXT_COPY_PAGE] = { copy_page, true, true },
	[MMUEXT_FLUSH_CACHE_GLOBAL] = { flush_cache, false, false },
	[MMUEXT_MARK_SUPER] = { unsupported, true, false },
	[MMUEXT_UNMARK_SUPER] = { unsupported, true, false },
};

static int one_op(struct vcpu *v, struct domain *d, const mmuext_op_t *op)
{
	const struct op *o = &ops[index_nospec(op->cmd, ARRAY_SIZE(ops))];
	int rc;

	if (unlikely(op->cmd >= ARRAY_SIZE(ops) || !o->fn))
		return -ENOSYS;
	if (unlikely(d != v->domain && !o->foreign))
		return -EPERM;
	if (!o->locked)
		return o->fn(d, op);
	spin_lock(&d->mm_lock);
	rc = d->dying ? -ESRCH : pt_finish(v, d);
	if (!rc)
		rc = o->fn(d, op);
	spin_unlock(&d->mm_lock);
	return rc;
}

/* What the last operation left behind, even if it was the last of all. */
static int finish(struct vcpu *v, struct domain *d)
{
	int rc;

	spin_lock(&d->mm_lock);
	rc = pt_finish(v, d);
	spin_unlock(&d->mm_lock);
	return rc;
}

static int run(struct vcpu *v, struct domain *d, const mmuext_op_t *uops, uint64_t count, uint64_t *done)
{
	int rc = unlikely(v->unfinished) ? finish(v, d) : 0;

	while (!rc && *done < count) {
		mmuext_op_t op;

		if (unlikely(copy_from_guest_bytes(&op, uops + *done, sizeof(op))))
			return -EFAULT;
		rc = one_op(v, d, &op);
		if (unlikely(rc))
			break;
		++*done;
		if (unlikely(v->unfinished) || (*done < count && preempt_needed()))
			rc = -ERESTART;
	}
	return rc;
}

long do_mmuext_op(uint64_t uops, uint64_t count, uint64_t pdone, uint64_t domid, uint64_t a5,
		  uint64_t a6)
{
	struct vcpu *v = current;
	uint64_t done = v->cont.done;
	struct domain *d = v->domain;
	int rc = likely((uint32_t)domid == DOMID_SELF) ? 0 : mmu_pg_owner((uint32_t)domid, &d);

	(void)a5, (void)a6;
	if (unlikely(rc))
		return rc;
	if (unlikely(!d || d->id >= DOMID_FIRST_RESERVED)) {
		mmu_pg_owner_put(d);
		return -EPERM;	/* those have no tables */
	}
	rc = run(v, d, (const mmuext_op_t *)uops, (uint32_t)count, &done);
	if (unlikely(d != v->domain))
		mmu_pg_owner_put(d);
	v->cont.done = done;
	return likely(!pdone) ? rc : mmu_report_done(rc, pdone, done);
}
