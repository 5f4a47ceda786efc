/* SPDX-License-Identifier: MIT */
/*
 * Operations of a domain on its own vcpus: bring-up, runstate, timers, where its vcpu_info lives.
 */
#ifndef __XEN_PUBLIC_VCPU_H__
#define __XEN_PUBLIC_VCPU_H__

#include "xen.h"

#define VCPUOP_initialise 0			/* vcpu_guest_context * */
#define VCPUOP_up 1
#define VCPUOP_down 2
#define VCPUOP_is_up 3				/* returns 0 or 1 */
#define VCPUOP_get_runstate_info 4		/* vcpu_runstate_info * */
#define VCPUOP_register_runstate_memory_area 5
#define VCPUOP_set_periodic_timer 6		/* own vcpu only, as 7-9 */
#define VCPUOP_stop_periodic_timer 7
#define VCPUOP_set_singleshot_timer 8
#define VCPUOP_stop_singleshot_timer 9
#define VCPUOP_register_vcpu_info 10		/* once a vcpu */
#define VCPUOP_send_nmi 11
#define VCPUOP_get_physid 12			/* dom0 with pinned vcpus */
#define VCPUOP_register_vcpu_time_memory_area 13

#define RUNSTATE_running 0
#define RUNSTATE_runnable 1
#define RUNSTATE_blocked 2
#define RUNSTATE_offline 3

#define _VCPU_SSHOTTMR_future (0)		/* -ETIME when the time has passed already */
#define VCPU_SSHOTTMR_future (1U << _VCPU_SSHOTTMR_future)

/* In state_entry_time while the hypervisor writes, if VMASST_TYPE_runstate_update_flag is on. */
#define XEN_RUNSTATE_UPDATE (xen_mk_ullong(1) << 63)

#define xen_vcpu_physid_to_x86_apicid(physid) ((uint32_t)(physid))
#define xen_vcpu_physid_to_x86_acpiid(physid) ((uint32_t)((physid) >> 32))

#ifndef __ASSEMBLY__
struct vcpu_runstate_info {
	int state;			/* RUNSTATE_* */
	uint64_t state_entry_time;	/* ns */
	uint64_t time[4];		/* ns spent in each state */
};
typedef struct vcpu_runstate_info vcpu_runstate_info_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_runstate_info_t);

struct vcpu_register_runstate_memory_area {
	union {
		XEN_GUEST_HANDLE(vcpu_runstate_info_t) h;
		struct vcpu_runstate_info *v;
		uint64_t p;
	} addr;				/* virtual; written at each switch of the vcpu */
};
typedef struct vcpu_register_runstate_memory_area vcpu_register_runstate_memory_area_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_register_runstate_memory_area_t);

struct vcpu_set_periodic_timer {
	uint64_t period_ns;
};
typedef struct vcpu_set_periodic_timer vcpu_set_periodic_timer_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_set_periodic_timer_t);

struct vcpu_set_singleshot_timer {
	uint64_t timeout_abs_ns;	/* system time */
	uint32_t flags;			/* VCPU_SSHOTTMR_* */
};
typedef struct vcpu_set_singleshot_timer vcpu_set_singleshot_timer_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_set_singleshot_timer_t);

struct vcpu_register_vcpu_info {
	uint64_t mfn;
	uint32_t offset;		/* of the vcpu_info, which must not cross the page */
	uint32_t rsvd;
};
typedef struct vcpu_register_vcpu_info vcpu_register_vcpu_info_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_register_vcpu_info_t);

struct vcpu_get_physid {
	uint64_t phys_id;		/* OUT: APIC id in the low half, ACPI id in the high */
};
typedef struct vcpu_get_physid vcpu_get_physid_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_get_physid_t);

DEFINE_XEN_GUEST_HANDLE(vcpu_time_info_t);
struct vcpu_register_time_memory_area {
	union {
		XEN_GUEST_HANDLE(vcpu_time_info_t) h;
		struct vcpu_time_info *v;
		uint64_t p;
	} addr;
};
typedef struct vcpu_register_time_memory_area vcpu_register_time_memory_area_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_register_time_memory_area_t);
#endif

#endif
