/* SPDX-License-Identifier: MIT */
/*
 * The per-CPU area, reached by GS while in the hypervisor (swapgs at each entry and exit). Assembly uses the
 * offsets generated from this structure (x86/asm_offsets.c).
 */
#ifndef HV_CPU_H
#define HV_CPU_H

#include "list.h"
#include "lock.h"
#include "time.h"
#include "types.h"

struct vcpu;

#define MAX_CPUS 64
#define CPU_STACK_SIZE (4 * PAGE_SIZE)
#define CPU_IST_STACKS 2		/* pages: NMI; double fault and machine check. Debug's is in struct cpu */
#define PTI_SLOTS 5

enum softirq { SOFTIRQ_TIMER, SOFTIRQ_SCHEDULE, SOFTIRQ_STAND };

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, iomap;
} __packed;

/*
 * Numbers and addresses only, nothing of a guest's but where it was interrupted (mm/pti.c).
 *
 * What only this CPU uses comes first; what others write to it, and what they read of it, have cache lines of
 * their own.
 */
struct cpu {
	struct cpu *self;
	struct vcpu *curr;
	uint64_t frame_top;		/* end of ss in current->regs: where SYSCALL builds its frame */
	uint64_t stack_top;		/* C stack; empty whenever a guest runs */
	uint64_t scratch;		/* user rsp, for a moment, in the SYSCALL entry */
	uint64_t hv_cr3, guest_cr3;	/* page-table isolation: to be loaded on the way in and out; 0: none */
	uint64_t *iret_frame;		/* isolation: the five quadwords at the end of entry_stack */
	unsigned id;
	uint32_t apic_id;
	struct vcpu *idle;
	uint64_t wakeups;		/* times it left the halt of its idle loop */
	struct timer slice;		/* ends the running vcpu's turn */
	unsigned looks;			/* of cpu_relax */
	uint64_t cr4;			/* what CR4 holds */
	uint32_t tsc_aux;		/* and MSR_TSC_AUX */
	uint64_t tsc_boot;		/* this TSC at system time 0 */
	void *gdt_page;			/* the reserved page 14 of every GDT window */
	mfn_t gdt_mfn;

	/* atomic, set by any CPU: */
	uint32_t softirq_pending __aligned(64);	/* bits of enum softirq */
	uint32_t requests;			/* ipi.c */

	/* written by this CPU alone, read by others: */
	uint32_t tlb_flushed __aligned(64);	/* tlb_clock before its last full flush */
	struct vcpu *loaded;		/* whose CR3, GDT, LDT, FPU, segments are in the registers */

	/* sched_lock, with the scheduling state of the vcpus whose CPU this is */
	spinlock_t sched_lock __aligned(64);
	struct list ready;		/* the policy's queue: who can run, who runs included */
	unsigned nr_ready;
	s_time_t picked_at;		/* when schedule() last chose */
	bool slicing;			/* and it will choose again when a slice has ended */

	/* timer_lock */
	spinlock_t timer_lock __aligned(64);
	struct list timers;		/* armed ones, soonest first */
	s_time_t apic_deadline;		/* what the one-shot timer is armed for */
	struct timer *timer_firing;	/* its handler runs */
	struct tss tss __aligned(128);

	/* mm/pti.c: our root, and which slots of the guest's it has */
	uint64_t *pti_l4;
	uint16_t pti_slot[PTI_SLOTS];
	unsigned pti_slots, pti_next;

	uint64_t db_stack[14] __aligned(16);	/* of debug exceptions */
	struct cpu *db_self;		/* above its frames: whose it is (entry.asm) */
	uint64_t entry_stack[32] __aligned(16);	/* isolation: where the CPU builds the frames of traps */
} __aligned(PAGE_SIZE);			/* whole pages: guests' tables show them where they are isolated, and nothing else */

extern struct cpu *cpus[MAX_CPUS];
extern unsigned nr_cpus;
extern bool cpus_stopped;			/* one has panicked */

static inline struct cpu *this_cpu(void)
{
	struct cpu *c;

	__asm__("mov %%gs:0, %0" : "=r"(c));
	return c;
}

static inline struct vcpu *current_vcpu(void)
{
	struct vcpu *v;

	__asm__ volatile("mov %%gs:8, %0" : "=r"(v));
	return v;
}
#define current current_vcpu()

static inline void raise_softirq(enum softirq s)
{
	__atomic_or_fetch(&this_cpu()->softirq_pending, 1u << s, __ATOMIC_RELAXED);
}

static inline uint64_t cpus_online(void) { return nr_cpus < 64 ? BIT(nr_cpus) - 1 : ~0ULL; }

/* --- ipi.c --- */
/* In every loop that waits for another CPU: serves what that one may wait for. */
void cpu_relax(void);
void cpu_softirq(struct cpu *c, enum softirq s);	/* raise one on any CPU, and have it notice */
void cpu_kick(struct cpu *c);				/* have it call schedule() soon */
void cpu_poke(unsigned cpu);				/* make its guest come out and look for events */
void cpu_request_flush(unsigned cpu);			/* of all guests' translations; does not wait */
void cpu_request_unload(unsigned cpu);			/* of what it has kept while idle; does not wait */
/* Between these all other CPUs wait, outside of any hypercall; domctl_lock held. */
void cpus_halt_others(void);
void cpus_resume_others(void);
void stand_softirq(void);

/* Features found at boot. */
struct cpu_features {
	bool smep, smap, xsave, pge, page1gb, tsc_aux;
	bool translated;		/* an emulator that runs translations of the code (stale_code.c) */
	uint64_t xcr0;
	unsigned xsave_size;
	unsigned maxphysaddr;
};
extern struct cpu_features cpu_features;
extern uint64_t hv_cr4, guest_cr4;	/* CR4 without what guests may choose; what they may choose */

void cpu_detect(void);			/* boot CPU: fill cpu_features */
void cpu_init_percpu(unsigned id);	/* this_cpu() works */
/* Memory for another CPU: its area, GDT page and stacks. NULL: there is none. */
struct cpu *cpu_create(unsigned id, uint32_t apic_id);
void cpu_destroy(struct cpu *c);	/* that never ran */
void cpu_init(unsigned id);		/* GDT, IDT, TSS, MSRs, CR0, CR4 of the CPU it runs on */
/* Its struct cpu by the stack it is on, for GS may be a guest's; for reports, when nothing is certain. */
struct cpu *cpu_find(void);
/* Others halt where they are, by NMI: before the machine stops. */
void cpus_stop_others(void);

/* --- mcheck.c --- */
void mcheck_init_cpu(void);		/* machine checks are on, on the CPU it runs on */
void mcheck_report(bool in_guest);	/* what the banks say of one; this_cpu() works */

/* --- boot/smp.c --- */
void smp_init(void);			/* starts the other CPUs; each is idle then */
void cpu_patch_smap(void);
void timer_softirq(void);
void cpu_load_own_gdt(const struct cpu *c);

#endif
