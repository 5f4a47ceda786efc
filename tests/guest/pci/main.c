/* SPDX-License-Identifier: MIT */
/*
 * PCI functions and their interrupts, with the control domain's own PCI and virtio code (dom0-tools).
 *
 * A virtio device and QEMU's "edu" card are found, their registers can be mapped and behave. They interrupt when told to:
 * by entries of an MSI-X table, each on its own port, by an MSI message, and by pins, once a time and not without cause.
 * What is freed is silent and can be mapped again, more often than there are vectors. While messages are mapped their
 * table cannot be written. Requests that make no sense are refused: entries, messages and functions that are not there,
 * tables that the function does not decode, pirqs out of range. On Parvus, which writes only to what can be a table: also
 * a table that dom0 put over RAM or over the interrupt controllers, and what is mapped already; and requests at random
 * harm nothing.
 *
 * Device: virtio-serial-pci,addr=5,vectors=8,ioeventfd=off
 * Device: edu,addr=6
 */
#include "test.h"
#include <pci/pci.h>
#include <virtio/registers.h>

#define SERIAL (5 << 3)			/* bdf */
#define SERIAL_ID 0x10031af4
#define SERIAL_CONTROL 3		/* the queue whose chains the device takes at once, whatever they say */
#define MSIX_BAR 1
#define MSIX_ENTRIES 8

#define EDU (6 << 3)
#define EDU_ID 0x11e81234
#define EDU_IDENTITY 0x00
#define EDU_STATUS 0x24			/* why it interrupts */
#define EDU_RAISE 0x60
#define EDU_ACK 0x64

static volatile uint32_t *edu;
static struct virtio_device serial;
static struct virtq control;
static volatile unsigned int count[2];

static void hit(void *arg)
{
	++*(volatile unsigned int *)arg;
}

static void edu_hit(void *arg)
{
	uint32_t why = edu[EDU_STATUS / 4];

	edu[EDU_ACK / 4] = why;
	if (why)
		hit(arg);
}

/* Has *n come to be `want`? Devices interrupt at once; seconds mean never. */
static bool reaches(volatile unsigned int *n, unsigned int want)
{
	uint64_t end = time_now_ns() + 5000000000UL;

	while (*n != want && time_now_ns() < end)
		;
	return *n == want;
}

/* Time for what must not come. */
static void linger(void)
{
	uint64_t end = time_now_ns() + 2000000UL;

	while (time_now_ns() < end)
		;
}

static void found(const struct pci_function *f, void *arg)
{
	if (f->bdf == SERIAL)
		check_value("the virtio device", (uint32_t)f->device << 16 | f->vendor, SERIAL_ID);
	if (f->bdf == EDU)
		check_value("the edu card", (uint32_t)f->device << 16 | f->vendor, EDU_ID);
	*(unsigned int *)arg += f->bdf == SERIAL || f->bdf == EDU;
}

static void check_functions(void)
{
	volatile void *va = NULL, *beyond;
	unsigned int seen = 0;
	struct pci_bar bar;

	pci_scan(found, &seen);
	check_value("found once", seen, 2);
	check_value("absent function", pci_read(EDU | 7, 0, 4), 0xffffffff);
	check_value("BAR 0", pci_bar(EDU, 0, &bar), 0);
	check_value("its size", bar.size, 1 << 20);
	check("it is memory", !bar.io && bar.base);
	check_value("no BAR 5", pci_bar(EDU, 5, &bar), -XEN_ENODEV);
	check_value("beyond the BAR", pci_map(EDU, 0, (1 << 20) - 4, 8, &beyond), -XEN_EINVAL);
	pci_enable(EDU, true);
	check_value("map", pci_map(EDU, 0, 0, 4096, &va), 0);
	edu = va;
	check_value("a register", edu[EDU_IDENTITY / 4] & 0xff, 0xed);
}

/* The edu card interrupts, each time once. */
static void check_edu(const char *name)
{
	unsigned int bad = 0;

	say("# %s\n", name);
	count[0] = 0;
	for (unsigned int i = 1; i <= 50 && !bad; i++) {
		edu[EDU_RAISE / 4] = i;
		bad += !reaches(&count[0], i);
	}
	linger();
	check_value("every interrupt arrives", bad, 0);
	check_value("and none else", count[0], 50);
}

static void check_edu_silent(void)
{
	count[0] = count[1] = 0;
	edu[EDU_RAISE / 4] = 1;
	linger();
	check_value("silent when freed", count[0] + count[1], 0);
	edu[EDU_ACK / 4] = 1;
}

static void check_msi(void)
{
	struct pci_irq irq;

	check_value("MSI", pci_irq_message(&irq, EDU, -1, edu_hit, (void *)&count[0]), 0);
	pci_messages_on(EDU, false);
	check_edu("MSI");
	pci_irq_free(&irq);
	check_edu_silent();
	pci_messages_off(EDU);
}

static void check_pin(void)
{
	struct pci_irq irq, other;

	check_value("INTx", pci_irq_pin(&irq, EDU, edu_hit, (void *)&count[0]), 0);
	check_edu("INTx");
	check_value("its pin shared", pci_irq_pin(&other, EDU, edu_hit, (void *)&count[1]), 0);
	pci_irq_free(&irq);
	count[1] = 0;
	edu[EDU_RAISE / 4] = 1;
	check("the other still hears it", reaches(&count[1], 1));
	pci_irq_free(&other);
	check_edu_silent();
}

/* One chain for the control queue: the device is done with it at once, and says so. */
static void kick_serial(void)
{
	static char byte;
	struct virtq_desc one = { .addr = virt_to_maddr(&byte), .len = 1 };
	uint32_t written;

	while (virtq_get(&control, &written))
		;
	virtq_arm(&control, 1);
	virtq_add(&control, &one, 1, 0, &byte);
	virtq_kick(&control);
}

static void check_serial(const char *name, volatile unsigned int *n)
{
	unsigned int bad = 0;

	say("# %s\n", name);
	count[0] = count[1] = 0;
	for (unsigned int i = 1; i <= 50 && !bad; i++) {
		kick_serial();
		bad += !reaches(n, i);
	}
	linger();
	check_value("every interrupt arrives", bad, 0);
	check_value("and none else", count[0] + count[1], 50);
}

/* The table cannot be mapped writable, or what is written there is lost. */
static void check_table(void)
{
	volatile uint32_t *ro, *rw;
	struct pci_bar bar;
	uint32_t before;
	mfn_t mfn;

	pci_bar(SERIAL, MSIX_BAR, &bar);
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
	struct pci_irq other, again;
	unsigned int bad = 0;

	check_value("virtio device", virtio_open(&serial, SERIAL, VIRTIO_F_EVENT_IDX), 0);
	check_value("its queue", virtq_open(&control, &serial, SERIAL_CONTROL, VIRTQ_MAX, hit, (void *)&count[0]), 0);
	check("uses MSI-X", serial.messages);
	check_value("another entry", pci_irq_message(&other, SERIAL, 7, hit, (void *)&count[1]), 0);
	check("has its own pirq", other.pirq != control.irq.pirq);
	virtio_start(&serial);
	check_serial("MSI-X", &count[0]);
	common_of(&serial)->queue_vector = 7;
	check_serial("MSI-X, another entry", &count[1]);
	check_table();
	pci_irq_free(&other);
	count[1] = 0;
	kick_serial();
	linger();
	check_value("silent when freed", count[1], 0);
	for (unsigned int i = 0; i < 200; i++) {
		bad += pci_irq_message(&again, SERIAL, i % SERIAL_CONTROL, hit, NULL) != 0;
		pci_irq_free(&again);
	}
	check_value("as often as one likes", bad, 0);
	virtio_close(&serial);
}

/* The same device where no messages can be had. */
static void check_virtio_pin(void)
{
	check_value("virtio device", virtio_open(&serial, SERIAL, 0), 0);
	serial.messages = false;
	check_value("its queue", virtq_open(&control, &serial, SERIAL_CONTROL, VIRTQ_MAX, hit, (void *)&count[0]), 0);
	virtio_start(&serial);
	check_serial("INTx of the virtio device", &count[0]);
	virtio_close(&serial);
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
	struct physdev_map_pirq op = { .type = MAP_PIRQ_TYPE_MSI_SEG, .devfn = SERIAL };
	evtchn_port_t port;
	struct pci_bar bar;

	pci_bar(SERIAL, MSIX_BAR, &bar);
	op.table_base = bar.base;
	op.entry_nr = MSIX_ENTRIES;
	check("an entry behind the table", map(op) < 0);
	op.entry_nr = -1;
	check("a negative entry", map(op) < 0);
	op.entry_nr = 0;
	op.devfn = SERIAL | 7;
	check("a function that is not there", map(op) < 0);
	op.devfn = 1 << 3;
	check("one without messages", map(op) < 0);
	op.devfn = SERIAL;
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
	check("without decoding", (pci_write(SERIAL, PCI_COMMAND, 2, 0),
				   map((struct physdev_map_pirq){ .type = MAP_PIRQ_TYPE_MSI_SEG, .devfn = SERIAL,
								  .table_base = bar.base }) < 0));
}

/* The table's BAR is moved to where something else is. */
static void check_places(void)
{
	uint64_t *page = os_pages_alloc(1);
	const maddr_t places[] = { virt_to_maddr(page), 0xfee00000, 0xfec00000, 0x1000 };
	unsigned int mapped = 0, changed = 0;
	struct pci_bar bar;

	pci_bar(SERIAL, MSIX_BAR, &bar);
	pci_enable(SERIAL, true);
	for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
		page[i] = 0x55;
	for (unsigned int i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		pci_write(SERIAL, 0x10 + 4 * MSIX_BAR, 4, places[i]);
		mapped += map((struct physdev_map_pirq){ .type = MAP_PIRQ_TYPE_MSI_SEG, .devfn = SERIAL,
							 .table_base = places[i] }) == 0;
	}
	pci_write(SERIAL, 0x10 + 4 * MSIX_BAR, 4, bar.base);
	for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
		changed += page[i] != 0x55;
	check_value("no table in RAM or over interrupt controllers", mapped, 0);
	check_value("and nothing written there", changed, 0);
	check_value("a BAR other than the one named", map((struct physdev_map_pirq){
		    .type = MAP_PIRQ_TYPE_MSI_SEG, .devfn = SERIAL, .table_base = bar.base + 0x10000 }), -XEN_EINVAL);
}

/* Two messages with one entry of a table, or with the only message a function has. */
static void check_twice(void)
{
	struct pci_irq first, second;

	for (int entry = -1; entry <= 0; entry++) {
		uint16_t bdf = entry < 0 ? EDU : SERIAL;

		check_value("once", pci_irq_message(&first, bdf, entry, hit, NULL), 0);
		check_value("and not twice", pci_irq_message(&second, bdf, entry, hit, NULL), -XEN_EEXIST);
		pci_irq_free(&first);
	}
}

static uint32_t below(uint32_t n)
{
	static uint64_t x = 88172645463325252UL;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (x >> 20) % n;
}

static void random_request(const struct pci_bar *bar, evtchn_port_t *port)
{
	struct physdev_map_pirq op = { .domid = DOMID_SELF, .type = below(6), .index = -1,
				       .pirq = below(3) ? -1 : 100 + (int)below(120), .bus = below(9) ? 0 : below(8),
				       .devfn = below(3) ? below(9) ? SERIAL : SERIAL - 8 + below(16) : EDU, .entry_nr = (int)below(9) - 1,
				       .table_base = below(4) ? bar->base : 0 };
	struct physdev_unmap_pirq unmap = { .domid = DOMID_SELF, .pirq = 100 + below(120) };
	unsigned int i = below(32);

	switch (below(5)) {
	case 0:
	case 1:
		hypercall_physdev_op(PHYSDEVOP_map_pirq, &op);
		break;
	case 2:
		hypercall_physdev_op(PHYSDEVOP_unmap_pirq, &unmap);
		break;
	case 3:
		if (!port[i] && evtchn_bind_pirq(100 + below(120), below(2), &port[i]))
			port[i] = 0;
		break;
	case 4:
		if (port[i])
			evtchn_close(port[i]);
		port[i] = 0;
	}
}

/* Then all is given back, and works as before. */
static void check_random(void)
{
	struct physdev_unmap_pirq unmap = { .domid = DOMID_SELF };
	evtchn_port_t port[32] = { 0 };
	struct pci_bar bar;

	pci_bar(SERIAL, MSIX_BAR, &bar);
	for (unsigned int i = 0; i < 30000; i++)
		random_request(&bar, port);
	for (unsigned int i = 0; i < 32; i++)
		if (port[i])
			evtchn_close(port[i]);
	for (unmap.pirq = 128; unmap.pirq < 192; unmap.pirq++)
		hypercall_physdev_op(PHYSDEVOP_unmap_pirq, &unmap);
	check_msix();
	check_msi();
}

void test_main(void)
{
	events_enable();
	check_functions();
	check_msix();
	check_virtio_pin();
	check_msi();
	check_pin();
	check_refusals();
	if (on_parvus()) {
		check_places();
		check_twice();
		check_random();
	}
}
