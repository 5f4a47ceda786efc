/* SPDX-License-Identifier: MIT */
/*
 * A small scope, completely: four frames that each have one slot in use. From the empty machine,
 * every operation (pin at every level, unpin, every entry into every slot) is tried in every state
 * that can be reached, and the auditor looks at each state once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tests.h"
#include "world.h"

#define FRAMES 4
#define SLOTS (1u << 22)
#define MAX_STATES 1000000

/* A state: what the frames are and what their slot 0 holds. The other slots are empty, but for ours
 * in an L4. */
struct snap {
	uint64_t state[FRAMES];
	pte_t slot[FRAMES];
};

static struct snap states[MAX_STATES];
static uint32_t seen[SLOTS];
static unsigned nr_states;

/* The type of a frame that nobody holds by it only says what it was last. */
static void save(struct snap *s)
{
	for (unsigned n = 0; n < FRAMES; n++) {
		s->state[n] = fr(n + 1)->state;
		if (!frame_tcount(s->state[n]))
			s->state[n] &= ~(15ULL << FRAME_TYPE_SHIFT);
		s->slot[n] = table(n + 1)[0];
	}
}

static void load(const struct snap *s)
{
	for (unsigned n = 0; n < FRAMES; n++) {
		fr(n + 1)->state = s->state[n];
		table(n + 1)[0] = s->slot[n];
		if (frame_type(s->state[n]) == FT_L4)
			hv_l4_install(&dom_a, table(n + 1));
		else
			memset(&table(n + 1)[HV_L4_FIRST], 0,
			       (HV_L4_LAST - HV_L4_FIRST + 1) * sizeof(pte_t));
	}
}

static uint64_t hash(const struct snap *s)
{
	const uint64_t *w = (const uint64_t *)s;
	uint64_t h = 0;

	for (unsigned i = 0; i < sizeof(*s) / 8; i++)
		h = (h ^ w[i]) * 0x9e3779b97f4a7c15ULL, h ^= h >> 29;
	return h;
}

/* Remembers the present state if it is new. */
static void visit(void)
{
	struct snap s;
	uint64_t at;
	const char *wrong;

	save(&s);
	for (at = hash(&s) % SLOTS; seen[at]; at = (at + 1) % SLOTS)
		if (!memcmp(&states[seen[at] - 1], &s, sizeof(s)))
			return;
	wrong = audit();
	if (wrong)
		fail_msg("state %u: %s", nr_states, wrong);
	if (nr_states == MAX_STATES)
		return;
	states[nr_states++] = s;
	seen[at] = nr_states;
}

static void try_all(const struct snap *s)
{
	static const uint64_t flags[] = { PTE_US, PTE_US | PTE_RW };

	for (unsigned n = 1; n <= FRAMES; n++) {
		for (unsigned level = 1; level <= 4; level++) {
			load(s);
			guest_pin(n, level);
			visit();
		}
		load(s);
		guest_unpin(&world_vcpu[0], n);
		visit();
		load(s);
		guest_update(&world_vcpu[0], &dom_a, n, 0, 0);
		visit();
		for (unsigned to = 1; to <= FRAMES; to++)
			for (unsigned f = 0; f < ARRAY_SIZE(flags); f++) {
				load(s);
				guest_update(&world_vcpu[0], &dom_a, n, 0, entry(to, flags[f]));
				visit();
			}
	}
}

void test_every_state(void **state)
{
	(void)state;
	world_reset();
	for (unsigned n = 1; n <= FRAMES; n++)
		assert_int_equal(world_alloc(&dom_a), n);
	visit();
	for (unsigned i = 0; i < nr_states && nr_states < MAX_STATES; i++)
		try_all(&states[i]);
	print_message("%u states\n", nr_states);
	assert_in_range(nr_states, 10000, MAX_STATES - 1);	/* all of them */
}
