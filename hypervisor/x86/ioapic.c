/* SPDX-License-Identifier: MIT */
/*
 * IOAPICs: one redirection entry a pin, pins numbered as GSIs across all IOAPICs of the MADT. Interrupts go to
 * the boot CPU, fixed, physical. Registers are reached through an index and a data window, so every
 * access is made under irq.c's lock (or at boot).
 */
#include "boot.h"
#include "cpu.h"
#include "errno.h"
#include "irq.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"
#include "x86.h"

#define REG_VERSION 1
#define REG_RTE(pin) (0x10 + 2 * (pin))
#define REG_MAX 0xff
#define RTE_LOW BIT(13)
#define RTE_LEVEL BIT(15)
#define RTE_MASKED BIT(16)

struct ioapic { volatile uint32_t *regs; maddr_t base; unsigned gsi_base, pins; };

static struct ioapic ioapics[ARRAY_SIZE(acpi.ioapic)];
static unsigned nr_ioapics, nr_gsis;

static uint32_t reg_read(const struct ioapic *io, unsigned reg)
{
	io->regs[0] = reg;
	return io->regs[4];
}

static void reg_write(const struct ioapic *io, unsigned reg, uint32_t v)
{
	io->regs[0] = reg;
	io->regs[4] = v;
}

static const struct ioapic *find(unsigned gsi, unsigned *pin)
{
	for (unsigned i = 0; i < nr_ioapics; i++) {
		*pin = gsi - ioapics[i].gsi_base;
		if (gsi >= ioapics[i].gsi_base && *pin < ioapics[i].pins)
			return &ioapics[i];
	}
	return NULL;
}

/* The 8259s: moved off the exception vectors, for even masked ones can raise a spurious interrupt. */
static void __init pic_disable(void)
{
	outb(0x20, 0x11);
	outb(0xa0, 0x11);
	outb(0x21, 0x20);
	outb(0xa1, 0x28);
	outb(0x21, 4);
	outb(0xa1, 2);
	outb(0x21, 1);
	outb(0xa1, 1);
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
}

void __init ioapic_init(void)
{
	pic_disable();
	for (unsigned i = 0; i < acpi.nr_ioapics; i++) {
		struct ioapic *io = &ioapics[nr_ioapics];

		io->base = acpi.ioapic[i].base;
		io->gsi_base = acpi.ioapic[i].gsi_base;
		io->regs = ioremap(io->base, PAGE_SIZE, true);
		if (!io->regs || io->gsi_base >= NR_GSIS) {
			printk(LOG_WARN, "IOAPIC at %lx (GSI %u on) not usable", io->base, io->gsi_base);
			continue;
		}
		io->pins = MIN((reg_read(io, REG_VERSION) >> 16 & 0xff) + 1, NR_GSIS - io->gsi_base);
		for (unsigned pin = 0; pin < io->pins; pin++)
			reg_write(io, REG_RTE(pin), RTE_MASKED);
		nr_gsis = MAX(nr_gsis, io->gsi_base + io->pins);
		nr_ioapics++;
	}
	printk(LOG_INFO, "%u IOAPICs, %u interrupt pins", nr_ioapics, nr_gsis);
}

int ioapic_route(unsigned gsi, uint8_t vector, bool level, bool low)
{
	unsigned pin;
	const struct ioapic *io = find(gsi, &pin);

	if (!io)
		return -EINVAL;
	reg_write(io, REG_RTE(pin), RTE_MASKED);
	reg_write(io, REG_RTE(pin) + 1, cpus[0]->apic_id << 24);
	reg_write(io, REG_RTE(pin), vector | RTE_MASKED | (level ? RTE_LEVEL : 0) | (low ? RTE_LOW : 0));
	return 0;
}

void ioapic_mask(unsigned gsi, bool mask)
{
	unsigned pin;
	const struct ioapic *io = find(gsi, &pin);
	uint32_t v;

	if (!io)
		return;
	v = reg_read(io, REG_RTE(pin));
	reg_write(io, REG_RTE(pin), mask ? v | RTE_MASKED : v & ~RTE_MASKED);
}

unsigned ioapic_nr_gsis(void)
{
	return nr_gsis;
}

static const struct ioapic *find_at(maddr_t base)
{
	for (unsigned i = 0; i < nr_ioapics; i++)
		if (ioapics[i].base == base)
			return &ioapics[i];
	return NULL;
}

bool ioapic_present(maddr_t base)
{
	return find_at(base) != NULL;
}

int ioapic_read(maddr_t base, unsigned reg, uint32_t *value)
{
	const struct ioapic *io = find_at(base);

	if (!io || reg > REG_MAX)
		return -EINVAL;
	*value = reg_read(io, reg);
	return 0;
}

/* MPS flags of an override: polarity in bits 0-1, trigger in bits 2-3; 0 means as the bus does. */
static void isa_trigger(uint16_t flags, bool *level, bool *low)
{
	*low = (flags & 3) == 3;
	*level = (flags >> 2 & 3) == 3;
}

unsigned isa_irq_to_gsi(unsigned irq, bool *level, bool *low)
{
	*level = *low = false;
	if (irq >= ARRAY_SIZE(acpi.isa_override) || !acpi.isa_override[irq].set)
		return irq;
	isa_trigger(acpi.isa_override[irq].flags, level, low);
	return acpi.isa_override[irq].gsi;
}

void gsi_trigger(unsigned gsi, bool *level, bool *low)
{
	*level = *low = gsi >= ARRAY_SIZE(acpi.isa_override);
	for (unsigned i = 0; i < ARRAY_SIZE(acpi.isa_override); i++)
		if (acpi.isa_override[i].set && acpi.isa_override[i].gsi == gsi)
			isa_trigger(acpi.isa_override[i].flags, level, low);
}
