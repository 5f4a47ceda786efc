/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space through ports 0xcf8 and 0xcfc, which the hypervisor passes on to the control domain's
 * kernel at virtual I/O privilege level 1. What a device says of itself is checked against the shape of the space:
 * chains of capabilities and of buses end. The pair of accesses is one, by a lock under which no event comes.
 */
#include "pci.h"
#include <kit/evtchn.h>
#include <kit/hypercall.h>
#include <kit/os.h>
#include <kit/pt.h>
#include <xen/errno.h>

#define ADDRESS_PORT 0xcf8
#define DATA_PORT 0xcfc

#define REG_ID 0x00
#define REG_STATUS 0x06
#define REG_REVISION 0x08
#define REG_HEADER 0x0e
#define REG_BAR(n) (0x10 + 4 * (n))
#define REG_SECONDARY_BUS 0x19
#define REG_SUBSYSTEM 0x2c
#define REG_CAPABILITIES 0x34
#define REG_LINE 0x3c
#define REG_PIN 0x3d

#define STATUS_CAPABILITIES 0x10
#define HEADER_MULTI 0x80
#define CAPABILITIES_MAX 48		/* as many as fit behind a header */
#define BAR_IO 1
#define BAR_TYPE_64 4
#define DECODE 3			/* of the command register: I/O and memory */

static volatile char busy;

/* The privilege belongs to the vcpu, and a thread may be on another one each time. */
static bool access_begin(uint16_t bdf, unsigned int reg)
{
	struct physdev_set_iopl iopl = { .iopl = 1 };
	bool enabled = events_disable();

	while (__atomic_test_and_set(&busy, __ATOMIC_ACQUIRE))
		__builtin_ia32_pause();
	hypercall_physdev_op(PHYSDEVOP_set_iopl, &iopl);
	__asm__ volatile("outl %0, %1" : : "a" (1u << 31 | (uint32_t)bdf << 8 | (reg & 0xfc)),
			 "Nd" ((uint16_t)ADDRESS_PORT));
	return enabled;
}

static void access_end(bool enabled)
{
	__atomic_clear(&busy, __ATOMIC_RELEASE);
	events_restore(enabled);
}

uint32_t pci_read(uint16_t bdf, unsigned int reg, unsigned int bytes)
{
	uint16_t port = DATA_PORT + (reg & 3);
	bool enabled = access_begin(bdf, reg);
	uint32_t value = 0;

	if (bytes == 1)
		__asm__ volatile("inb %1, %b0" : "+a" (value) : "Nd" (port));
	else if (bytes == 2)
		__asm__ volatile("inw %1, %w0" : "+a" (value) : "Nd" (port));
	else
		__asm__ volatile("inl %1, %0" : "+a" (value) : "Nd" (port));
	access_end(enabled);
	return value;
}

void pci_write(uint16_t bdf, unsigned int reg, unsigned int bytes, uint32_t value)
{
	uint16_t port = DATA_PORT + (reg & 3);
	bool enabled = access_begin(bdf, reg);

	if (bytes == 1)
		__asm__ volatile("outb %b0, %1" : : "a" (value), "Nd" (port));
	else if (bytes == 2)
		__asm__ volatile("outw %w0, %1" : : "a" (value), "Nd" (port));
	else
		__asm__ volatile("outl %0, %1" : : "a" (value), "Nd" (port));
	access_end(enabled);
}

static void identify(struct pci_function *f, uint16_t bdf, uint32_t id)
{
	uint32_t class_revision = pci_read(bdf, REG_REVISION, 4), subsystem = 0;

	f->bdf = bdf;
	f->vendor = id;
	f->device = id >> 16;
	f->class_code = class_revision >> 8;
	f->revision = class_revision;
	f->header = pci_read(bdf, REG_HEADER, 1) & 0x7f;
	if (f->header == 0)
		subsystem = pci_read(bdf, REG_SUBSYSTEM, 4);
	f->subvendor = subsystem;
	f->subdevice = subsystem >> 16;
	f->line = pci_read(bdf, REG_LINE, 1);
	f->pin = pci_read(bdf, REG_PIN, 1);
}

/* The hypervisor knows the functions that it was told of; one that knows them all by itself may refuse. */
static void announce(uint16_t bdf)
{
	struct physdev_pci_device_add op = { .bus = bdf >> 8, .devfn = bdf & 0xff };

	hypercall_physdev_op(PHYSDEVOP_pci_device_add, &op);
}

static void scan_bus(unsigned int bus, void (*found)(const struct pci_function *f, void *arg), void *arg)
{
	for (unsigned int devfn = 0; devfn < 256; devfn++) {
		uint16_t bdf = bus << 8 | devfn;
		uint32_t id = pci_read(bdf, REG_ID, 4);
		struct pci_function f;

		if ((id & 0xffff) == 0xffff) {
			if (!(devfn & 7))
				devfn |= 7;	/* no function 0: no device */
			continue;
		}
		identify(&f, bdf, id);
		announce(bdf);
		found(&f, arg);
		/* Numbers grow away from the root: so this ends, whatever a bridge claims. */
		if (f.header == 1 && pci_read(bdf, REG_SECONDARY_BUS, 1) > bus)
			scan_bus(pci_read(bdf, REG_SECONDARY_BUS, 1), found, arg);
		if (!(devfn & 7) && !(pci_read(bdf, REG_HEADER, 1) & HEADER_MULTI))
			devfn |= 7;
	}
}

void pci_scan(void (*found)(const struct pci_function *f, void *arg), void *arg)
{
	scan_bus(0, found, arg);
}

unsigned int pci_capability(uint16_t bdf, uint8_t id, unsigned int after)
{
	unsigned int at, n;
	bool passed = !after;

	if ((pci_read(bdf, REG_HEADER, 1) & 0x7f) > 1 ||
	    !(pci_read(bdf, REG_STATUS, 2) & STATUS_CAPABILITIES))
		return 0;
	at = pci_read(bdf, REG_CAPABILITIES, 1) & 0xfc;
	for (n = 0; at >= 0x40 && n < CAPABILITIES_MAX; n++) {
		if (passed && pci_read(bdf, at, 1) == id)
			return at;
		passed |= at == after;
		at = pci_read(bdf, at + 1, 1) & 0xfc;
	}
	return 0;
}

void pci_enable(uint16_t bdf, bool on)
{
	uint32_t command = pci_read(bdf, PCI_COMMAND, 2);

	pci_write(bdf, PCI_COMMAND, 2, on ? command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER :
				       command & ~(uint32_t)PCI_COMMAND_MASTER);
}

/* The address bits that a BAR keeps are those that it decodes. */
static uint32_t bar_mask(uint16_t bdf, unsigned int n)
{
	uint32_t command = pci_read(bdf, PCI_COMMAND, 2), old = pci_read(bdf, REG_BAR(n), 4), mask;

	pci_write(bdf, PCI_COMMAND, 2, command & ~(uint32_t)DECODE);
	pci_write(bdf, REG_BAR(n), 4, 0xffffffff);
	mask = pci_read(bdf, REG_BAR(n), 4);
	pci_write(bdf, REG_BAR(n), 4, old);
	pci_write(bdf, PCI_COMMAND, 2, command);
	return mask;
}

int pci_bar(uint16_t bdf, unsigned int n, struct pci_bar *bar)
{
	uint32_t low;
	uint64_t mask;

	if (n > 5 || (pci_read(bdf, REG_HEADER, 1) & 0x7f) != 0)
		return -XEN_ENODEV;
	low = pci_read(bdf, REG_BAR(n), 4);
	mask = (int64_t)(int32_t)bar_mask(bdf, n);
	bar->io = low & BAR_IO;
	bar->base = low & (bar->io ? ~3u : ~15u);
	mask &= bar->io ? ~3UL : ~15UL;
	if (bar->io)
		mask |= ~0xffffUL;
	if (!bar->io && (low & 6) == BAR_TYPE_64) {
		if (n == 5)
			return -XEN_ENODEV;
		bar->base |= (uint64_t)pci_read(bdf, REG_BAR(n + 1), 4) << 32;
		mask = (uint32_t)mask | (uint64_t)bar_mask(bdf, n + 1) << 32;
	}
	bar->size = -mask;
	return (uint32_t)mask && bar->base ? 0 : -XEN_ENODEV;
}

static size_t pages_of(uint64_t start, size_t len)
{
	return bytes_to_pages((start & ~PAGE_MASK) + len);
}

int pci_map(uint16_t bdf, unsigned int n, uint64_t offset, size_t len, volatile void **va)
{
	struct pci_bar bar;
	size_t pages, i;
	char *at;
	int rc = pci_bar(bdf, n, &bar);

	if (rc || bar.io || offset > bar.size || len > bar.size - offset || !len)
		return rc ? rc : -XEN_EINVAL;
	pages = pages_of(bar.base + offset, len);
	at = os_va_alloc(pages);
	if (!at)
		return -XEN_ENOMEM;
	for (i = 0; i < pages && !rc; i++) {
		mfn_t mfn = maddr_to_mfn(bar.base + offset) + i;

		rc = pt_map(at + i * PAGE_SIZE, &mfn, 1, PTE_RW | PTE_PCD | PTE_PWT | PTE_NX, DOMID_IO);
	}
	*va = at + ((bar.base + offset) & ~PAGE_MASK);
	if (rc)
		pci_unmap(*va, len);
	return rc;
}

void pci_unmap(volatile void *va, size_t len)
{
	uintptr_t start = (uintptr_t)va;

	if (va && pt_unmap((void *)(start & PAGE_MASK), pages_of(start, len)) == 0)
		os_va_free((void *)(start & PAGE_MASK), pages_of(start, len));
}
