/* SPDX-License-Identifier: MIT */
/*
 * A PCI function and its interrupts, with the control domain's own PCI code (dom0-tools/pci).
 *
 * The network card is found, its registers can be mapped and behave. It interrupts when told to: by two entries of its
 * MSI-X table, each on its own port, by an MSI message, and by its pin, once a time and not without cause.
 * What is freed is silent and can be mapped again, more often than there are vectors. While messages are mapped their
 * table cannot be written. Requests that make no sense are refused: entries, messages and functions that are not there,
 * tables that the function does not decode, pirqs out of range.
 *
 * Device: e1000e,romfile=,addr=5
 */
#include "test.h"
#include <pci/pci.h>

#define CARD (5 << 3)			/* bdf */
#define CARD_ID 0x10d38086

/* Registers of the 82574, by its data sheet. */
#define ICR 0x0c0			/* causes; written ones are cleared */
#define ICS 0x0c8			/* raises causes */
#define IMS 0x0d0			/* lets causes interrupt */
#define IMC 0x0d8
#define IVAR 0x0e4			/* which MSI-X entry a cause uses */
#define CAUSE_RX0 (1u << 20)
#define CAUSE_TX0 (1u << 22)
#define IVAR_RX0(entry) ((entry) | 8u)
#define IVAR_TX0(entry) (((entry) | 8u) << 8)
#define MSIX_BAR 3
#define MSIX_ENTRIES 5

static volatile uint32_t *regs;
static volatile unsigned int count[2];

static void hit(void *arg)
{
	regs[ICR / 4] = 0xffffffff;
	++*(volatile unsigned int *)arg;
}

/* Has *n come to be `want`? An interrupt may take the card its time, but no seconds. */
static bool reaches(volatile unsigned int *n, unsigned int want)
{
	uint64_t end = time_now_ns() + 5000000000UL;

	while (*n != want && time_now_ns() < end)
		;
	return *n == want;
}

/* Time for what must not come: many times what an interrupt takes the card, or it rests between two. */
static void linger(void)
{
	uint64_t end = time_now_ns() + 5000000UL;

	while (time_now_ns() < end)
		;
}

static void found(const struct pci_function *f, void *arg)
{
	if (f->bdf == CARD) {
		check_value("identity", f->device << 16 | f->vendor, CARD_ID);
		check_value("class", f->class_code, 0x020000);
		++*(unsigned int *)arg;
	}
}

static void check_function(void)
{
	volatile void *va = NULL, *beyond;
	unsigned int seen = 0;
	struct pci_bar bar;

	pci_scan(found, &seen);
	check_value("found once", seen, 1);
	check_value("absent function", pci_read(CARD | 7, 0, 4), 0xffffffff);
	check_value("BAR 0", pci_bar(CARD, 0, &bar), 0);
	check_value("its size", bar.size, 128 << 10);
	check("it is memory", !bar.io && bar.base);
	check_value("no BAR 5", pci_bar(CARD, 5, &bar), -XEN_ENODEV);
	check_value("beyond the BAR", pci_map(CARD, 0, (128 << 10) - 4, 8, &beyond), -XEN_EINVAL);
	pci_enable(CARD, true);
	check_value("map", pci_map(CARD, 0, 0, 4096, &va), 0);
	regs = va;
	regs[IMC / 4] = 0xffffffff;
	regs[IVAR / 4] = IVAR_RX0(0) | IVAR_TX0(1);
	check_value("a register", regs[IVAR / 4], IVAR_RX0(0) | IVAR_TX0(1));
}

/* Each cause reaches its counter, as often as it is raised, and no other. In between the card rests, else it would
 * throttle its interrupts. */
static void check_delivery(const char *name, bool both)
{
	unsigned int bad = 0;

	count[0] = count[1] = 0;
	regs[IMS / 4] = CAUSE_RX0 | CAUSE_TX0;
	for (unsigned int i = 1; i <= 20 && !bad; i++) {
		regs[ICS / 4] = CAUSE_RX0;
		bad += !reaches(&count[0], i);
		linger();
		if (both) {
			regs[ICS / 4] = CAUSE_TX0;
			bad += !reaches(&count[1], i);
			linger();
		}
	}
	say("# %s\n", name);
	linger();
	check_value("every interrupt arrives", bad, 0);
	check_value("and none else", count[0] + count[1], both ? 40 : 20);
	regs[IMC / 4] = 0xffffffff;
}

static void check_silence(void)
{
	count[0] = count[1] = 0;
	regs[IMS / 4] = CAUSE_RX0 | CAUSE_TX0;
	regs[ICS / 4] = CAUSE_RX0 | CAUSE_TX0;
	linger();
	check_value("silent when freed", count[0] + count[1], 0);
	regs[IMC / 4] = regs[ICR / 4] = 0xffffffff;
}

/* The table cannot be mapped writable, or what is written there is lost. */
static void check_table(void)
{
	volatile uint32_t *ro, *rw;
	struct pci_bar bar;
	uint32_t before;
	mfn_t mfn;

	pci_bar(CARD, MSIX_BAR, &bar);
	mfn = maddr_to_mfn(bar.base);
	ro = os_va_alloc(2);
	rw = ro + PAGE_SIZE / 4;
	check_value("the table may be read", pt_map((void *)ro, &mfn, 1, PTE_RO | PTE_PCD | PTE_PWT, DOMID_IO), 0);
	before = ro[2];
	if (pt_map((void *)rw, &mfn, 1, PTE_RW | PTE_PCD | PTE_PWT, DOMID_IO) == 0)
		probe_write(rw + 2, before ^ 0xff);
	check_value("and not written", ro[2], before);
	pt_unmap((void *)ro, 2);
}

static void check_msix(void)
{
	struct pci_irq irq[2], again;
	unsigned int bad = 0;

	check_value("MSI-X entry 0", pci_irq_message(&irq[0], CARD, 0, hit, (void *)&count[0]), 0);
	check_value("MSI-X entry 1", pci_irq_message(&irq[1], CARD, 1, hit, (void *)&count[1]), 0);
	check("each has its pirq", irq[0].pirq != irq[1].pirq);
	pci_messages_on(CARD, true);
	check_delivery("MSI-X", true);
	check_table();
	pci_irq_free(&irq[0]);
	pci_irq_free(&irq[1]);
	check_silence();
	for (unsigned int i = 0; i < 300; i++) {
		bad += pci_irq_message(&again, CARD, i % MSIX_ENTRIES, hit, NULL) != 0;
		pci_irq_free(&again);
	}
	check_value("as often as one likes", bad, 0);
	pci_messages_off(CARD);
}

static void check_msi(void)
{
	struct pci_irq irq;

	check_value("MSI", pci_irq_message(&irq, CARD, -1, hit, (void *)&count[0]), 0);
	pci_messages_on(CARD, false);
	check_delivery("MSI", false);
	pci_irq_free(&irq);
	check_silence();
	pci_messages_off(CARD);
}

static void check_pin(void)
{
	struct pci_irq irq, other;

	check_value("INTx", pci_irq_pin(&irq, CARD, hit, (void *)&count[0]), 0);
	check_delivery("INTx", false);
	check_value("its pin shared", pci_irq_pin(&other, CARD, hit, (void *)&count[1]), 0);
	pci_irq_free(&irq);
	count[1] = 0;
	regs[IMS / 4] = CAUSE_RX0;
	regs[ICS / 4] = CAUSE_RX0;
	check("the other still hears it", reaches(&count[1], 1));
	pci_irq_free(&other);
	check_silence();
}

static long map(struct physdev_map_pirq op)
{
	op.domid = DOMID_SELF;
	op.pirq = op.index = -1;
	return hypercall_physdev_op(PHYSDEVOP_map_pirq, &op);
}

static void check_refusals(void)
{
	struct physdev_unmap_pirq unmap = { .domid = DOMID_SELF, .pirq = 1 << 20 };
	struct physdev_map_pirq op = { .type = MAP_PIRQ_TYPE_MSI_SEG, .devfn = CARD };
	evtchn_port_t port;
	struct pci_bar bar;

	pci_bar(CARD, MSIX_BAR, &bar);
	op.table_base = bar.base;
	op.entry_nr = MSIX_ENTRIES;
	check("an entry behind the table", map(op) < 0);
	op.entry_nr = -1;
	check("a negative entry", map(op) < 0);
	op.entry_nr = 0;
	op.devfn = CARD | 7;
	check("a function that is not there", map(op) < 0);
	op.devfn = 1 << 3;
	check("one without messages", map(op) < 0);
	op.devfn = CARD;
	op.type = 77;
	check("a type that is none", map(op) < 0);
	op.type = MAP_PIRQ_TYPE_MULTI_MSI;
	op.table_base = 0;
	op.entry_nr = 64;
	check("more messages than there can be", map(op) < 0);
	check("unmap what is no pirq", hypercall_physdev_op(PHYSDEVOP_unmap_pirq, &unmap) < 0);
	unmap.pirq = -1;
	check("or negative", hypercall_physdev_op(PHYSDEVOP_unmap_pirq, &unmap) < 0);
	check("bind what is no pirq", evtchn_bind_pirq(1 << 20, false, &port) < 0);
	check("without decoding", (pci_write(CARD, PCI_COMMAND, 2, 0),
				   map((struct physdev_map_pirq){ .type = MAP_PIRQ_TYPE_MSI_SEG, .devfn = CARD,
								  .table_base = bar.base }) < 0));
}

void test_main(void)
{
	events_enable();
	check_function();
	check_msix();
	check_msi();
	check_pin();
	check_refusals();
}
