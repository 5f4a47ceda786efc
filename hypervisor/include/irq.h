/* SPDX-License-Identifier: MIT */
/* Interrupt vectors, local APIC, IOAPIC and the physical interrupts (GSIs) that dom0 binds as pirqs. */
#ifndef HV_IRQ_H
#define HV_IRQ_H

#include "types.h"

struct domain;

#define VECTOR_IRQ_BASE	0x30		/* GSI n of up to 128 -> vector 0x30 + n */
#define NR_GSIS		128
#define VECTOR_TIMER	0xf0
#define VECTOR_IPI	0xf1
#define VECTOR_SPURIOUS	0xff

void apic_init(void);
void apic_eoi(void);
void apic_timer_arm(uint32_t ticks);		/* one shot, 0 stops */
extern uint32_t apic_khz;			/* timer ticks per ms */

void ioapic_init(void);
/* Route a GSI to this CPU; level or edge, polarity by MADT overrides; masked at first. */
int ioapic_route(unsigned gsi, uint8_t vector, bool level, bool low);
void ioapic_mask(unsigned gsi, bool mask);
unsigned ioapic_nr_gsis(void);
uint32_t ioapic_read(maddr_t base, unsigned reg, int *err);	/* PHYSDEVOP_apic_read */
int ioapic_guest_write(maddr_t base, unsigned reg, uint32_t val);

/* irq.c */
void irq_dispatch(unsigned vector);		/* from the entry code: EOI rules included */
void irq_set_hv_handler(unsigned gsi, void (*fn)(void));	/* serial */
/* dom0's pirq = GSI. shareable: level. -EBUSY, -EINVAL. */
int pirq_bind(struct domain *d, unsigned pirq, bool shareable);
void pirq_unbind(struct domain *d, unsigned pirq);
int pirq_eoi(struct domain *d, unsigned pirq);	/* guest is done: unmask a level interrupt */
bool pirq_needs_eoi(unsigned pirq);
unsigned isa_irq_to_gsi(unsigned irq, bool *level, bool *low);

#endif
