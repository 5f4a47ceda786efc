/* SPDX-License-Identifier: MIT */
/*
 * What a guest kernel tells us about itself: where traps, events, failed returns and system calls enter it, and
 * its stack. Every entry address must be canonical: a return to another one would fault in our own mode. (A bad
 * stack shows when we fail to write to it.) All fields belong to the current vcpu.
 */
#include <xen/callback.h>
#include <xen/nmi.h>
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "hypercall.h"
#include "lib.h"
#include "page.h"
#include "pv.h"
#include "uaccess.h"
#include "x86.h"

static long set_nmi(uint64_t address)
{
	if (!is_canonical(address))
		return -EINVAL;
	current->pv.traps[X_NMI] = (trap_info_t){
		.vector = X_NMI, .flags = 4 /* events masked */, .cs = FLAT_KERNEL_CS, .address = address,
	};
	pv_nmi_recheck(current);
	return 0;
}

static long clear_nmi(void)
{
	current->pv.traps[X_NMI] = (trap_info_t){ .vector = 0 };
	return 0;
}

static long set_callback(unsigned type, bool mask_events, uint64_t address)
{
	struct pv_vcpu *pv = &current->pv;

	if (!is_canonical(address))
		return -EINVAL;
	switch (type) {
	case CALLBACKTYPE_event:
		pv->event_callback = address;
		return 0;
	case CALLBACKTYPE_failsafe:
		pv->failsafe_callback = address;
		pv->failsafe_masks_events = mask_events;
		return 0;
	case CALLBACKTYPE_syscall:
		pv->syscall_callback = address;
		pv->syscall_masks_events = mask_events;
		return 0;
	case CALLBACKTYPE_nmi:
		return set_nmi(address);
	}
	return -ENOSYS;		/* 32-bit system calls: a guest then does without */
}

static long op_register(void *arg)
{
	const callback_register_t *a = arg;

	return set_callback(a->type, a->flags & CALLBACKF_mask_events, a->address);
}

static long op_unregister(void *arg)
{
	switch (((callback_unregister_t *)arg)->type) {
	case CALLBACKTYPE_event:
	case CALLBACKTYPE_failsafe:
	case CALLBACKTYPE_syscall:
		return -EINVAL;
	case CALLBACKTYPE_nmi:
		return clear_nmi();
	}
	return -ENOSYS;
}

static const struct subop callback_ops[] = {
	[CALLBACKOP_register] = { op_register, sizeof(callback_register_t), false, false },
	[CALLBACKOP_unregister] = { op_unregister, sizeof(callback_unregister_t), false, false },
};

long do_callback_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	(void)a3, (void)a4, (void)a5, (void)a6;
	return subop_dispatch(callback_ops, ARRAY_SIZE(callback_ops), cmd, (void *)arg);
}

/* The older form; an address that is not canonical is passed over. */
long do_set_callbacks(uint64_t event, uint64_t failsafe, uint64_t syscall, uint64_t a4, uint64_t a5, uint64_t a6)
{
	(void)a4, (void)a5, (void)a6;
	set_callback(CALLBACKTYPE_event, false, event);
	set_callback(CALLBACKTYPE_failsafe, false, failsafe);
	set_callback(CALLBACKTYPE_syscall, false, syscall);
	return 0;
}

static long op_nmi_register(void *arg)
{
	return set_nmi(((xennmi_callback_t *)arg)->handler_address);
}

static const struct subop nmi_ops[] = {
	[XENNMI_register_callback] = { op_nmi_register, sizeof(xennmi_callback_t), false, false },
};

long do_nmi_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	(void)a3, (void)a4, (void)a5, (void)a6;
	if ((uint32_t)cmd == XENNMI_unregister_callback)
		return clear_nmi();
	return subop_dispatch(nmi_ops, ARRAY_SIZE(nmi_ops), cmd, (void *)arg);
}

/* A table ended by an entry with address 0; no table at all forgets every handler. */
long do_set_trap_table(uint64_t traps, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	struct vcpu *v = current;
	XEN_GUEST_HANDLE(trap_info_t) table = { (trap_info_t *)traps };

	(void)a2, (void)a3, (void)a4, (void)a5, (void)a6;
	if (!traps) {
		memset(v->pv.traps, 0, sizeof(v->pv.traps));
		return 0;
	}
	for (;; v->cont.done++) {
		trap_info_t t;

		if (v->cont.done && v->cont.done % 64 == 0 && preempt_needed())
			return -ERESTART;
		if (copy_from_guest_off(&t, table, v->cont.done, 1))
			return -EFAULT;
		if (!t.address)
			return 0;
		if (!is_canonical(t.address))
			return -EINVAL;
		t.cs = pv_fix_sel(t.cs);
		v->pv.traps[t.vector] = t;
		if (t.vector == X_NMI)
			pv_nmi_recheck(v);
	}
}

long do_stack_switch(uint64_t ss, uint64_t sp, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	(void)a3, (void)a4, (void)a5, (void)a6;
	current->pv.kernel_ss = pv_fix_sel(ss);
	current->pv.kernel_sp = sp;
	return 0;
}
