/* SPDX-License-Identifier: MIT */
/* Interrupt vectors, local APIC, IOAPIC, MSI and the physical interrupts that dom0 binds as pirqs. */
#ifndef HV_IRQ_H
#define HV_IRQ_H

#include "types.h"

struct domain;

#define VECTOR_IRQ_BASE	0x30		/* GSI n of up to 128 -> vector 0x30 + n */
#define NR_GSIS		128
#define NR_MSIS		64		/* slot n -> vector 0xb0 + n, pirq 128 + n */
#define NR_PIRQS	(NR_GSIS + NR_MSIS)
#define VECTOR_TIMER	0xf0
#define VECTOR_IPI	0xf1
#define VECTOR_SPURIOUS	0xff

void apic_init(void);				/* boot: maps the registers, chooses the mode */
void apic_init_cpu(void);			/* this CPU's: on, everything masked but the timer */
void apic_eoi(void);
uint32_t apic_id(void);				/* of this CPU */
bool apic_can_address(uint32_t id);		/* ids from 255 on need the x2APIC mode */
void apic_ipi(uint32_t id, uint32_t command);	/* a vector, or one of: */
#define APIC_INIT	0x4500
#define APIC_STARTUP(page) (0x4600 | (page))
#define APIC_NMI	0x4400
void apic_timer_arm(uint32_t ticks);		/* one shot, 0 stops */
uint32_t apic_timer_count(void);		/* what is left of it */
extern uint32_t apic_khz;			/* timer ticks per ms */

/* --- ioapic.c --- */
void ioapic_init(void);				/* masks everything, the old PICs too */
/* Route a GSI to this CPU; masked at first. -EINVAL: no such pin. */
int ioapic_route(unsigned gsi, uint8_t vector, bool level, bool low);
void ioapic_mask(unsigned gsi, bool mask);
unsigned ioapic_nr_gsis(void);
/* A register of the IOAPIC at this machine address; -EINVAL: no such IOAPIC. */
int ioapic_read(maddr_t base, unsigned reg, uint32_t *value);
bool ioapic_present(maddr_t base);		/* no lock */
/* Trigger and polarity by the MADT: its overrides, else ISA's (edge, high), else PCI's (level, low). */
void gsi_trigger(unsigned gsi, bool *level, bool *low);
unsigned isa_irq_to_gsi(unsigned irq, bool *level, bool *low);

/* --- msi.c: irq.c's lock is held --- */
struct msi_request {
	uint16_t bdf;
	uint16_t entry;				/* MSI-X: of the table */
	maddr_t table_base;			/* MSI-X: the BAR its table lies in; 0: MSI */
};
/* A slot, masked: wanted or, if negative, any. -ENODEV: the function has no such capability; -EEXIST: it is mapped
 * already; -EINVAL: no such entry, or its table is nowhere where a device's may be; -ENXIO: the function does not
 * decode memory; -EBUSY: not free; -ENOSPC. */
int msi_map(const struct domain *d, const struct msi_request *r, int wanted);
void msi_unmap(unsigned slot);
bool msi_used(unsigned slot);
void msi_mask(unsigned slot, bool mask);
/* No lock: is this a page with a table entry in use? */
bool msi_table_page(mfn_t mfn);

/* --- irq.c --- */
void ipi_handle(void);				/* VECTOR_IPI; ipi.c */
void irq_dispatch(unsigned vector);		/* from the entry code: EOI rules included */
int irq_set_hv_handler(unsigned gsi, void (*fn)(void));	/* serial; routed and unmasked at once */
/* dom0's pirq: below 16 an ISA interrupt, below NR_GSIS the GSI of that number, else a mapped message. */
int pirq_setup(unsigned gsi, bool level, bool low);	/* PHYSDEVOP_setup_gsi; -EBUSY: bound otherwise;
									 * -EEXIST: the hypervisor's own */
/* -EPERM: not dom0, -EBUSY: bound or ours, -EINVAL: no such pin or message. Caller holds event_lock. */
int pirq_bind(struct domain *d, unsigned pirq, bool shareable);
void pirq_unbind(struct domain *d, unsigned pirq);
int pirq_eoi(struct domain *d, unsigned pirq);	/* guest is done: unmask a level interrupt */
bool pirq_needs_eoi(unsigned pirq);
bool pirq_valid(unsigned pirq);
bool pirq_is_gsi(unsigned pirq);
int irq_ioapic_read(maddr_t base, unsigned reg, uint32_t *value);	/* PHYSDEVOP_apic_read */
int pirq_map_msi(struct domain *d, const struct msi_request *r, int pirq);	/* pirq or msi_map's errors, -EPERM */
int pirq_unmap(unsigned pirq);			/* -EINVAL: not mapped, -EBUSY: bound */
/* physdev.c: dom0's page of pirqs that need an EOI, held as writable; MFN_NONE: none. */
mfn_t physdev_eoi_frame(void);

#endif
