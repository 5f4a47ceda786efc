/* SPDX-License-Identifier: MIT */
/*
 * I/O ports. dom0 drives the machine's devices, but those the hypervisor itself lives on; nobody else
 * has any. IN, OUT and their string forms fault in ring 3 and are done here for whom they are allowed.
 */
#include "domain.h"
#include "insn.h"
#include "lib.h"
#include "pci.h"
#include "pti.h"
#include "uaccess.h"
#include "x86.h"
#include "pv.h"

static const struct { uint16_t first, last; } ours[] = {
	{ 0x20, 0x21 }, { 0xa0, 0xa1 },		/* the old interrupt controllers: masked for good */
	{ 0x40, 0x43 },				/* PIT */
	{ 0x3f8, 0x3ff },			/* COM1: our console */
};

bool pv_port_allowed(const struct domain *d, uint16_t port, unsigned bytes)
{
	unsigned last = port + bytes - 1;

	if (!d->privileged || last > 0xffff)
		return false;
	for (unsigned i = 0; i < ARRAY_SIZE(ours); i++)
		if (port <= ours[i].last && last >= ours[i].first)
			return false;
	return true;
}

/* Of the kernel's bitmap; a set bit forbids. */
static bool bitmap_allows(const struct vcpu *v, uint16_t port, unsigned bytes)
{
	for (unsigned p = port; p < port + bytes; p++) {
		uint8_t b;

		if (p >= v->pv.iobmp_limit || copy_from_guest_bytes(&b, v->pv.iobmp + p / 8, 1) ||
		    b & 1 << p % 8)
			return false;
	}
	return true;
}

/* Virtual IOPL, else the bitmap, which user tables need not map. */
static bool io_privileged(const struct vcpu *v, uint16_t port, unsigned bytes)
{
	maddr_t user;
	bool ok;

	if (v->pv.iopl >= (v->pv.kernel_mode ? 1u : 3u))
		return true;
	if (v->pv.kernel_mode)
		return bitmap_allows(v, port, bytes);
	user = root_read();
	root_load(mfn_to_maddr(v->pv.base_kernel));
	ok = bitmap_allows(v, port, bytes);
	root_load(user);
	return ok;
}

/* What dom0 wrote to the address port of PCI configuration space; it goes there with each access to the data. */
static uint32_t pci_address;

static bool is_pci_data(uint16_t port, unsigned bytes)
{
	return port >= PCI_DATA_PORT && port + bytes <= PCI_DATA_PORT + 4;
}

static uint32_t port_read(uint16_t port, unsigned bytes)
{
	if (port == PCI_ADDRESS_PORT && bytes == 4)
		return pci_address;
	if (is_pci_data(port, bytes))
		return pci_data_read(pci_address, port & 3, bytes);
	return bytes == 1 ? inb(port) : bytes == 2 ? inw(port) : inl(port);
}

static void port_write(uint16_t port, unsigned bytes, uint32_t val)
{
	if (port == PCI_ADDRESS_PORT && bytes == 4)
		pci_address = val;
	else if (is_pci_data(port, bytes))
		pci_data_write(pci_address, port & 3, bytes, val);
	else if (bytes == 1)
		outb(port, val);
	else if (bytes == 2)
		outw(port, val);
	else
		outl(port, val);
}

/* A port the domain may not touch reads as ones and swallows writes, as an empty bus does. */
static uint32_t guest_in(struct vcpu *v, uint16_t port, unsigned bytes)
{
	return pv_port_allowed(v->domain, port, bytes) ? port_read(port, bytes) : ~0u >> (32 - 8 * bytes);
}

static void guest_out(struct vcpu *v, uint16_t port, unsigned bytes, uint32_t val)
{
	if (pv_port_allowed(v->domain, port, bytes))
		port_write(port, bytes, val);
}

bool pv_in_out(struct vcpu *v, struct insn *i, uint8_t op)
{
	struct cpu_user_regs *r = &v->regs;
	uint16_t port = op & 8 ? (uint16_t)r->rdx : insn_next(i);
	unsigned bytes = !(op & 1) ? 1 : i->opsize ? 2 : 4;

	if (!insn_complete(i) || !io_privileged(v, port, bytes))
		return false;
	if (op & 2) {
		guest_out(v, port, bytes, r->rax);
	} else {
		uint32_t val = guest_in(v, port, bytes);

		r->rax = bytes == 4 ? val : bytes == 2 ? (r->rax & ~0xffffUL) | val : (r->rax & ~0xffUL) | val;
	}
	return true;
}

/* INS and OUTS, one element; with a repeat prefix the instruction runs again until rcx is 0. */
bool pv_in_out_string(struct vcpu *v, struct insn *i, uint8_t op, bool *again)
{
	struct cpu_user_regs *r = &v->regs;
	uint16_t port = r->rdx;
	unsigned bytes = !(op & 1) ? 1 : i->opsize ? 2 : 4;
	int64_t step = r->rflags & EFLAGS_DF ? -(int)bytes : (int)bytes;
	uint32_t val = 0;

	if (!io_privileged(v, port, bytes))
		return false;
	if (i->rep && r->rcx == 0)
		return true;
	if (op & 2) {
		if (copy_from_guest_bytes(&val, (const void *)r->rsi, bytes)) {
			pv_inject_pf(r->rsi, 0);
			*again = true;
			return true;
		}
		guest_out(v, port, bytes, val);
		r->rsi += step;
	} else {
		val = guest_in(v, port, bytes);
		if (copy_to_guest_bytes((void *)r->rdi, &val, bytes)) {
			pv_inject_pf(r->rdi, PF_W);
			*again = true;
			return true;
		}
		r->rdi += step;
	}
	*again = i->rep && --r->rcx;
	return true;
}
