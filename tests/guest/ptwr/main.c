/* SPDX-License-Identifier: MIT */
/*
 * An ordinary store to a page table.
 *
 * The table is mapped read-only; the hypervisor decodes the faulting store and makes it as a
 * checked update, with the assist of old switched on or not: plain stores and locked exchanges of a
 * whole entry work; a refused entry comes back as a page fault and changes nothing. vm_assist
 * refuses unknown commands and types.
 */
#include "test.h"

#define HERE ((char *)0x400000000000)

static long probe_xchg(volatile void *va, uint64_t *value)
{
	return PROBE("xchgq %0, (%1)", "+r" (*value), "r" (va));
}

static long probe_cmpxchg(volatile void *va, uint64_t *expected, uint64_t value)
{
	return PROBE("lock cmpxchgq %2, (%1)", "+a" (*expected), "r" (va), "r" (value));
}

/* What kernels do to single bits of an entry; registers hold other values than the immediates. */
static void check_bits(volatile uint64_t *entry)
{
	volatile uint64_t *to = entry;
	uint64_t before = *entry, flags;

	check_value("and of a byte", PROBE("lock andb $0xfd, (%0)", NONE, "r" (entry), "a" (0)), 0);
	check_value("clears that bit only", *entry, before & ~2UL);
	check_value("or of a byte", PROBE("lock orb $2, (%0)", NONE, "r" (entry), "a" (0)), 0);
	check_value("sets it again", *entry, before);
	check_value("or of a byte within", PROBE("lock orb $4, 1(%0)", NONE, "r" (entry), "a" (0)), 0);
	check_value("sets bit 10", *entry, before | 1UL << 10);
	check_value("bit test and reset", PROBE("lock btrq $10, (%1); pushfq; popq %0", "=r" (flags), "r" (entry)), 0);
	check_value("tells what it was", flags & 1, 1);
	check_value("and clears it", *entry, before);
	check_value("exclusive or", PROBE("lock xorq %0, (%1)", NONE, "r" (1UL << 63), "r" (entry)), 0);
	check_value("flips", *entry, before ^ 1UL << 63);
	check_value("store of a quarter", PROBE("movb $0x80, 7(%0)", NONE, "r" (entry), "a" (0)), 0);
	check_value("changes those bits", *entry >> 56, 0x80);
	check_value("string store", PROBE("movl $2, %%ecx; cld; rep stosq", "+D" (to), "a" (0)), 0);
	check_value("clears the entry", *entry | entry[1], 0);
	check_value("and ends behind it", (long)to, (long)(entry + 2));
}

void test_main(void)
{
	uint64_t *page = os_pages_alloc(1), *entry, value, old;
	uint64_t rw = pte_make(virt_to_mfn(page), PTE_RW);
	uint64_t bad = pte_make(virt_to_mfn(pt_root()), PTE_RW);

	check_value("tables for the tests", pt_populate(HERE, 8), 0);
	entry = (uint64_t *)pt_entry(HERE, 1);
	check_value("a store is made without the assist", probe_write(entry, 0), 0);
	check_value("assist on",
		    hypercall_vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables), 0);
	check_value("a store is made", probe_write(entry, rw), 0);
	check_value("and is what was stored", pte_mfn(*entry), virt_to_mfn(page));
	check_value("the page shows", probe_write(HERE, 0x31), 0);
	check_value("in its frame", *page, 0x31);
	check_value("a bad entry faults", probe_write(entry + 1, bad), TRAPPED(14, 3));
	check_value("at its address", vcpu_info()->arch.cr2, (long)(entry + 1));
	check_value("and changes nothing", entry[1], 0);
	value = 0;
	check_value("exchange", probe_xchg(entry, &value), 0);
	check_value("gives the old entry", pte_mfn(value), virt_to_mfn(page));
	check_value("and stores the new", *entry, 0);
	old = 0;
	check_value("compare and exchange", probe_cmpxchg(entry, &old, rw), 0);
	check_value("stores if equal", pte_mfn(*entry), virt_to_mfn(page));
	old = 1;
	check_value("compare and exchange, unequal", probe_cmpxchg(entry, &old, 0), 0);
	check_value("keeps the entry", pte_mfn(*entry), virt_to_mfn(page));
	check_value("and gives it", pte_mfn(old), virt_to_mfn(page));
	check_bits(entry);
	check_value("store to the root is not helped", probe_write(pt_root() + 300, 0), TRAPPED(14, 3));
	check_value("assist off",
		    hypercall_vm_assist(VMASST_CMD_disable, VMASST_TYPE_writable_pagetables), 0);
	check_value("a store is made again", probe_write(entry, 0), 0);
	check_value("no such command",
		    hypercall_vm_assist(9, VMASST_TYPE_writable_pagetables), -XEN_ENOSYS);
	for (unsigned int cmd = VMASST_CMD_enable; cmd <= VMASST_CMD_disable; cmd++)
		check_value("the last type", hypercall_vm_assist(cmd, VMASST_TYPE_m2p_strict), 0);
	check_value("no such type", hypercall_vm_assist(VMASST_CMD_enable, 99), -XEN_EINVAL);
}
