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

#define PREEMPT_EVERY 8		/* entries; a long one looks for itself */

/* An entry, read once and straight into the registers that its handler takes. */
struct call {
	uint64_t op, a1, a2, a3, a4, a5, a6;
};

static __force_inline bool read_entry(struct call *c, const multicall_entry_t *at)
{
	register uint64_t a5 __asm__("r8"), a6 __asm__("r9");
	bool ok = true;

	_Static_assert(offsetof(multicall_entry_t, op) == 0 && offsetof(multicall_entry_t, args) == 16,
		       "the offsets below");
	__asm__ volatile(STAC
			 "1: mov (%[at]), %[op]\n 2: mov 16(%[at]), %[a1]\n 3: mov 24(%[at]), %[a2]\n"
			 "4: mov 32(%[at]), %[a3]\n 5: mov 40(%[at]), %[a4]\n 6: mov 48(%[at]), %[a5]\n"
			 "7: mov 56(%[at]), %[a6]\n 8: " CLAC
			 ".pushsection .text.fixup, \"ax\"\n 9: movb $0, %[ok]\n jmp 8b\n .popsection\n"
			 FIXUP("1b", "9b") FIXUP("2b", "9b") FIXUP("3b", "9b") FIXUP("4b", "9b")
			 FIXUP("5b", "9b") FIXUP("6b", "9b") FIXUP("7b", "9b")
			 : [op] "=&a"(c->op), [a1] "=&D"(c->a1), [a2] "=&S"(c->a2), [a3] "=&d"(c->a3),
			   [a4] "=&c"(c->a4), [a5] "=&r"(a5), [a6] "=&r"(a6), [ok] "+m"(ok)
			 : [at] "r"(at) : "memory");
	c->a5 = a5;
	c->a6 = a6;
	return ok;
}

/* No recursion, and no iret: it replaces the very registers the batch returns into. */
static __force_inline long run(const struct call *c)
{
	if (unlikely(c->op == __HYPERVISOR_multicall || c->op == __HYPERVISOR_iret))
		return -EINVAL;
	if (unlikely(c->op >= NR_HYPERCALLS))
		return -ENOSYS;
	return hypercall_table[index_nospec(c->op, NR_HYPERCALLS)](c->a1, c->a2, c->a3, c->a4, c->a5, c->a6);
}

/* From cont->multicall_done on; the array begins outside our area. */
static long run_all(struct hypercall_cont *cont, multicall_entry_t *entries, unsigned nr)
{
	for (unsigned i = cont->multicall_done; i < nr; ) {
		struct call c;
		uint64_t rc;

		if (unlikely(!read_entry(&c, &entries[i])))
			return -EFAULT;
		rc = run(&c);
		if (unlikely(rc == (uint64_t)-ERESTART) && READ_ONCE(this_cpu()->softirq_pending))
			return rc;
		cont->done = 0;
		cont->multicall_done = i + 1;
		if (unlikely(guest_copy_quads(&entries[i].result, &rc, 1)))
			return -EFAULT;
		if (++i % PREEMPT_EVERY == 0 && i < nr && preempt_needed())
			return -ERESTART;
	}
	return 0;
}

long do_multicall(uint64_t list, uint64_t nr, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	multicall_entry_t *entries = guest_ptr((void *)list);
	struct hypercall_cont *cont = &current->cont;
	long rc;

	(void)a3, (void)a4, (void)a5, (void)a6;
	nr = (uint32_t)nr;
	if (nr > ENTRIES_MAX)
		return -EINVAL;
	rc = run_all(cont, entries, nr);
	if (likely(rc != -ERESTART))
		cont->multicall_done = 0;
	return rc;
}
