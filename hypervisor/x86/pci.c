/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space of segment 0, through the address port 0xcf8 and the data port 0xcfc. The two are shared
 * with dom0: its writes to the address port are only remembered (pv/ports.c) and come here with each access
 * to the data, so neither side ever meets the other's address. What is read is a device's word, never trusted.
 * pci_lock makes the pair of accesses one.
 */
#include "irq.h"
#include "lock.h"
#include "pci.h"
#include "x86.h"

#define STATUS 0x06
#define STATUS_CAPABILITIES BIT(4)
#define HEADER_TYPE 0x0e
#define CAPABILITY_FIRST 0x34
#define CAPABILITIES_MAX 48		/* as many as fit behind a header */

static spinlock_t pci_lock;

uint32_t pci_data_read(uint32_t address, unsigned offset, unsigned bytes)
{
	uint16_t port = PCI_DATA_PORT + offset;
	uint32_t v;

	spin_lock(&pci_lock);
	outl(PCI_ADDRESS_PORT, address);
	v = bytes == 1 ? inb(port) : bytes == 2 ? inw(port) : inl(port);
	spin_unlock(&pci_lock);
	return v;
}

void pci_data_write(uint32_t address, unsigned offset, unsigned bytes, uint32_t v)
{
	uint16_t port = PCI_DATA_PORT + offset;

	spin_lock(&pci_lock);
	outl(PCI_ADDRESS_PORT, address);
	if (bytes == 1)
		outb(port, v);
	else if (bytes == 2)
		outw(port, v);
	else
		outl(port, v);
	spin_unlock(&pci_lock);
}

static uint32_t address_of(uint16_t bdf, unsigned reg) { return BIT(31) | (uint32_t)bdf << 8 | (reg & 0xfc); }

uint32_t pci_read(uint16_t bdf, unsigned reg, unsigned bytes)
{
	return pci_data_read(address_of(bdf, reg), reg & 3, bytes);
}

void pci_write(uint16_t bdf, unsigned reg, unsigned bytes, uint32_t v)
{
	pci_data_write(address_of(bdf, reg), reg & 3, bytes, v);
}

unsigned pci_capability(uint16_t bdf, uint8_t id)
{
	unsigned at;

	/* An absent function reads as ones everywhere: its header type is none of the two. */
	if ((pci_read(bdf, HEADER_TYPE, 1) & 0x7f) > 1 || !(pci_read(bdf, STATUS, 2) & STATUS_CAPABILITIES))
		return 0;
	at = pci_read(bdf, CAPABILITY_FIRST, 1) & 0xfc;
	for (unsigned n = 0; at >= 0x40 && n < CAPABILITIES_MAX; n++) {
		if (pci_read(bdf, at, 1) == id)
			return at;
		at = pci_read(bdf, at + 1, 1) & 0xfc;
	}
	return 0;
}
