/* SPDX-License-Identifier: MIT */
/*
 * Device interrupts: GSIs, which come through an IOAPIC, then messages (msi.c). A GSI belongs to the hypervisor (a handler)
 * or to dom0 (a pirq, passed on as an event); a message only to dom0.
 * The local APIC gets its EOI at once in either case; a level-triggered pirq stays masked in the IOAPIC from
 * its arrival until dom0 says PHYSDEVOP_eoi, else it would storm. One that is not level-triggered is masked
 * for a while when it comes faster than any device has reason to. irq_lock guards the table, the IOAPICs and the
 * messages; it is taken inside event_lock and never while sending an event.
 */
#include "domain.h"
#include "errno.h"
#include "event.h"
#include "irq.h"
#include "lib.h"
#include "printk.h"

#define STORM_COUNT 4096		/* so many within STORM_TIME are a storm */
#define STORM_TIME MILLISECS(10)

struct irq {
	void (*handler)(void);		/* ours */
	struct domain *owner;		/* or a guest's: dom0, which never goes away */
	unsigned pirq;
	bool level, low;
	bool configured;		/* level and low are what dom0 asked for */
	bool in_service;		/* masked until the guest's EOI */
	unsigned count;			/* arrivals; every STORM_COUNT of them the clock is read */
	s_time_t counted_from;
	struct timer calm;		/* ends the silence after a storm */
};

static struct irq irqs[NR_PIRQS];	/* by GSI, then by slot of msi.c */
static spinlock_t irq_lock;

static struct irq *irq_of(unsigned i) { return &irqs[index_nospec(i, NR_PIRQS)]; }

static void irq_mask(const struct irq *q, bool mask)
{
	unsigned i = q - irqs;

	if (i < NR_GSIS)
		ioapic_mask(i, mask);
	else if (msi_used(i - NR_GSIS))
		msi_mask(i - NR_GSIS, mask);
}

/* 0x80 is the guests' own system-call gate in the IDT. */
static bool vector_usable(unsigned gsi)
{
	return gsi < ioapic_nr_gsis() && VECTOR_IRQ_BASE + gsi != 0x80;
}

/* The index into irqs. */
static unsigned pirq_irq(unsigned pirq)
{
	bool level, low;

	return pirq < 16 ? isa_irq_to_gsi(pirq, &level, &low) : pirq;
}

bool pirq_is_gsi(unsigned pirq)
{
	return pirq < NR_GSIS && vector_usable(pirq_irq(pirq));
}

bool pirq_valid(unsigned pirq)
{
	return pirq < NR_GSIS ? pirq_is_gsi(pirq) :
	       pirq < NR_PIRQS && msi_used(index_nospec(pirq - NR_GSIS, NR_MSIS));
}

static int route(unsigned gsi)
{
	struct irq *q = &irqs[gsi];
	int rc;

	if (!q->configured)
		gsi_trigger(gsi, &q->level, &q->low);
	rc = ioapic_route(gsi, VECTOR_IRQ_BASE + gsi, q->level, q->low);
	if (!rc)
		ioapic_mask(gsi, false);
	return rc;
}

int irq_set_hv_handler(unsigned gsi, void (*fn)(void))
{
	int rc = -EINVAL;

	spin_lock(&irq_lock);
	if (vector_usable(gsi)) {
		irqs[gsi].handler = fn;
		rc = route(gsi);
	}
	spin_unlock(&irq_lock);
	return rc;
}

int irq_ioapic_read(maddr_t base, unsigned reg, uint32_t *value)
{
	int rc;

	spin_lock(&irq_lock);
	rc = ioapic_read(base, reg, value);
	spin_unlock(&irq_lock);
	return rc;
}

static void storm_over(void *arg)
{
	struct irq *q = arg;

	spin_lock(&irq_lock);
	if (q->owner && !q->in_service)
		irq_mask(q, false);
	spin_unlock(&irq_lock);
}

/* A guest's interrupt arrived that nothing masks by itself. */
static void count_arrival(struct irq *q)
{
	s_time_t t;

	if (likely(++q->count % STORM_COUNT))
		return;
	t = now();
	if (t - q->counted_from < STORM_TIME) {
		irq_mask(q, true);
		domain_log(q->owner, LOG_WARN, "interrupt %u storms: masked for 10 ms", q->pirq);
		timer_set(&q->calm, t + STORM_TIME);
	}
	q->counted_from = t;
}

void irq_dispatch(unsigned vector)
{
	unsigned i = vector - VECTOR_IRQ_BASE, pirq;
	struct domain *owner;
	void (*handler)(void);
	struct irq *q;

	if (vector == VECTOR_SPURIOUS)
		return;			/* has no EOI */
	if (i >= NR_PIRQS) {
		apic_eoi();
		printk(LOG_WARN, "interrupt on unused vector %#x", vector);
		return;
	}
	q = &irqs[i];
	spin_lock(&irq_lock);
	handler = q->handler;
	owner = q->owner;
	pirq = q->pirq;
	if (owner && q->level)
		q->in_service = true;
	if (owner ? q->level : !handler)
		irq_mask(q, true);
	else if (owner)
		count_arrival(q);
	spin_unlock(&irq_lock);
	apic_eoi();
	if (handler)
		handler();
	else if (owner)
		evtchn_send_pirq(owner, pirq);
}

int pirq_setup(unsigned gsi, bool level, bool low)
{
	struct irq *q;
	int rc = 0;

	if (!vector_usable(gsi))
		return -EINVAL;
	q = irq_of(gsi);
	spin_lock(&irq_lock);
	if (q->handler) {
		rc = -EEXIST;		/* ours, and set up already */
	} else if (q->owner && (q->level != level || q->low != low)) {
		rc = -EBUSY;
	} else {
		q->level = level;
		q->low = low;
		q->configured = true;
	}
	spin_unlock(&irq_lock);
	return rc;
}

int pirq_map_msi(struct domain *d, const struct msi_request *r, int pirq)
{
	int slot;

	if (!d->privileged)
		return -EPERM;
	if (pirq >= 0 && (pirq < NR_GSIS || pirq >= NR_PIRQS))
		return -EINVAL;
	spin_lock(&irq_lock);
	slot = msi_map(d, r, pirq < 0 ? -1 : (int)index_nospec(pirq - NR_GSIS, NR_MSIS));
	spin_unlock(&irq_lock);
	return slot < 0 ? slot : NR_GSIS + slot;
}

int pirq_unmap(unsigned pirq)
{
	unsigned slot = index_nospec(pirq - NR_GSIS, NR_MSIS);
	int rc = 0;

	if (pirq < NR_GSIS)
		return pirq_is_gsi(pirq) ? 0 : -EINVAL;
	if (pirq >= NR_PIRQS)
		return -EINVAL;
	spin_lock(&irq_lock);
	if (!msi_used(slot))
		rc = -EINVAL;
	else if (irqs[NR_GSIS + slot].owner)
		rc = -EBUSY;
	else
		msi_unmap(slot);
	spin_unlock(&irq_lock);
	return rc;
}

int pirq_bind(struct domain *d, unsigned pirq, bool shareable)
{
	struct irq *q;
	int rc = -EBUSY;

	(void)shareable;		/* one owner only: there is nobody to share with */
	if (!d->privileged)
		return -EPERM;
	spin_lock(&irq_lock);
	if (!pirq_valid(pirq)) {
		rc = -EINVAL;
		goto out;
	}
	q = irq_of(pirq_irq(pirq));
	if (q->handler || q->owner)
		goto out;
	rc = pirq < NR_GSIS ? route(q - irqs) : 0;
	if (rc)
		goto out;
	q->owner = d;
	q->pirq = pirq;
	q->in_service = false;
	if (!q->calm.fn)
		timer_init(&q->calm, storm_over, q);
	irq_mask(q, false);
out:
	spin_unlock(&irq_lock);
	return rc;
}

/* The entry of a pirq d has bound, or NULL. irq_lock held. */
static struct irq *bound(struct domain *d, unsigned pirq)
{
	struct irq *q = pirq_valid(pirq) ? irq_of(pirq_irq(pirq)) : NULL;

	return q && q->owner == d && q->pirq == pirq ? q : NULL;
}

void pirq_unbind(struct domain *d, unsigned pirq)
{
	struct irq *q;

	spin_lock(&irq_lock);
	q = bound(d, pirq);
	if (q) {
		irq_mask(q, true);
		q->owner = NULL;
		q->in_service = false;
	}
	spin_unlock(&irq_lock);
}

int pirq_eoi(struct domain *d, unsigned pirq)
{
	struct irq *q;

	spin_lock(&irq_lock);
	q = bound(d, pirq);
	if (q && q->in_service) {
		q->in_service = false;
		irq_mask(q, false);
	}
	spin_unlock(&irq_lock);
	return q ? 0 : -EINVAL;
}

bool pirq_needs_eoi(unsigned pirq)
{
	bool level, low;
	struct irq *q;

	if (!pirq_is_gsi(pirq))
		return false;
	q = irq_of(pirq_irq(pirq));
	if (q->configured || q->owner)
		return q->level;
	gsi_trigger(q - irqs, &level, &low);
	return level;
}
