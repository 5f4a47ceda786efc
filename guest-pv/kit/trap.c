/* SPDX-License-Identifier: MIT */
/*
 * Tells the hypervisor the entries of trap.asm. Every exception masks events, as an interrupt gate
 * does; breakpoint and overflow may be raised by user mode's own instructions.
 */
#include <kit/trap.h>
#include <kit/hypercall.h>

extern void trap_event_entry(void), trap_failsafe_entry(void), trap_syscall_entry(void);
extern const struct { uint64_t vector, address; } trap_entries[];

#define TABLE_MAX 32
#define CLEAR_EVENTS 4

static unsigned int user_level(uint64_t vector)
{
	return vector == 3 || vector == 4 ? 3 : 0;
}

int trap_init(void)
{
	struct trap_info table[TABLE_MAX];
	unsigned int i;
	int rc;

	for (i = 0; trap_entries[i].address; i++) {
		table[i].vector = trap_entries[i].vector;
		table[i].cs = FLAT_KERNEL_CS;
		table[i].flags = CLEAR_EVENTS | user_level(table[i].vector);
		table[i].address = trap_entries[i].address;
	}
	table[i].address = 0;
	rc = hypercall_set_trap_table(table);
	if (rc)
		return rc;
	return hypercall_set_callbacks(trap_event_entry, trap_failsafe_entry, trap_syscall_entry);
}
