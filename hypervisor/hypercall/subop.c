/* SPDX-License-Identifier: MIT */
/*
 * The common half of every "op(cmd, pointer)" hypercall: find the row, check privilege, copy the argument
 * in, act on the copy, copy the result out. The copy is the only thing a handler ever looks at.
 */
#include "domain.h"
#include "errno.h"
#include "cpu.h"
#include "lib.h"
#include "uaccess.h"

long subop_dispatch(const struct subop *table, unsigned nr, unsigned cmd, void *guest_arg)
{
	uint64_t buf[SUBOP_MAX / 8];
	const struct subop *s;
	long rc;

	if (cmd >= nr)
		return -ENOSYS;
	s = &table[index_nospec(cmd, nr)];
	if (!s->fn)
		return -ENOSYS;
	if (s->privileged && !current->domain->privileged)
		return -EPERM;
	if (s->size && copy_from_guest_bytes(buf, guest_arg, s->size))
		return -EFAULT;
	rc = s->fn(buf);
	if (rc >= 0 && s->copy_back && copy_to_guest_bytes(guest_arg, buf, s->size))
		return -EFAULT;
	return rc;
}
