/* SPDX-License-Identifier: MIT */
/*
 * The machine's PCI functions: finding them, their configuration space, what their BARs decode, and their
 * interrupts as event channels. Segment 0. A bdf is bus << 8 | device << 3 | function. Functions returning
 * int give 0 or a negative error of <xen/errno.h>. Kit only: tests use it without the library OS.
 */
#ifndef DOM0_TOOLS_PCI_H
#define DOM0_TOOLS_PCI_H

#include <kit/types.h>
#include <xen/event_channel.h>

/* --- Configuration space (config.c) -------------------------------------------------------------- */
#define PCI_COMMAND		0x04
#define PCI_COMMAND_MEMORY	0x0002
#define PCI_COMMAND_MASTER	0x0004
#define PCI_COMMAND_NO_INTX	0x0400
#define PCI_CAP_MSI		0x05
#define PCI_CAP_VENDOR		0x09
#define PCI_CAP_MSIX		0x11

/* A register of 1, 2 or 4 bytes, aligned, below 256. An absent function reads as ones. */
uint32_t pci_read(uint16_t bdf, unsigned int reg, unsigned int bytes);
void pci_write(uint16_t bdf, unsigned int reg, unsigned int bytes, uint32_t value);

struct pci_function {
	uint16_t bdf;
	uint16_t vendor, device, subvendor, subdevice;
	uint32_t class_code;		/* base class << 16 | sub-class << 8 | programming interface */
	uint8_t revision;
	uint8_t header;			/* 0: a device, 1: a bridge to another bus */
	uint8_t line, pin;		/* as the firmware left them; pin 0: no interrupt, 1: INTA */
};

/* Calls found for each function, by bus, through bridges too, and tells the hypervisor of it. */
void pci_scan(void (*found)(const struct pci_function *f, void *arg), void *arg);

/* The function's next capability of that kind behind `after` (0: the first), or 0. */
unsigned int pci_capability(uint16_t bdf, uint8_t id, unsigned int after);

/* Lets the function decode memory and be a bus master, or not be one any more. */
void pci_enable(uint16_t bdf, bool on);

struct pci_bar {
	maddr_t base;
	uint64_t size;
	bool io;			/* I/O ports, not memory */
};
/* -XEN_ENODEV: there is no such BAR. Measuring stops the function's decoding for a moment. */
int pci_bar(uint16_t bdf, unsigned int n, struct pci_bar *bar);

/* Maps len bytes at offset of memory BAR n, uncached. -XEN_EINVAL: they do not lie in it; -XEN_ENOMEM. */
int pci_map(uint16_t bdf, unsigned int n, uint64_t offset, size_t len, volatile void **va);
void pci_unmap(volatile void *va, size_t len);

/* --- Interrupts (irq.c) ----------------------------------------------------------------------------
 * fn runs as an event handler: it must not sleep. */
struct pci_irq {
	evtchn_port_t port;		/* 0: none */
	int pirq;
	bool message, eoi;
	void (*fn)(void *arg);
	void *arg;
	struct pci_irq *next;		/* pins are shared: the others */
};

/* Entry of the function's MSI-X table, or with entry < 0 its only MSI message. The function must decode memory. */
int pci_irq_message(struct pci_irq *q, uint16_t bdf, int entry, void (*fn)(void *arg), void *arg);
/* The function's INTx pin, by the line that the firmware routed it to. */
int pci_irq_pin(struct pci_irq *q, uint16_t bdf, void (*fn)(void *arg), void *arg);
/* No call of fn begins after this. Fine for one that has no port. */
void pci_irq_free(struct pci_irq *q);

/* When its messages are mapped: the function sends them, and no INTx; or neither messages any more. */
void pci_messages_on(uint16_t bdf, bool msix);
void pci_messages_off(uint16_t bdf);

#endif
