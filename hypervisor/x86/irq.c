/* SPDX-License-Identifier: MIT */
/*
 * Device interrupts. A GSI belongs to the hypervisor (a handler) or to dom0 (a pirq, passed on as an event).
 * The local APIC gets its EOI at once in either case; a level-triggered pirq stays masked in the IOAPIC from
 * its arrival until dom0 says PHYSDEVOP_eoi, else it would storm. irq_lock guards the table and the IOAPICs;
 * it is taken inside event_lock and never while sending an event.
 */
#include "domain.h"
#include "errno.h"
#include "event.h"
#include "irq.h"
#include "lib.h"
#include "printk.h"

struct gsi {
	void (*handler)(void);		/* ours */
	struct domain *owner;		/* or a guest's: dom0, which never goes away */
	unsigned pirq;
	bool level, low;
	bool configured;		/* level and low are what dom0 asked for */
	bool in_service;		/* masked until the guest's EOI */
};

static struct gsi gsis[NR_GSIS];
static spinlock_t irq_lock;

/* 0x80 is the guests' own system-call gate in the IDT. */
static bool vector_usable(unsigned gsi)
{
	return gsi < ioapic_nr_gsis() && VECTOR_IRQ_BASE + gsi != 0x80;
}

static unsigned pirq_gsi(unsigned pirq)
{
	bool level, low;

	return pirq < 16 ? isa_irq_to_gsi(pirq, &level, &low) : pirq;
}

bool pirq_valid(unsigned pirq)
{
	return pirq < NR_GSIS && vector_usable(pirq_gsi(pirq));
}

static int route(unsigned gsi)
{
	struct gsi *g = &gsis[gsi];
	int rc;

	if (!g->configured)
		gsi_trigger(gsi, &g->level, &g->low);
	rc = ioapic_route(gsi, VECTOR_IRQ_BASE + gsi, g->level, g->low);
	if (!rc)
		ioapic_mask(gsi, false);
	return rc;
}

int irq_set_hv_handler(unsigned gsi, void (*fn)(void))
{
	int rc = -EINVAL;

	spin_lock(&irq_lock);
	if (vector_usable(gsi)) {
		gsis[gsi].handler = fn;
		rc = route(gsi);
	}
	spin_unlock(&irq_lock);
	return rc;
}

void irq_dispatch(unsigned vector)
{
	unsigned gsi = vector - VECTOR_IRQ_BASE, pirq;
	struct domain *owner;
	void (*handler)(void);
	struct gsi *g;

	if (vector == VECTOR_SPURIOUS)
		return;			/* has no EOI */
	if (gsi >= NR_GSIS) {
		apic_eoi();
		printk(LOG_WARN, "interrupt on unused vector %#x", vector);
		return;
	}
	g = &gsis[gsi];
	spin_lock(&irq_lock);
	handler = g->handler;
	owner = g->owner;
	pirq = g->pirq;
	if (owner && g->level)
		g->in_service = true;
	if ((owner && g->level) || (!owner && !handler))
		ioapic_mask(gsi, true);
	spin_unlock(&irq_lock);
	apic_eoi();
	if (handler)
		handler();
	else if (owner)
		evtchn_send_pirq(owner, pirq);
}

int pirq_setup(unsigned gsi, bool level, bool low)
{
	struct gsi *g;
	int rc = 0;

	if (!vector_usable(gsi))
		return -EINVAL;
	g = &gsis[index_nospec(gsi, NR_GSIS)];
	spin_lock(&irq_lock);
	if (g->handler || (g->owner && (g->level != level || g->low != low))) {
		rc = -EBUSY;
	} else {
		g->level = level;
		g->low = low;
		g->configured = true;
	}
	spin_unlock(&irq_lock);
	return rc;
}

int pirq_bind(struct domain *d, unsigned pirq, bool shareable)
{
	unsigned gsi;
	struct gsi *g;
	int rc = -EBUSY;

	(void)shareable;		/* one owner only: there is nobody to share with */
	if (!d->privileged)
		return -EPERM;
	if (!pirq_valid(pirq))
		return -EINVAL;
	gsi = pirq_gsi(pirq);
	g = &gsis[index_nospec(gsi, NR_GSIS)];
	spin_lock(&irq_lock);
	if (!g->handler && !g->owner) {
		rc = route(gsi);
		if (!rc) {
			g->owner = d;
			g->pirq = pirq;
			g->in_service = false;
		}
	}
	spin_unlock(&irq_lock);
	return rc;
}

/* The entry of a pirq d has bound, or NULL. irq_lock held. */
static struct gsi *bound(struct domain *d, unsigned pirq)
{
	struct gsi *g = pirq_valid(pirq) ? &gsis[index_nospec(pirq_gsi(pirq), NR_GSIS)] : NULL;

	return g && g->owner == d && g->pirq == pirq ? g : NULL;
}

void pirq_unbind(struct domain *d, unsigned pirq)
{
	struct gsi *g;

	spin_lock(&irq_lock);
	g = bound(d, pirq);
	if (g) {
		ioapic_mask(g - gsis, true);
		g->owner = NULL;
		g->in_service = false;
	}
	spin_unlock(&irq_lock);
}

int pirq_eoi(struct domain *d, unsigned pirq)
{
	struct gsi *g;

	if (!pirq_valid(pirq))
		return -EINVAL;
	spin_lock(&irq_lock);
	g = bound(d, pirq);
	if (g && g->in_service) {
		g->in_service = false;
		ioapic_mask(g - gsis, false);
	}
	spin_unlock(&irq_lock);
	return 0;
}

bool pirq_needs_eoi(unsigned pirq)
{
	bool level, low;

	if (!pirq_valid(pirq))
		return false;
	if (gsis[pirq_gsi(pirq)].configured || gsis[pirq_gsi(pirq)].owner)
		return gsis[pirq_gsi(pirq)].level;
	gsi_trigger(pirq_gsi(pirq), &level, &low);
	return level;
}
