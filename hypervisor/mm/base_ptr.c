/* SPDX-License-Identifier: MIT */
/*
 * The base pointers of a vcpu: the L4 of its kernel and, if it has any, of its user mode. Each
 * holds a reference and an L4 type reference, so the tables below stay valid while a CPU may walk
 * them. Lock: the domain's mm_lock. v is the current vcpu or does not run.
 */
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "mm.h"
#include "printk.h"
#include "pt.h"

/* Gives up a base; what takes too long is left to pt_finish. */
static void drop(struct vcpu *v, mfn_t m)
{
	struct frame *f;

	if (mfn_eq(m, MFN_NONE))
		return;
	f = mfn_to_frame(m);
	if (frame_put_type(f, true) == -ERESTART)
		v->unfinished = f;
	else
		frame_put(f);
}

static int get_l4(struct domain *d, mfn_t m, bool user)
{
	struct frame *f;
	int rc;

	if (user && mfn_eq(m, MFN_NONE))
		return 0;
	f = frame_get_mfn(m, d);
	if (!f) {
		domain_log(d, LOG_WARN,
			   "refused base pointer 0x%lx: the frame is none of the domain's\n",
			   mfn_x(m));
		return -EINVAL;
	}
	rc = frame_get_type(f, FT_L4, true);
	if (!rc || rc == -ERESTART)
		return rc;
	domain_log(d, LOG_WARN,
		   "refused base pointer 0x%lx: the frame is %s, no valid L4 page table\n",
		   mfn_x(m), frame_type_name(f->state));
	frame_put(f);
	return rc;
}

/* User space shall not read the M2P (slot 256): an L4 that is only a user base does without it. */
static void show_m2p(const struct vcpu *v, mfn_t m, bool user)
{
	pte_t *slot = (pte_t *)mfn_to_virt(m) + HV_L4_FIRST;

	if (!user)
		*slot = idle_l4[HV_L4_FIRST];
	else if (!mfn_eq(m, v->pv.base_kernel))
		*slot = 0;
}

static __force_inline int set_base(struct vcpu *v, mfn_t m, bool user)
{
	mfn_t *base = user ? &v->pv.base_user : &v->pv.base_kernel, old = *base;
	int rc = unlikely(v->unfinished) ? pt_finish(v, v->domain) : 0;

	if (unlikely(rc))
		return rc;
	if (!mfn_eq(m, old)) {
		rc = get_l4(v->domain, m, user);
		if (rc)
			return rc;
		*base = m;
		if (!mfn_eq(m, MFN_NONE))
			show_m2p(v, m, user);
	}
	if (v == current && !user && v->pv.kernel_mode)
		tlb_load_cr3(mfn_to_maddr(m));
	if (!mfn_eq(m, old))
		drop(v, old);
	return v->unfinished ? -ERESTART : 0;
}

int vcpu_set_base(struct vcpu *v, mfn_t m, bool user)
{
	int rc;

	spin_lock(&v->domain->mm_lock);
	rc = user ? set_base(v, m, true) : set_base(v, m, false);
	spin_unlock(&v->domain->mm_lock);
	return rc;
}

void vcpu_drop_bases(struct vcpu *v)
{
	mfn_t kernel = v->pv.base_kernel, user = v->pv.base_user;

	spin_lock(&v->domain->mm_lock);
	v->pv.base_kernel = v->pv.base_user = MFN_NONE;
	drop(v, kernel);
	drop(v, user);
	v->unfinished = NULL;	/* domain_pages_relinquish meets what is left */
	spin_unlock(&v->domain->mm_lock);
}
