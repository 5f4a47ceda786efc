/* SPDX-License-Identifier: MIT */
/* Waiting for a lock that another CPU holds (lock.h). */
#include "cpu.h"
#include "lock.h"

void spin_wait(const spinlock_t *l, uint16_t ticket)
{
	while (__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != ticket)
		cpu_relax();
}
