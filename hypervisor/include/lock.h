/* SPDX-License-Identifier: MIT */
/*
 * Ticket spin locks. Interrupts are off everywhere in the hypervisor except in named windows
 * (idle, preemption points) where no lock is held but d->mm_lock or domctl_lock, which no interrupt handler
 * takes; so a lock needs no irqsave form.
 *
 * The order, outermost first; a lock may be taken while holding any lock above it:
 *   domctl_lock         creation, destruction and control of domains
 *   d->mm_lock          page-table operations of a domain: validation, mmu_update, pinning, GDT, LDT
 *   d->grant_lock       (two at once: lower address first)
 *   d->event_lock       (two at once: lower address first)
 *   domain_list_lock    the list of domains
 *   d->page_lock        the domain's list of frames and their number
 *   claim_lock          pages promised to domains
 *   irq_lock            who gets which interrupt; IOAPICs, MSI
 *   pci_lock            an access to PCI configuration space
 *   sched lock          run queues, vcpu states
 *   timer lock          a CPU's armed timers
 *   heap lock, page allocator lock
 *   console lock
 */
#ifndef HV_LOCK_H
#define HV_LOCK_H

#include "types.h"

typedef struct { uint16_t next, owner; } spinlock_t;

/* Until it is the ticket's turn; serves other CPUs' TLB flushes meanwhile. It keeps all registers, so that
 * nobody pays for the wait that there hardly ever is. */
void spin_wait(const spinlock_t *l, uint16_t ticket) __keeps_registers;

static inline void spin_lock(spinlock_t *l)
{
	uint16_t ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_ACQUIRE);

	if (unlikely(__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != ticket))
		spin_wait(l, ticket);
}

/* false: it is held. */
static inline bool __must_check spin_trylock(spinlock_t *l)
{
	spinlock_t s = { .next = READ_ONCE(l->owner), .owner = READ_ONCE(l->owner) }, n = s;

	n.next++;
	return s.next == s.owner && __atomic_compare_exchange(l, &s, &n, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void spin_unlock(spinlock_t *l)
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

#endif
