/* SPDX-License-Identifier: MIT */
/*
 * Every sequence of operations of two domains, breadth first, each state once: pins, entries,
 * grants given, mapped, moved, revoked and copied, frames given away and back, and either domain destroyed
 * at any moment, a step at a time, while the other goes on. Each state is judged by the audit;
 * where both are gone every frame must be free.
 *
 * model-test [STATES]: no more than so many states (the default is what CI has time for).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#undef errno
#define strtoull hv_strtoull /* lib.h has its own, of another type */
#include "machine.h"
#include "printk.h"

static char *states;
static uint32_t *seen;
static unsigned nr_states, max_states = 300000, nr_slots, nr_ended;
static uint64_t nr_ops;
static const char *last_op = "nothing";

static uint64_t hash(const void *p)
{
	const uint64_t *w = p;
	uint64_t h = 0;

	for (unsigned i = 0; i < state_size / 8; i++)
		h = (h ^ w[i]) * 0x9e3779b97f4a7c15ULL, h ^= h >> 29;
	return h;
}

static void *state_at(unsigned i) { return states + (size_t)i * state_size; }

static void judge(unsigned from)
{
	const char *wrong = machine_audit();

	if (!wrong && machine_dead(0) && machine_dead(1)) {
		nr_ended++;
		if (!machine_gone(0) || !machine_gone(1) || page_free_count() != NR_FRAMES - 1)
			wrong = "what outlives both domains";
	}
	if (wrong) {
		printf("state %u, from %u by %s: %s\n0 passed, 1 failed\n", nr_states, from,
		       last_op, wrong);
		exit(1);
	}
}

/* Remembers the present state if it is new. */
static void visit(unsigned from)
{
	uint64_t at;

	nr_ops++;
	if (nr_states == max_states)
		return;
	machine_save(state_at(nr_states));
	for (at = hash(state_at(nr_states)) % nr_slots; seen[at]; at = (at + 1) % nr_slots)
		if (!memcmp(state_at(seen[at] - 1), state_at(nr_states), state_size))
			return;
	judge(from);
	seen[at] = ++nr_states;
}

#define TRY(op)                               \
	do {                                  \
		machine_load(state_at(from)); \
		last_op = #op;                \
		op;                           \
		visit(from);                  \
	} while (0)

static void try_tables(unsigned from, unsigned dom)
{
	const uint64_t rw = PTE_P | PTE_US | PTE_RW, ro = PTE_P | PTE_US;
	const pte_t val[] = {
		0,
		pte_make(mfn(PAGE(dom)), rw),
		pte_make(mfn(PAGE(dom)), ro),
		pte_make(mfn(TABLE(dom)), rw),
		pte_make(mfn(TABLE(dom)), ro),
		pte_make(mfn(PAGE(!dom)), ro),
		pte_make(mfn(PAGE(!dom)), rw | PTE_GRANT),
		pte_make(mfn(PAGE(!dom)), PTE_GRANT),
	};

	for (unsigned n = TABLE(dom); n <= PAGE(dom); n++) {
		TRY(op_pin(dom, n, 1));
		TRY(op_unpin(dom, n));
		TRY(op_release(dom, n));
	}
	for (unsigned slot = 0; slot < NR_SLOTS; slot++)
		for (unsigned i = 0; i < ARRAY_SIZE(val); i++)
			TRY(op_update(dom, TABLE(dom), slot, val[i]));
	TRY(op_update(dom, TABLE(!dom), 0, val[2]));
	TRY(op_pin(dom, PAGE(dom), 2));
	TRY(op_pin_cut_short(dom, PAGE(dom), 2));
	TRY(op_unpin_cut_short(dom, PAGE(dom)));
	TRY(op_update(dom, PAGE(dom), 0, val[3]));
	TRY(op_update(dom, PAGE(dom), 0, 0));
	TRY(op_update(dom, PAGE(dom), 1, val[3]));
	TRY(op_update(dom, PAGE(dom), 1, 0));
	TRY(op_base(dom, MFN_NONE.n));
	TRY(op_base(dom, PAGE(dom)));
	TRY(op_base(dom, TABLE(dom)));
}

static const uint32_t kinds[] = { GNTMAP_host_map, GNTMAP_host_map | GNTMAP_readonly,
				  GNTMAP_host_map | GNTMAP_contains_pte,
				  GNTMAP_host_map | GNTMAP_device_map };

static void try_maps(unsigned from, unsigned dom, unsigned ref)
{
	for (unsigned k = 0; k < ARRAY_SIZE(kinds); k++)
		for (unsigned slot = 0; slot < NR_SLOTS; slot++) {
			machine_load(state_at(from));
			if (machine_handles(dom) < NR_HANDLES)
				TRY(op_map(dom, ref, slot, kinds[k]));
		}
}

static void try_unmaps(unsigned from, unsigned dom, unsigned handle)
{
	TRY(op_unmap(dom, handle, 0, true));
	for (unsigned slot = 0; slot < NR_SLOTS; slot++) {
		TRY(op_unmap(dom, handle, slot, false));
		for (unsigned to = 0; to < NR_SLOTS; to++)
			TRY(op_replace(dom, handle, slot, to));
	}
}

static void try_grants(unsigned from, unsigned dom)
{
	TRY(op_permit(dom, 0, PAGE(dom), GTF_permit_access));
	TRY(op_permit(dom, 0, TABLE(dom), GTF_permit_access));
	TRY(op_permit(dom, 0, PAGE(dom), GTF_permit_access | GTF_readonly));
	TRY(op_permit(dom, 0, PAGE(!dom), GTF_permit_access));
	TRY(op_permit(dom, 0, PAGE(dom), 0));
	TRY(op_permit(dom, 0, 0, GTF_accept_transfer));
	TRY(op_permit(dom, 1, PAGE(dom), GTF_permit_access));
	try_maps(from, dom, 1);
	for (unsigned h = 0; h < NR_HANDLES; h++)
		try_unmaps(from, dom, h);
	if (machine_gone(!dom))
		return;
	try_maps(from, dom, 0);
	TRY(op_map(dom, 0, NR_SLOTS, GNTMAP_host_map | GNTMAP_contains_pte));
	TRY(op_copy(dom, true));
	TRY(op_copy(dom, false));
	TRY(op_transfer(dom, TABLE(dom), 0));
	TRY(op_transfer(dom, PAGE(dom), 0));
}

static void try_all(unsigned from)
{
	for (unsigned dom = 0; dom < 2; dom++) {
		machine_load(state_at(from));
		if (machine_alive(dom)) {
			try_tables(from, dom);
			try_grants(from, dom);
		}
		machine_load(state_at(from));
		if (!machine_gone(dom))
			TRY(op_destroy(dom, true));
		machine_load(state_at(from));
		if (!machine_gone(dom))
			TRY(op_destroy(dom, false));
	}
}

/* More beginnings, so that what needs tables, grants or partial tables is not far away. */
static void begin_near(void)
{
	const pte_t link = pte_make(mfn(TABLE(0)), PTE_P | PTE_US | PTE_RW);

	op_pin(0, TABLE(0), 1);
	op_permit(0, 0, PAGE(0), GTF_permit_access);
	visit(0);
	op_pin(1, TABLE(1), 1);
	op_permit(1, 0, PAGE(1), GTF_permit_access);
	visit(0);
	op_permit(0, 1, PAGE(0), GTF_permit_access);
	op_map(0, 1, 0, GNTMAP_host_map);
	op_map(0, 1, 0, GNTMAP_host_map | GNTMAP_readonly);
	visit(0);
	machine_load(state_at(0));
	op_update(0, PAGE(0), 0, link);
	op_update(0, PAGE(0), 1, link);
	op_pin_cut_short(0, PAGE(0), 2);
	visit(0);
	op_destroy(1, false);
	visit(0);
}

int main(int argc, char **argv)
{
	unsigned i;

	if (argc > 1)
		max_states = strtoul(argv[1], NULL, 10);
	nr_slots = max_states * 2 + 1;
	states = malloc((size_t)(max_states + 1) * state_size);
	seen = calloc(nr_slots, sizeof(*seen));
	if (!states || !seen)
		return 2;
	machine_start();
	visit(0);
	begin_near();
	for (i = 0; i < nr_states && nr_states < max_states; i++)
		try_all(i);
	printf("%u states (%s), %lu operations, %u states in which both domains are gone\n",
	       nr_states, i == nr_states ? "all there are" : "the first by breadth", nr_ops,
	       nr_ended);
	if (nr_states < 1000 || !nr_ended) {
		printf("the model does not move\n0 passed, 1 failed\n");
		return 1;
	}
	printf("1 passed, 0 failed\n");
	return 0;
}
