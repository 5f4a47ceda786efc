/* SPDX-License-Identifier: MIT */
/*
 * Message-signalled interrupts: a slot is one vector, given to one entry of a function's MSI-X table or to its
 * MSI message. Only we write the message, so a vector is what its slot says. Where the table lies is
 * what dom0 programmed into a BAR: it is used only if it is no RAM and none of our own devices, and while an entry
 * is in use dom0 gets no new writable mapping of that page.
 *
 * A page of a table stays mapped once it was: BARs seldom move, and their number is bounded.
 * Everything here is guarded by irq.c's lock, but msi_table_page.
 */
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "irq.h"
#include "lib.h"
#include "mm.h"
#include "pci.h"
#include "printk.h"

#define CAP_MSI 0x05
#define CAP_MSIX 0x11
#define COMMAND 0x04
#define COMMAND_MEMORY BIT(1)
#define BAR(n) (0x10 + 4 * (n))

#define CONTROL 2			/* of either capability */
#define MSI_ENABLE 1
#define MSI_MULTIPLE (7 << 4)		/* how many messages it may send, as a power of 2 */
#define MSI_64BIT BIT(7)
#define MSI_MASKABLE BIT(8)
#define MSIX_SIZE 0x7ff			/* entries - 1 */
#define MSIX_TABLE 4

#define MSG_ADDRESS(cpu) (0xfee00000 | (cpu)->apic_id << 12)
#define MSI_VECTOR(slot) (VECTOR_IRQ_BASE + NR_GSIS + (slot))

enum { ENTRY_ADDRESS, ENTRY_ADDRESS_HIGH, ENTRY_DATA, ENTRY_CONTROL, ENTRY_WORDS };

struct msi {
	bool used;
	uint16_t bdf;
	uint16_t entry;			/* of the MSI-X table */
	uint8_t cap;			/* MSI: where the capability is */
	volatile uint32_t *regs;	/* MSI-X: the entry */
	mfn_t table;			/* MSI-X: the page it is in, else MFN_NONE */
};

static struct msi msis[NR_MSIS];
static struct { maddr_t page; void *va; } windows[NR_MSIS];

/* --- where messages are set --- */

static unsigned msi_control(const struct msi *m) { return pci_read(m->bdf, m->cap + CONTROL, 2); }

static void msi_write(const struct msi *m, unsigned slot)
{
	unsigned control = msi_control(m) & ~MSI_MULTIPLE;

	pci_write(m->bdf, m->cap + 4, 4, MSG_ADDRESS(cpus[0]));
	if (control & MSI_64BIT)
		pci_write(m->bdf, m->cap + 8, 4, 0);
	pci_write(m->bdf, m->cap + (control & MSI_64BIT ? 12 : 8), 2, MSI_VECTOR(slot));
	pci_write(m->bdf, m->cap + CONTROL, 2, control);
}

static void msix_write(const struct msi *m, unsigned slot)
{
	m->regs[ENTRY_CONTROL] = 1;
	m->regs[ENTRY_ADDRESS] = MSG_ADDRESS(cpus[0]);
	m->regs[ENTRY_ADDRESS_HIGH] = 0;
	m->regs[ENTRY_DATA] = MSI_VECTOR(slot);
}

/* MSI without mask bits cannot be silenced without raising the pin instead: then it is only not passed on. */
void msi_mask(unsigned slot, bool mask)
{
	const struct msi *m = &msis[slot];
	unsigned control, reg;
	uint32_t bits;

	if (m->regs) {
		m->regs[ENTRY_CONTROL] = mask;
		(void)m->regs[ENTRY_CONTROL];		/* it has arrived at the device */
		return;
	}
	control = msi_control(m);
	if (!(control & MSI_MASKABLE))
		return;
	reg = m->cap + (control & MSI_64BIT ? 16 : 12);
	bits = pci_read(m->bdf, reg, 4);
	pci_write(m->bdf, reg, 4, mask ? bits | 1 : bits & ~1);
}

/* --- finding the MSI-X table --- */

static int bar_base(uint16_t bdf, unsigned n, maddr_t *base)
{
	uint32_t low = n < 6 ? pci_read(bdf, BAR(n), 4) : 1;
	bool wide = (low >> 1 & 3) == 2;

	if (low & 1 || (wide && n == 5))
		return -EINVAL;
	*base = low & ~15u;
	if (wide)
		*base |= (uint64_t)pci_read(bdf, BAR(n + 1), 4) << 32;
	return *base ? 0 : -ENXIO;
}

static void *window(maddr_t page)
{
	unsigned i;

	for (i = 0; i < NR_MSIS && windows[i].page; i++)
		if (windows[i].page == page)
			return windows[i].va;
	if (i == NR_MSIS)
		return NULL;
	windows[i].va = ioremap(page, PAGE_SIZE, true);
	windows[i].page = windows[i].va ? page : 0;
	return windows[i].va;
}

/* Fills in m->regs and m->table. base: what the caller believes the BAR to be. */
static int msix_find(const struct domain *d, struct msi *m, maddr_t base)
{
	unsigned cap = pci_capability(m->bdf, CAP_MSIX), table;
	maddr_t bar, at;
	char *page;
	int rc;

	if (!cap)
		return -ENODEV;
	if (m->entry > (pci_read(m->bdf, cap + CONTROL, 2) & MSIX_SIZE))
		return -EINVAL;
	if (!(pci_read(m->bdf, COMMAND, 2) & COMMAND_MEMORY))
		return -ENXIO;
	table = pci_read(m->bdf, cap + MSIX_TABLE, 4);
	rc = bar_base(m->bdf, table & 7, &bar);
	if (rc)
		return rc;
	at = bar + (table & ~7u) + m->entry * ENTRY_WORDS * sizeof(uint32_t);
	if (bar != base || !mfn_is_mmio_for(maddr_to_mfn(at), d, false)) {
		guest_log(LOG_WARN, "MSI-X table of %02x:%02x.%u refused: BAR at %lx, expected %lx, entry at %lx",
			  m->bdf >> 8, m->bdf >> 3 & 31, m->bdf & 7, bar, base, at);
		return -EINVAL;
	}
	page = window(at & PAGE_MASK);
	if (!page)
		return -ENOSPC;
	m->regs = (volatile uint32_t *)(page + (at & ~PAGE_MASK));
	m->table = maddr_to_mfn(at);
	return 0;
}

bool msi_table_page(mfn_t mfn)
{
	for (unsigned i = 0; i < NR_MSIS; i++)
		if (READ_ONCE(msis[i].used) && mfn_eq(msis[i].table, mfn))
			return true;
	return false;
}

/* --- slots --- */

bool msi_used(unsigned slot) { return msis[slot].used; }

static int find_free(int wanted)
{
	if (wanted >= 0)
		return msis[wanted].used ? -EBUSY : wanted;
	for (unsigned i = 0; i < NR_MSIS; i++)
		if (!msis[i].used)
			return i;
	return -ENOSPC;
}

/* MSI-X and MSI exclude each other, and a message has one vector. */
static bool taken(const struct msi *new)
{
	for (unsigned i = 0; i < NR_MSIS; i++) {
		const struct msi *m = &msis[i];

		if (m->used && m->bdf == new->bdf && (!m->regs || !new->regs || m->entry == new->entry))
			return true;
	}
	return false;
}

int msi_map(const struct domain *d, const struct msi_request *r, int wanted)
{
	struct msi m = { .bdf = r->bdf, .entry = r->entry, .table = MFN_NONE };
	int slot = find_free(wanted), rc = 0;

	if (slot < 0)
		return slot;
	if (r->table_base)
		rc = msix_find(d, &m, r->table_base);
	else if (!(m.cap = pci_capability(m.bdf, CAP_MSI)))
		rc = -ENODEV;
	if (!rc && taken(&m))
		rc = -EEXIST;
	if (rc)
		return rc;
	msis[slot] = m;
	WRITE_ONCE(msis[slot].used, true);
	msi_mask(slot, true);
	if (m.regs)
		msix_write(&m, slot);
	else
		msi_write(&m, slot);
	return slot;
}

/* The slot may soon be another function's: one that cannot be masked stops sending. */
void msi_unmap(unsigned slot)
{
	const struct msi *m = &msis[slot];

	if (!m->regs)
		pci_write(m->bdf, m->cap + CONTROL, 2, msi_control(m) & ~MSI_ENABLE);
	WRITE_ONCE(msis[slot].used, false);
}
