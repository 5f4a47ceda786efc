/* SPDX-License-Identifier: MIT */
/*
 * Ticket spin locks. Interrupts are off everywhere in the hypervisor except in named windows
 * (idle, preemption points) where no lock is held but mm_lock or domctl_lock, which no interrupt handler
 * takes; so a lock needs no irqsave form. Who waits for a lock has interrupts off as well: it serves TLB flushes
 * for others (cpu_relax), so these may be waited for with any lock held. For anything else that another CPU
 * has to do (stop a vcpu, put its state away, end a timer's handler) one waits only with domctl_lock held, which
 * therefore is only ever tried for: who does not get it begins its hypercall again.
 *
 * The order, outermost first; a lock may be taken while holding any lock above it. Of one kind two may be held,
 * the lower address first. By their names the debug build (lock_check.c) checks it.
 *
 *   domctl_lock         creation, destruction and control of domains
 *   mm_lock             a domain: page-table operations: validation, mmu_update, pinning, GDT, LDT
 *   shutdown_lock       a domain: that it ended and why; watchdogs
 *   grant_lock          a domain: what it grants, what it has mapped
 *   event_lock          a domain: its ports
 *   irq_lock            GSIs and IOAPICs
 *   pci_lock            PCI configuration space
 *   domain_list_lock    the list of domains
 *   page_lock           a domain: the list of its frames and their number
 *   sched_lock          a CPU: its queue, the states of the vcpus that belong to it
 *   timer_lock          a CPU: its armed timers
 *   heap_lock           small objects
 *   map_lock            our own page tables
 *   alloc_lock          free pages, and what is promised of them
 *   time_lock           the wall clock
 *   output_lock         the console and the log
 */
#ifndef HV_LOCK_H
#define HV_LOCK_H

#include "types.h"

typedef struct { uint16_t next, owner; } __aligned(4) spinlock_t;

/* Until it is the ticket's turn; serves other CPUs' TLB flushes meanwhile. It keeps all registers, so that
 * nobody pays for the wait that there hardly ever is. */
void spin_wait(const spinlock_t *l, uint16_t ticket) __keeps_registers;

static inline void spin_lock_plain(spinlock_t *l)
{
	uint16_t ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_ACQUIRE);

	if (unlikely(__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != ticket))
		spin_wait(l, ticket);
}

/* false: it is held. */
static inline bool __must_check spin_trylock_plain(spinlock_t *l)
{
	spinlock_t s = { .next = READ_ONCE(l->owner), .owner = READ_ONCE(l->owner) }, n = s;

	n.next++;
	return s.next == s.owner && __atomic_compare_exchange(l, &s, &n, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void spin_unlock_plain(spinlock_t *l)
{
	__atomic_store_n(&l->owner, l->owner + 1, __ATOMIC_RELEASE);
}

static inline bool spin_is_locked(const spinlock_t *l)
{
	return READ_ONCE(l->next) != READ_ONCE(l->owner);
}

/* We hold it: does anybody wait for it? */
static inline bool spin_is_wanted(const spinlock_t *l)
{
	return (uint16_t)(READ_ONCE(l->next) - l->owner) > 1;
}

#ifdef HV_DEBUG
/* lock_check.c; what: the expression that names the lock; kind: a word for each place, 0 at first. */
void spin_lock_checked(spinlock_t *l, const char *what, uint8_t *kind);
bool spin_trylock_checked(spinlock_t *l, const char *what, uint8_t *kind) __must_check;
void spin_unlock_checked(spinlock_t *l);
void lock_check_window(void);		/* interrupts are about to be let in */
#define spin_lock(l) ({ static uint8_t kind_; spin_lock_checked(l, #l, &kind_); })
#define spin_trylock(l) ({ static uint8_t kind_; spin_trylock_checked(l, #l, &kind_); })
#define spin_unlock(l) spin_unlock_checked(l)
#else
#define spin_lock(l) spin_lock_plain(l)
#define spin_trylock(l) spin_trylock_plain(l)
#define spin_unlock(l) spin_unlock_plain(l)
static inline void lock_check_window(void) { }
#endif

#endif
