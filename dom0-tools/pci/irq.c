/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of PCI functions as event channels: the hypervisor maps a message or a pin to a pirq, the pirq is bound to a
 * port, the port's handler calls the driver. Messages have one owner. Pins are shared between functions: a port each,
 * and all who share it are called. The list of pins changes with events masked.
 */
#include "pci.h"
#include <kit/evtchn.h>
#include <kit/hypercall.h>
#include <xen/errno.h>

#define REG_LINE 0x3c
#define REG_PIN 0x3d
#define REG_BAR(n) (0x10 + 4 * (n))
#define CONTROL 2			/* of either capability */
#define MSI_ENABLE 0x0001
#define MSIX_TABLE 4
#define MSIX_MASK_ALL 0x4000
#define MSIX_ENABLE 0x8000
#define ISA_IRQS 16

static struct pci_irq *pins;

static void end_of_interrupt(const struct pci_irq *q)
{
	struct physdev_eoi eoi = { .irq = q->pirq };

	if (q->eoi)
		hypercall_physdev_op(PHYSDEVOP_eoi, &eoi);
}

static void message_event(evtchn_port_t port, void *arg)
{
	struct pci_irq *q = arg;

	(void)port;
	q->fn(q->arg);
	end_of_interrupt(q);
}

static void pin_event(evtchn_port_t port, void *arg)
{
	struct pci_irq *q, *one = NULL;

	(void)arg;
	for (q = pins; q; q = q->next)
		if (q->port == port) {
			q->fn(q->arg);
			one = q;
		}
	if (one)
		end_of_interrupt(one);
}

static int bind(struct pci_irq *q, evtchn_handler_t fn)
{
	struct physdev_irq_status_query status = { .irq = q->pirq };
	int rc = evtchn_bind_pirq(q->pirq, !q->message, &q->port);

	if (rc) {
		q->port = 0;
		return rc;
	}
	q->eoi = hypercall_physdev_op(PHYSDEVOP_irq_status_query, &status) ||
		 status.flags & XENIRQSTAT_needs_eoi;
	evtchn_set_handler(q->port, fn, q);
	/* What came before the handler may have left the interrupt waiting for its end. */
	end_of_interrupt(q);
	return 0;
}

static void unmap(struct pci_irq *q)
{
	struct physdev_unmap_pirq op = { .domid = DOMID_SELF, .pirq = q->pirq };

	hypercall_physdev_op(PHYSDEVOP_unmap_pirq, &op);
}

/* Where the BAR of the MSI-X table begins, which is how the hypervisor is told of it. */
static maddr_t table_bar(uint16_t bdf, unsigned int cap)
{
	unsigned int n = pci_read(bdf, cap + MSIX_TABLE, 4) & 7;
	uint32_t low = n < 6 ? pci_read(bdf, REG_BAR(n), 4) : 0;
	maddr_t base = low & ~15u;

	if ((low & 6) == 4 && n < 5)
		base |= (maddr_t)pci_read(bdf, REG_BAR(n + 1), 4) << 32;
	return base;
}

int pci_irq_message(struct pci_irq *q, uint16_t bdf, int entry, void (*fn)(void *arg), void *arg)
{
	struct physdev_map_pirq op = { .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_MSI_SEG, .index = -1,
				       .pirq = -1, .bus = bdf >> 8, .devfn = bdf & 0xff };
	unsigned int cap = pci_capability(bdf, entry < 0 ? PCI_CAP_MSI : PCI_CAP_MSIX, 0);
	int rc;

	*q = (struct pci_irq){ .message = true, .fn = fn, .arg = arg };
	if (!cap)
		return -XEN_ENODEV;
	if (entry >= 0) {
		op.entry_nr = entry;
		op.table_base = table_bar(bdf, cap);
		if (!op.table_base)
			return -XEN_ENXIO;
	}
	rc = hypercall_physdev_op(PHYSDEVOP_map_pirq, &op);
	if (rc)
		return rc;
	q->pirq = op.pirq;
	rc = bind(q, message_event);
	if (rc)
		unmap(q);
	return rc;
}

/* The port of a pin that is bound already. */
static evtchn_port_t pin_port(int pirq)
{
	const struct pci_irq *q = pins;

	while (q && q->pirq != pirq)
		q = q->next;
	return q ? q->port : 0;
}

int pci_irq_pin(struct pci_irq *q, uint16_t bdf, void (*fn)(void *arg), void *arg)
{
	unsigned int line = pci_read(bdf, REG_LINE, 1);
	struct physdev_map_pirq op = { .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = line,
				       .pirq = line };
	bool enabled;
	int rc = 0;

	*q = (struct pci_irq){ .pirq = line, .eoi = true, .fn = fn, .arg = arg };
	if (!pci_read(bdf, REG_PIN, 1) || !line || line >= ISA_IRQS)
		return -XEN_ENODEV;
	q->port = pin_port(line);
	if (!q->port) {
		rc = hypercall_physdev_op(PHYSDEVOP_map_pirq, &op);
		if (rc)
			return rc;
	}
	enabled = events_disable();
	q->next = pins;
	pins = q;
	if (!q->port)
		rc = bind(q, pin_event);
	if (rc)
		pins = q->next;
	events_restore(enabled);
	if (!rc)
		pci_write(bdf, PCI_COMMAND, 2, pci_read(bdf, PCI_COMMAND, 2) & ~(uint32_t)PCI_COMMAND_NO_INTX);
	return rc;
}

void pci_irq_free(struct pci_irq *q)
{
	evtchn_port_t port = q->port;
	struct pci_irq **at = &pins;
	bool enabled;

	if (!port)
		return;
	enabled = events_disable();
	while (*at && *at != q)
		at = &(*at)->next;
	if (*at)
		*at = q->next;
	q->port = 0;
	events_restore(enabled);
	if (q->message) {
		evtchn_close(port);
		unmap(q);
	} else if (!pin_port(q->pirq)) {
		evtchn_close(port);
	}
}

void pci_messages_on(uint16_t bdf, bool msix)
{
	unsigned int cap = pci_capability(bdf, msix ? PCI_CAP_MSIX : PCI_CAP_MSI, 0);
	uint32_t control = pci_read(bdf, cap + CONTROL, 2);

	pci_write(bdf, PCI_COMMAND, 2, pci_read(bdf, PCI_COMMAND, 2) | PCI_COMMAND_NO_INTX);
	pci_write(bdf, cap + CONTROL, 2,
		  msix ? (control & ~(uint32_t)MSIX_MASK_ALL) | MSIX_ENABLE : control | MSI_ENABLE);
}

void pci_messages_off(uint16_t bdf)
{
	static const struct { uint8_t id; uint16_t enable; } kinds[] = {
		{ PCI_CAP_MSI, MSI_ENABLE }, { PCI_CAP_MSIX, MSIX_ENABLE },
	};

	for (unsigned int i = 0; i < 2; i++) {
		unsigned int cap = pci_capability(bdf, kinds[i].id, 0);

		if (cap)
			pci_write(bdf, cap + CONTROL, 2,
				  pci_read(bdf, cap + CONTROL, 2) & ~(uint32_t)kinds[i].enable);
	}
}
