/* SPDX-License-Identifier: MIT */
/*
 * Domains and vcpus. Fields are grouped by the lock that guards them (lock.h has the order).
 *
 * Life of a domain: created -> (built, unpaused) -> running -> shut down (still there, may be read) ->
 * dying (destroy: everything is given back, preemptibly) -> dead (only references to the structure
 * remain) -> freed with the last reference.
 */
#ifndef HV_DOMAIN_H
#define HV_DOMAIN_H

#include "types.h"
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include "event.h"
#include "frame.h"
#include "hypercall.h"
#include "list.h"
#include "lock.h"
#include "sched.h"
#include "time.h"

#define MAX_VCPUS 128
#define HV_DOMID_FIRST_RESERVED 0x7ff0

struct e820entry;
struct evtchn_table;
struct grant_table;
struct vcpu;

#define SHUTDOWN_CODE_NONE 0xff		/* no reason given yet */

enum domain_dying { ALIVE, DYING, DEAD };

/* What vm_assist may switch. */
#define KNOWN_ASSISTS (BIT(VMASST_TYPE_4gb_segments) | BIT(VMASST_TYPE_4gb_segments_notify) | \
		       BIT(VMASST_TYPE_writable_pagetables) | BIT(VMASST_TYPE_pae_extended_cr3) | \
		       BIT(VMASST_TYPE_architectural_iopl) | BIT(VMASST_TYPE_runstate_update_flag) | \
		       BIT(VMASST_TYPE_m2p_strict))

/*
 * What CPUs write while others read something else of the domain has a cache line of its own: its vcpus, its backends
 * and its peers work on different CPUs.
 */
struct domain {
	/* constant after creation */
	uint16_t id;
	bool privileged;			/* dom0 */
	unsigned max_vcpus;
	shared_info_t *shared;			/* a page of ours that the guest maps */
	pte_t *perdomain_l3;			/* hooked into L4 slot 260 */
	struct vcpu **vcpu;			/* max_vcpus pointers, NULL until created */
	struct evtchn_table *evtchn;		/* what it holds: event_lock */
	struct grant_table *grant;		/* and grant_lock */

	uint32_t refs __aligned(64);		/* atomic: lookups and the list */
	uint64_t cpus;				/* atomic: which may hold translations of it (tlb.c) */
	struct list link;			/* domain_list_lock */
	struct domain *chain;			/* domain_list_lock to change it: lookup.c */

	/* domctl_lock */
	enum domain_dying dying;
	unsigned controller_pauses;
	unsigned destroy_step;			/* progress of domain_kill */

	/* shutdown_lock */
	spinlock_t shutdown_lock;
	bool is_shutting_down, is_shut_down;
	uint8_t shutdown_code;

	/* mm_lock: page tables, types L1-L4 and segdesc of this domain's frames */
	spinlock_t mm_lock __aligned(64);
	uint64_t vm_assist;			/* of KNOWN_ASSISTS; written by current only */

	/* page_lock */
	spinlock_t page_lock;
	uint32_t page_head;			/* first mfn of the owner's list, 0: none */
	uint32_t page_left;			/* dying: frames given up, but still in use elsewhere */
	unsigned tot_pages;			/* frames allocated to the domain */
	unsigned pages_coming;			/* room taken for more, see domain_room_take */
	unsigned max_pages;
	unsigned claimed;			/* promised and not yet allocated (alloc_lock) */
	unsigned shr_pages;			/* grants: always 0, reported */
	struct e820entry *memory_map;		/* XENMEM_set_memory_map; NULL: none */
	unsigned memory_map_nr;

	spinlock_t event_lock __aligned(64);
	spinlock_t grant_lock;
	uint8_t uuid[16];			/* seldom read, like the next */
	s_time_t created;

	/* console lock: log limiter, and the unfinished line of a domU's CONSOLEIO_write */
	s_time_t log_window __aligned(64);
	unsigned log_count;
	unsigned line_len;
	char line[128];

	int64_t time_offset_seconds;		/* domctl settimeoffset */

	/* shutdown_lock: SCHEDOP_watchdog */
	struct timer watchdog[2];
	bool watchdog_used[2];
};

/* Descriptor-table and callback state a guest set up; touched by the vcpu itself or while it is
 * paused (domctl setvcpucontext). */
struct pv_vcpu {
	trap_info_t traps[256];
	uint64_t event_callback, failsafe_callback, syscall_callback;
	bool failsafe_masks_events, syscall_masks_events;
	uint64_t kernel_sp, kernel_ss;
	mfn_t gdt_frame[14];			/* each holds a FT_SEGDESC type reference; MFN_NONE: empty */
	unsigned gdt_ents;
	uint64_t ldt_base;
	unsigned ldt_ents;
	mfn_t ldt_frame[16];
	uint64_t fs_base, gs_base_kernel, gs_base_user;	/* valid while not loaded, see pv/segments.c */
	uint64_t ctrlreg[8];			/* 0: TS as the guest sees it, 2: faulting va, 4: guest bits */
	uint64_t debugreg[8];
	uint16_t refused[4];			/* ds es fs gs of which one could not be loaded, for the failsafe frame */
	uint32_t tsc_aux;			/* what RDTSCP tells besides the time */
	unsigned iopl;				/* virtual IOPL */
	uint8_t *iobmp;				/* guest pointer (physdev set_iobitmap) */
	unsigned iobmp_limit;
	mfn_t base_kernel, base_user;		/* L4s; MFN_NONE: none. Each holds both references */
	bool kernel_mode;
};

#define LOADED_NOWHERE (~0u)

struct vcpu {
	uint64_t pad_;				/* so that the end of ss is 16-aligned */
	struct cpu_user_regs regs;		/* the guest's registers; the CPU pushes straight into it */
	struct domain *domain;
	vcpu_info_t *info;			/* in shared_info or registered by the guest, ours to map */
	struct hypercall_cont cont;
	unsigned id;
	unsigned loaded_on;			/* the CPU with its state in the registers, or LOADED_NOWHERE (switch.c) */

	struct pv_vcpu pv;
	struct frame *unfinished;		/* page table whose devalidation we owe, see pt_finish */

	/* vcpu_info registration: frame held by FT_WRITABLE, MFN_NONE: still in shared_info */
	mfn_t info_mfn;
	XEN_GUEST_HANDLE(vcpu_runstate_info_t) runstate_guest;
	XEN_GUEST_HANDLE(vcpu_time_info_t) time_guest;
	uint64_t time_area_tsc;			/* tsc_boot as it stands there */
	uint32_t time_area_version;

	/* the sched_lock of cpus[sched.cpu] */
	struct sched_vcpu sched;
	vcpu_runstate_info_t runstate;

	bool initialised;			/* has a context (setvcpucontext / vcpu_op initialise) */
	bool setting_context;			/* atomic: VCPUOP_initialise is at work */
	uint8_t *fpu;				/* XSAVE or FXSAVE area, 64-aligned */

	/* timers: armed by the vcpu itself */
	struct timer singleshot, periodic, poll;
	s_time_t periodic_period;
	unsigned timers_cpu;			/* where it ran last */

	uint16_t virq_port[NR_VIRQS];		/* event_lock; 0: unbound */
	unsigned poll_port;			/* SCHEDOP_poll: 0 not polling, else number of ports */
	bool failsafe_pending;			/* the CPU refused a selector when the vcpu was loaded */
	bool crashed;				/* by domain_crash: runs no guest code until it gets other registers */
	bool nmi_pending, nmi_masked;		/* masked: its handler runs, until iret */
};

extern struct domain *dom0;
extern spinlock_t domctl_lock, domain_list_lock;

/* --- lookup.c: a reference with each success --- */
struct domain *domain_get(uint16_t id);		/* by id, DOMID_SELF included; NULL if none */
struct domain *domain_get_next(uint16_t from);	/* first with id >= from */
void domain_put(struct domain *d);
static inline void domain_ref(struct domain *d) { __atomic_add_fetch(&d->refs, 1, __ATOMIC_RELAXED); }

/* --- domain.c --- */
/* Errors: -EEXIST, -ENOMEM, -EINVAL. No vcpus yet, paused once by the controller. */
int domain_create(uint16_t id, unsigned max_vcpus, unsigned grant_frames, bool privileged,
		  struct domain **out);
struct vcpu *vcpu_create(struct domain *d, unsigned id);
int domain_kill(struct domain *d);		/* -ERESTART until everything is returned */
void domain_pause(struct domain *d);		/* returns when no vcpu runs; counts */
void domain_unpause(struct domain *d);
int domain_pause_by_controller(struct domain *d);
int domain_unpause_by_controller(struct domain *d);	/* -EINVAL: was not paused */
void domain_shutdown(struct domain *d, uint8_t reason);
void domain_resume(struct domain *d);
/* The current vcpu is beyond repair. On its way out, when all its registers are in memory, they and its stack are
 * reported on the console, and its domain shuts down with SHUTDOWN_crash. */
void domain_crash(const char *fmt, ...) __printf(1, 2);
static inline struct vcpu *domain_vcpu(const struct domain *d, uint64_t id);
unsigned domain_online_vcpus(const struct domain *d);

void domain_free(struct domain *d);		/* with the last reference */
bool domain_list_insert(struct domain *d);	/* false: the id is taken */
void domain_list_remove(struct domain *d);

/* --- vcpu_context.c: the ABI's vcpu_guest_context --- */
int vcpu_set_context(struct vcpu *v, const vcpu_guest_context_t *c);	/* domain's vcpu is paused */
void vcpu_get_context(struct vcpu *v, vcpu_guest_context_t *c);
void vcpu_reset(struct vcpu *v);
int vcpu_register_info(struct vcpu *v, mfn_t frame, unsigned offset);

/* --- vcpu_timer.c: single-shot, periodic and poll timers --- */
void vcpu_timers_init(struct vcpu *v);		/* at creation: PV vcpus begin with a 100 Hz tick */
void vcpu_timers_stop(struct vcpu *v);		/* at destruction */
void vcpu_timers_follow(struct vcpu *v);	/* v starts to run on another CPU than before */
/* v is about to run: its runstate area in guest memory, its timers. From the switch, v loaded and accounted. */
void runstate_update_guest(struct vcpu *v);

/* --- sched/watchdog.c --- */
void watchdog_init(struct domain *d);
int watchdog_set(struct domain *d, unsigned id, unsigned seconds);	/* SCHEDOP_watchdog */
void watchdog_stop_all(struct domain *d);	/* at destruction */

/* --- dom0_build.c --- */
void dom0_build(void);				/* panics with the reason if it cannot */

#include "lib.h"
static inline struct vcpu *domain_vcpu(const struct domain *d, uint64_t id)
{
	return id < d->max_vcpus ? d->vcpu[index_nospec(id, d->max_vcpus)] : NULL;
}

#endif
