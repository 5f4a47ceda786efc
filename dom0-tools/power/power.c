/* SPDX-License-Identifier: MIT */
/*
 * The end of the machine. Xen does not read the firmware's byte code: the control domain has to
 * say what S5 takes, and a mere sched_op shutdown halts the processors with the power on. That is
 * what remains where the tables do not tell.
 */
#include "power.h"

#include <string.h>
#include <xen/platform.h>
#include "../os/os.h"
#include "acpi.h"

static bool read_machine(uint64_t addr, void *buf, size_t n)
{
	xen_pfn_t mfn = addr >> OS_PAGE_SHIFT;
	size_t offset = addr & (OS_PAGE_SIZE - 1);
	uint8_t *to = buf;

	while (n) {
		size_t len = OS_PAGE_SIZE - offset;
		uint8_t *page = os_map_foreign(DOMID_IO, &mfn, 1, OS_PROT_READ);

		if (!page)
			return false;
		if (len > n)
			len = n;
		memcpy(to, page + offset, len);
		os_unmap(page, 1);
		to += len;
		n -= len;
		offset = 0;
		mfn++;
	}
	return true;
}

int power_off(void)
{
	struct xen_platform_op op = { .cmd = XENPF_enter_acpi_sleep };
	uint16_t pm1a, pm1b;

	if (!acpi_s5(read_machine, &pm1a, &pm1b)) {
		op.u.enter_acpi_sleep.val_a = pm1a;
		op.u.enter_acpi_sleep.val_b = pm1b;
		op.u.enter_acpi_sleep.sleep_state = 5;
		os_platform_op(&op);
	}
	return os_machine_off(false);
}

int power_reset(void)
{
	return os_machine_off(true);
}
