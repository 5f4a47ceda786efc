/* SPDX-License-Identifier: MIT */
/* vm_assist: switches a guest throws about itself. What m2p_strict asks for (no machine-to-phys table in user
 * mode) is the case here always, so it may be switched and changes nothing. */
#include "cpu.h"
#include "domain.h"
#include "errno.h"

long do_vm_assist(uint64_t cmd, uint64_t type, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	uint64_t *bits = &current->domain->vm_assist;

	(void)a3, (void)a4, (void)a5, (void)a6;
	type = (uint32_t)type;
	if (type >= 64 || !(KNOWN_ASSISTS & BIT(type)))
		return -EINVAL;
	switch ((uint32_t)cmd) {
	case VMASST_CMD_enable:
		__atomic_or_fetch(bits, BIT(type), __ATOMIC_RELAXED);
		return 0;
	case VMASST_CMD_disable:
		__atomic_and_fetch(bits, ~BIT(type), __ATOMIC_RELAXED);
		return 0;
	}
	return -ENOSYS;
}
