/* SPDX-License-Identifier: MIT */
/*
 * Attack: entries that are absent and name memory, as a CPU with L1TF would read through them: put there by each way
 * that an entry takes, at each level, and in whole tables.
 *
 * Expected: refused, and the table is as it was. What a kernel has of its own in absent entries passes as long as the
 * address is none of memory: zero, software's bits alone, and numbers upside down, as Linux writes them.
 * Needs: pv-l1tf=on
 */
#include "test.h"
#include "self_audit.h"

#define HERE ((void *)0x7e0000000000)
#define SWAPPED (0xaUL << 59)		/* software's bits */

static uint64_t half;			/* where no memory is any more */

static long set_entry(maddr_t where, uint64_t value)
{
	struct mmu_update u = { .ptr = where, .val = value };

	return hypercall_mmu_update(&u, 1, NULL, DOMID_SELF);
}

static long pin(unsigned int cmd, const void *page)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = virt_to_mfn(page) };

	return hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static void check_single_entries(uint64_t bad)
{
	volatile uint64_t *entry = (uint64_t *)pt_entry(HERE, 1);

	check_value("by mmu_update", set_entry(pt_entry_maddr(HERE, 1), bad), -XEN_EINVAL);
	check_value("by update_va_mapping", hypercall_update_va_mapping(HERE, bad, UVMF_INVLPG), -XEN_EINVAL);
	check_value("by writing to the table", probe_write(entry, bad), TRAPPED(14, 3));
	check_value("the entry is as it was", *entry, 0);
	for (unsigned int level = 2; level <= 4; level++) {
		const pte_t *empty = pt_entry(HERE, level) + 1;

		check_value("the place is empty", *empty, 0);
		check_value("at a higher level", set_entry(pt_entry_maddr(HERE, level) + 8, bad), -XEN_EINVAL);
		check_value("it still is", *empty, 0);
	}
}

static void check_whole_tables(uint64_t bad)
{
	static const unsigned int commands[] = { MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L3_TABLE };
	uint64_t *table = os_pages_alloc(1);

	for (unsigned int i = 0; i < 3; i++) {
		table[511] = bad;
		pt_protect(table, PTE_RO);
		check_value("in a table that is pinned", pin(commands[i], table), -XEN_EINVAL);
		pt_protect(table, PTE_RW);
		table[511] = 0;
		pt_protect(table, PTE_RO);
		check_value("and without it", pin(commands[i], table), 0);
		check_value("unpin", pin(MMUEXT_UNPIN_TABLE, table), 0);
		pt_protect(table, PTE_RW);
	}
	os_pages_free(table, 1);
}

static void check_allowed(void)
{
	const uint64_t all = (1UL << 52) - 1, mfn = virt_to_mfn(test_main);
	const uint64_t fine[] = { 0, SWAPPED, SWAPPED | 0xffe, half, ~(mfn << PAGE_SHIFT) & all & PAGE_MASK,
				  (SWAPPED | (~(5UL << 12) & all)) & ~1UL };

	for (unsigned int i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		check_value("what names no memory", set_entry(pt_entry_maddr(HERE, 1), fine[i]), 0);
		check_value("is there", *pt_entry(HERE, 1), fine[i]);
	}
	check_value("empty it", set_entry(pt_entry_maddr(HERE, 1), 0), 0);
}

void test_main(void)
{
	uint32_t a = 0x80000008, b, c = 0, d;
	uint64_t own = (uint64_t)virt_to_mfn(test_main) << PAGE_SHIFT;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	half = 1UL << ((a & 0xff) - 1);
	check("tables", !pt_populate(HERE, 1));
	check_single_entries(own);
	check_single_entries(PAGE_SIZE | SWAPPED);
	check_single_entries(half - PAGE_SIZE);
	check_single_entries(own | 1UL << 51);		/* a bit that the CPU does not look at */
	check_whole_tables(own);
	check_allowed();
	self_audit();
}
