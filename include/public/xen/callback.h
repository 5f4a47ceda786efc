/* SPDX-License-Identifier: MIT */
/* Entry points of the guest kernel that are not trap-table entries. */
#ifndef __XEN_PUBLIC_CALLBACK_H__
#define __XEN_PUBLIC_CALLBACK_H__

#include "xen.h"

#define CALLBACKTYPE_event 0		/* an unmasked event is pending */
#define CALLBACKTYPE_failsafe 1		/* a fault while returning to the guest */
#define CALLBACKTYPE_syscall 2		/* SYSCALL in 64-bit user mode */
#define CALLBACKTYPE_sysenter_deprecated 3
#define CALLBACKTYPE_nmi 4
#if __XEN_INTERFACE_VERSION__ < 0x00030207
#define CALLBACKTYPE_sysenter CALLBACKTYPE_sysenter_deprecated
#else
#define CALLBACKTYPE_sysenter 5
#endif
#define CALLBACKTYPE_syscall32 7

#define _CALLBACKF_mask_events 0	/* enter with events masked; event and nmi always do */
#define CALLBACKF_mask_events (1U << _CALLBACKF_mask_events)

#define CALLBACKOP_register 0
#define CALLBACKOP_unregister 1

#ifndef __ASSEMBLY__
struct callback_register {
	uint16_t type;			/* CALLBACKTYPE_* */
	uint16_t flags;			/* CALLBACKF_* */
	xen_callback_t address;		/* must be canonical */
};
typedef struct callback_register callback_register_t;
DEFINE_XEN_GUEST_HANDLE(callback_register_t);

struct callback_unregister {
	uint16_t type;
	uint16_t _unused;
};
typedef struct callback_unregister callback_unregister_t;
DEFINE_XEN_GUEST_HANDLE(callback_unregister_t);
#endif

#endif
