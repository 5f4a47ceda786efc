/* SPDX-License-Identifier: MIT */
/*
 * Page-table and grant hypercalls of two domains, as deep as an input is long (the model goes
 * everywhere, but not far): four bytes an operation, the audit after every eighth and at the end.
 */
#include <stdint.h>
#include <stdlib.h>
#undef errno
#define strtoull hv_strtoull /* lib.h has its own, of another type */
#include "machine.h"

static void operate(unsigned dom, unsigned what, unsigned a, unsigned b)
{
	static const uint64_t flags[] = { PTE_P | PTE_US | PTE_RW,    PTE_P | PTE_US,
					  PTE_P | PTE_RW | PTE_GRANT, PTE_GRANT,
					  PTE_P | PTE_RW | PTE_PCD,   0,
					  PTE_P | PTE_US | PTE_G,     PTE_P | PTE_PS };
	unsigned frame = 1 + a % 6, slot = b % NR_SLOTS;

	switch (what % 11) {
	case 0:
		op_pin(dom, frame, 1 + b % 4);
		break;
	case 1:
		op_unpin(dom, frame);
		break;
	case 2 ... 3:
		op_update(dom, frame, slot, pte_make(mfn(b >> 1 & 7), flags[b >> 5]));
		break;
	case 4:
		op_permit(dom, a >> 7, frame, b & 3 ? GTF_permit_access | (b & 4) : b);
		break;
	case 5:
		if (!machine_gone(!dom) && machine_handles(dom) < NR_HANDLES)
			op_map(dom, a >> 7, slot, b >> 2 & 0x1f);
		break;
	case 6:
		op_unmap(dom, a % NR_HANDLES, slot, b & 8);
		break;
	case 7:
		op_replace(dom, a % NR_HANDLES, slot, b >> 1 & 1);
		break;
	case 8:
		if (b & 1)
			op_base(dom, frame);
		else
			op_copy(dom, b & 2);
		break;
	case 9:
		if (b > 240)
			op_destroy(!dom, b & 1);
		else if (b > 220)
			op_release(dom, frame);
		break;
	case 10:
		if (b & 1)
			op_permit(dom, b >> 1 & 1, frame, GTF_accept_transfer);
		else if (b & 2 || !machine_gone(!dom))
			op_transfer(dom, frame, b >> 2 & 1);
		break;
	}
}

static void judge(void)
{
	if (machine_audit())
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct state *start;

	if (!start) {
		start = malloc(state_size);
		machine_start();
		machine_save(start);
	}
	machine_load(start);
	for (size_t i = 0; i + 4 <= size; i += 4) {
		unsigned dom = data[i] & 1;

		if (machine_alive(dom) && !machine_gone(0) && !machine_gone(1))
			operate(dom, data[i + 1], data[i + 2], data[i + 3]);
		if (i / 4 % 8 == 7)
			judge();
	}
	judge();
	return 0;
}
