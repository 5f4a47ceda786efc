/* SPDX-License-Identifier: MIT */
/*
 * Page-table isolation, for CPUs on which ring 3 can read what supervisor entries map (Meltdown). The L4s of an isolated
 * domain have in our slots 256-271 only what a CPU needs to come in (x86/pti.asm): the entry code, the IDT, each CPU's
 * struct cpu and IST stacks, the domain's descriptor windows, and the M2P that guests may read anyway. Those
 * are the tables of entry_l4, shared by all domains and CPUs.
 *
 * We run on the CPU's own root instead (cpu->pti_l4), with all of our slots. Of the guest's it has what we needed so far
 * of the loaded address space: a slot is copied when an access to guest memory faults for the want of it, and
 * each load of CR3 copies those few anew. Hence such a copy is no older than a paging-structure cache's would be, and
 * the flushes that tlb.c counts cover both.
 *
 * All of cpu->pti_* is that CPU's own, with interrupts off; no lock.
 */
#include "boot.h"
#include "cpu.h"
#include "domain.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"
#include "pti.h"
#include "x86.h"

#define MSR_ARCH_CAPABILITIES 0x10a
#define RDCL_NO BIT(0)

bool pti_on;
uint64_t pti_fatal_cr3 __entry_data;	/* entry.asm: for what cannot tell whose CR3 is loaded; 0: always ours */
static pte_t *entry_l4;

/* As Xen sees it: what is not AMD's, and does not say that it is immune. */
static bool __init cpu_leaks(void)
{
	uint32_t r[4];

	cpuid_count(0, 0, r);
	if (r[1] == 0x68747541 /* "Auth" */ || r[1] == 0x6f677948 /* "Hygo" */)
		return false;
	if (r[0] < 7)
		return true;
	cpuid_count(7, 0, r);
	return !(r[3] >> 29 & 1) || !(rdmsr(MSR_ARCH_CAPABILITIES) & RDCL_NO);
}

void __init pti_choose(void)
{
	bool leaks = cpu_leaks();

	opt.xpti.dom0 = opt.xpti.dom0 < 0 ? leaks : opt.xpti.dom0;
	opt.xpti.domu = opt.xpti.domu < 0 ? leaks : opt.xpti.domu;
	pti_on = opt.xpti.dom0 || opt.xpti.domu;
	printk(LOG_INFO, "Page-table isolation: CPU %s Meltdown; dom0 %s, domU %s", leaks ? "has" : "has no",
	       opt.xpti.dom0 ? "isolated" : "not isolated", opt.xpti.domu ? "isolated" : "not isolated");
	if (pti_on)
		cpu_features.pge = false;	/* a global entry of ours would outlive the change of CR3 */
}

/* Shows [start, end), page by page, in the tables that guests run on. */
static void __init show(const void *start, const void *end, uint64_t flags)
{
	for (uint64_t va = (uint64_t)start & PAGE_MASK; va < (uint64_t)end; va += PAGE_SIZE)
		if (map_page(entry_l4, va, own_maddr((const void *)va), flags))
			panic("no memory for page tables");
}

void __init pti_add_cpu(struct cpu *c)
{
	if (!pti_on)
		return;
	c->pti_l4 = pt_page_alloc();
	if (!c->pti_l4)
		panic("no memory for page tables");
	memcpy(&c->pti_l4[HV_L4_FIRST], &idle_l4[HV_L4_FIRST], (HV_L4_LAST - HV_L4_FIRST + 1) * sizeof(pte_t));
	c->pti_slot[0] = PERDOMAIN_L4_SLOT;
	c->pti_slots = c->pti_next = 1;
	show(c, c + 1, MAP_RW);
	for (unsigned i = 1; i <= CPU_IST_STACKS; i++)
		show((uint8_t *)c->tss.ist[i] - PAGE_SIZE, (uint8_t *)c->tss.ist[i], MAP_RW);
}

void __init pti_init(void)
{
	extern char entry_text_start[], entry_text_end[], entry_data_start[], entry_data_end[];

	if (!pti_on)
		return;
	entry_l4 = pt_page_alloc();
	if (!entry_l4)
		panic("no memory for page tables");
	entry_l4[HV_L4_FIRST] = idle_l4[HV_L4_FIRST];
	show(entry_text_start, entry_text_end, MAP_RX);
	show(entry_data_start, entry_data_end, MAP_RW);
	pti_fatal_cr3 = virt_to_maddr(idle_l4);
	pti_add_cpu(this_cpu());
}

const pte_t *pti_slots_of(const struct domain *d)
{
	return (d->privileged ? opt.xpti.dom0 : opt.xpti.domu) ? entry_l4 : idle_l4;
}

/* --- the CPU's own root --- */

static bool is_isolated(const pte_t *l4)
{
	return !((l4[IMAGE_L4_SLOT] ^ entry_l4[IMAGE_L4_SLOT]) & PTE_MFN_MASK);
}

void pti_load_cr3(maddr_t base)
{
	struct cpu *c = this_cpu();
	const pte_t *guest = maddr_to_virt(base);

	if (!is_isolated(guest)) {
		c->hv_cr3 = c->guest_cr3 = 0;
		write_cr3(base);
		return;
	}
	for (unsigned i = 0; i < c->pti_slots; i++)
		c->pti_l4[c->pti_slot[i]] = READ_ONCE(guest[c->pti_slot[i]]);
	c->guest_cr3 = base;
	c->hv_cr3 = virt_to_maddr(c->pti_l4);
	write_cr3(c->hv_cr3);
}

maddr_t pti_read_cr3(void) { return this_cpu()->guest_cr3 ? this_cpu()->guest_cr3 : read_cr3(); }

/* One more slot to copy at each load, if need be instead of the one longest there; place 0 is the windows'. */
static void remember(struct cpu *c, unsigned slot)
{
	unsigned i = c->pti_slots;

	if (i < PTI_SLOTS) {
		c->pti_slots++;
	} else {
		i = c->pti_next;
		c->pti_next = i + 1 < PTI_SLOTS ? i + 1 : 1;
		c->pti_l4[c->pti_slot[i]] = 0;
	}
	c->pti_slot[i] = slot;
}

bool pti_fault(uint64_t va)
{
	unsigned slot = PT_SLOT(va, 4);
	pte_t e;

	/* GS may be the guest's in a fault at an address of ours. */
	if (slot >= HV_L4_FIRST && slot <= HV_L4_LAST)
		return false;
	if (!this_cpu()->guest_cr3 || this_cpu()->pti_l4[slot] & PTE_P)
		return false;
	e = READ_ONCE(((const pte_t *)maddr_to_virt(this_cpu()->guest_cr3))[slot]);
	if (!(e & PTE_P))
		return false;
	remember(this_cpu(), slot);
	this_cpu()->pti_l4[slot] = e;
	return true;
}
