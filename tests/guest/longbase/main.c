/* SPDX-License-Identifier: MIT */
/*
 * A base pointer with thousands of tables behind it that nothing has validated yet, loaded by MOV CR3 and by
 * hypercall, and left again.
 *
 * The load takes long, so it is interrupted: a periodic timer's events arrive at the instruction itself, which
 * goes on afterwards. When it is done the new tables are in force; once the old base is back, all of the tree
 * is plain memory again.
 */
#include "test.h"
#include <xen/vcpu.h>

#define TABLES 2500	/* or as many as there is memory for */
#define L2S ((TABLES + PT_ENTRIES - 1) / PT_ENTRIES)
#define SLOT 200	/* of the L4: nothing else is there */

static char *l1[TABLES], *l2[L2S], *l3, *l4;
static unsigned int tables;
static volatile unsigned int inside;
static volatile uint64_t last, longest;
extern char longbase_instruction[];

static void nothing(evtchn_port_t port, void *arg)
{
	(void)port, (void)arg;
}

static void on_tick(struct trap_frame *f)
{
	uint64_t now = time_now_ns();

	evtchn_dispatch();
	if (f->rip != (unsigned long)longbase_instruction)
		return;
	inside++;
	if (last && now - last > longest)
		longest = now - last;
	last = now;
}

static void protect(void *page, uint64_t bits)
{
	if (pt_protect(page, bits))
		check("pt_protect", false);
}

/* Every entry maps a page, so that each table takes its time. */
static void make_tree(void)
{
	mfn_t target = virt_to_mfn(os_pages_alloc(1));

	l3 = os_pages_alloc(1);
	l4 = os_pages_alloc(1);
	for (unsigned int i = 0; i < L2S; i++)
		l2[i] = os_pages_alloc(1);
	for (; tables < TABLES && (l1[tables] = os_pages_alloc(1)); tables++) {
		for (unsigned int e = 0; e < PT_ENTRIES; e++)
			((pte_t *)l1[tables])[e] = pte_make(target, PTE_RW);
		((pte_t *)l2[tables / PT_ENTRIES])[tables % PT_ENTRIES] =
			pte_make(virt_to_mfn(l1[tables]), PTE_TABLE);
	}
	say("# %u tables\n", tables);
	check("a large tree", tables > 500);
	for (unsigned int i = 0; i < L2S; i++)
		((pte_t *)l3)[i] = pte_make(virt_to_mfn(l2[i]), PTE_TABLE);
	for (unsigned int i = 0; i < PT_ENTRIES; i++)
		((pte_t *)l4)[i] = pt_root()[i];
	((pte_t *)l4)[SLOT] = pte_make(virt_to_mfn(l3), PTE_TABLE);
}

static void protect_tree(uint64_t bits)
{
	for (unsigned int i = 0; i < tables; i++)
		protect(l1[i], bits);
	for (unsigned int i = 0; i < L2S; i++)
		protect(l2[i], bits);
	protect(l3, bits);
	protect(l4, bits);
}

static void begin(void)
{
	inside = 0;
	last = longest = 0;
	events_enable();
}

static __attribute__((noinline, noclone)) void load(mfn_t base)
{
	uint64_t cr3 = base << PAGE_SHIFT;

	__asm__ volatile("longbase_instruction: movq %0, %%cr3" : : "r"(cr3) : "memory");
}

static mfn_t base(void)
{
	uint64_t cr3;

	__asm__ volatile("movq %%cr3, %0" : "=r"(cr3));
	return cr3 >> PAGE_SHIFT;
}

static void check_instruction(void)
{
	mfn_t old = virt_to_mfn(pt_root());
	const uint64_t *seen = (void *)((unsigned long)SLOT << 39);

	protect_tree(PTE_RO);
	check("not there yet", probe_read(seen) != 0);
	begin();
	load(virt_to_mfn(l4));
	events_disable();
	say("# %u events while MOV CR3 waited, the longest %lu us apart\n", inside, longest / 1000);
	check("events arrive while it validates", inside > 2);
	check_value("the base is the new one", base(), virt_to_mfn(l4));
	check_value("the new tables are in force", probe_read(seen), 0);
	begin();
	load(old);
	events_disable();
	check_value("the old base is back", base(), old);
	check("its tables are in force", probe_read(seen) != 0);
	protect_tree(PTE_RW);
	check("the tree is memory again", true);
}

static void check_hypercall(void)
{
	struct mmuext_op op = { .cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = virt_to_mfn(l4) };

	protect_tree(PTE_RO);
	check_value("by hypercall", hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF), 0);
	check_value("the base is the new one", base(), virt_to_mfn(l4));
	op.arg1.mfn = virt_to_mfn(pt_root());
	check_value("and back", hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF), 0);
	protect_tree(PTE_RW);
	check("the tree is memory again", true);
}

void test_main(void)
{
	struct vcpu_set_periodic_timer period = { .period_ns = 1000000 };
	evtchn_port_t port;

	make_tree();
	on_event = on_tick;
	check_value("a timer", evtchn_bind_virq(VIRQ_TIMER, 0, &port), 0);
	evtchn_set_handler(port, nothing, NULL);
	check_value("every millisecond", hypercall_vcpu_op(VCPUOP_set_periodic_timer, 0, &period), 0);
	check_instruction();
	check_hypercall();
	hypercall_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
}
