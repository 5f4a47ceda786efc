/* SPDX-License-Identifier: MIT */
/*
 * multicall: many hypercalls in one.
 *
 * Each entry gets its own result, in order; an unknown or nested call fails alone; effects are
 * those of the calls; a list that cannot be read fails as a whole.
 */
#include "test.h"

#define HERE ((char *)0x400000000000)

void test_main(void)
{
	uint64_t *page = os_pages_alloc(1);
	struct multicall_entry many[64], calls[4] = {
		{ .op = __HYPERVISOR_xen_version, .args = { XENVER_version, 0 } },
		{ .op = 60, .args = { 1, 2, 3, 4, 5 } },
		{ .op = __HYPERVISOR_xen_version, .args = { XENVER_extraversion, 0x7ffffffff000 } },
		{ .op = __HYPERVISOR_xen_version, .args = { XENVER_pagesize, 0 } },
	};
	struct multicall_entry nested = { .op = __HYPERVISOR_multicall, .args = { (long)calls, 1 } };
	unsigned int i, wrong = 0;

	check_value("four calls", hypercall_multicall(calls, 4), 0);
	check_value("first", calls[0].result, 4 << 16 | 17);
	check_value("unknown", calls[1].result, -XEN_ENOSYS);
	check_value("bad pointer", calls[2].result, -XEN_EFAULT);
	check_value("after them", calls[3].result, 4096);
	check_value("arguments are kept", calls[0].args[0], XENVER_version);
	check_value("nested", hypercall_multicall(&nested, 1), 0);
	check_value("is refused", nested.result, -XEN_EINVAL);
	check_value("no calls", hypercall_multicall(calls, 0), 0);
	check_value("calls from nowhere", hypercall_multicall((void *)0x7ffffffff000, 2), -XEN_EFAULT);

	check_value("tables for the tests", pt_populate(HERE, 64), 0);
	for (i = 0; i < 64; i++)
		many[i] = (struct multicall_entry){ .op = __HYPERVISOR_update_va_mapping,
			.args = { (long)HERE + i * PAGE_SIZE, pte_make(virt_to_mfn(page), PTE_RW),
				  UVMF_INVLPG } };
	check_value("64 mappings at once", hypercall_multicall(many, 64), 0);
	for (i = 0; i < 64; i++) {
		*page = i;
		if (many[i].result || *(volatile uint64_t *)(HERE + i * PAGE_SIZE) != i)
			wrong++;
	}
	check_value("mappings that do not show their page", wrong, 0);
}
