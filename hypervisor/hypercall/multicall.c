/* SPDX-License-Identifier: MIT */
/*
 * multicall: a guest's array of hypercalls, run in order, each result written into its entry. Preemptible
 * between entries and, by the entry's own means, inside one: cont.multicall_done counts finished entries,
 * cont.done stays the running entry's.
 */
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "lib.h"
#include "uaccess.h"

#define ENTRIES_MAX (1u << 20)

/* No recursion, and no iret: it replaces the very registers the batch returns into. */
static long run(const multicall_entry_t *e)
{
	const uint64_t *a = (const uint64_t *)e->args;
	hypercall_fn *fn;

	if (e->op == __HYPERVISOR_multicall || e->op == __HYPERVISOR_iret)
		return -EINVAL;
	if (e->op >= NR_HYPERCALLS)
		return -ENOSYS;
	fn = hypercall_table[index_nospec(e->op, NR_HYPERCALLS)];
	return fn ? fn(a[0], a[1], a[2], a[3], a[4], a[5]) : -ENOSYS;
}

long do_multicall(uint64_t list, uint64_t nr, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	struct hypercall_cont *cont = &current->cont;
	multicall_entry_t *entries = (multicall_entry_t *)list, e;

	(void)a3, (void)a4, (void)a5, (void)a6;
	nr = (uint32_t)nr;
	if (nr > ENTRIES_MAX || !guest_range_ok(entries, nr * sizeof(e)))
		return nr > ENTRIES_MAX ? -EINVAL : -EFAULT;
	while (cont->multicall_done < nr) {
		multicall_entry_t *at = &entries[cont->multicall_done];
		long rc;

		if (copy_from_guest_bytes(&e, at, sizeof(e)))
			return -EFAULT;
		rc = run(&e);
		if (rc == -ERESTART)
			return rc;
		cont->done = cont->aux = 0;
		cont->multicall_done++;
		if (copy_to_guest_bytes(&at->result, &rc, sizeof(rc)))
			return -EFAULT;
		if (cont->multicall_done < nr && preempt_needed())
			return -ERESTART;
	}
	return 0;
}
