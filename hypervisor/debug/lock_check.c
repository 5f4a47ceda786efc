/* SPDX-License-Identifier: MIT */
/*
 * The debug build's watch over locks: each CPU's held ones, in the order they were taken. Taking one that belongs
 * above a held one, or letting interrupts in while holding what a handler may want, ends in a panic that names
 * both; one held for too long is reported. A lock's kind is the last word of the expression that names it
 * where it is taken. No lock: a CPU's own array; interrupts are off.
 */
#include "cpu.h"
#include "lib.h"
#include "lock.h"
#include "printk.h"

#define MAX_HELD 12
#define LAST_IN_WINDOW 2		/* of the kinds: mm_lock */

/* The order of lock.h, and how long each may be held: a machine that is itself a guest may stand still meanwhile. */
static const struct { const char *name; s_time_t limit; } kinds[] = {
	{ "", 0 },
	{ "domctl_lock", SECONDS(5) }, { "mm_lock", SECONDS(1) }, { "shutdown_lock", MILLISECS(500) },
	{ "grant_lock", MILLISECS(500) }, { "event_lock", MILLISECS(500) }, { "irq_lock", MILLISECS(500) },
	{ "pci_lock", MILLISECS(500) }, { "domain_list_lock", MILLISECS(500) }, { "page_lock", MILLISECS(500) },
	{ "sched_lock", MILLISECS(500) }, { "timer_lock", MILLISECS(500) },
	{ "heap_lock", MILLISECS(500) }, { "map_lock", MILLISECS(500) }, { "alloc_lock", MILLISECS(500) },
	{ "time_lock", MILLISECS(500) }, { "output_lock", SECONDS(5) },
};

struct held { const spinlock_t *lock; s_time_t since; uint8_t kind; };

static struct { struct held held[MAX_HELD]; unsigned n; } cpu_held[MAX_CPUS];

/* The last word: "mm_lock" of "&v->domain->mm_lock". */
static uint8_t kind_of(const char *what)
{
	size_t end = strlen(what), begin = end;

	while (begin && what[begin - 1] != '>' && what[begin - 1] != '.' && what[begin - 1] != '&')
		begin--;
	for (uint8_t k = 1; k < ARRAY_SIZE(kinds); k++)
		if (!strcmp(what + begin, kinds[k].name))
			return k;
	panic("lock %s has no place in the order (lock.h)", what);
}

static void check_order(const spinlock_t *l, uint8_t kind)
{
	const unsigned me = this_cpu()->id;

	for (unsigned i = 0; i < cpu_held[me].n; i++) {
		const struct held *h = &cpu_held[me].held[i];

		if (h->kind > kind || (h->kind == kind && h->lock >= l))
			panic("lock order: %s (%p) taken while %s (%p) is held", kinds[kind].name, (const void *)l,
			      kinds[h->kind].name, (const void *)h->lock);
	}
}

static void push(const spinlock_t *l, uint8_t kind)
{
	const unsigned me = this_cpu()->id;

	ASSERT(cpu_held[me].n < MAX_HELD);
	cpu_held[me].held[cpu_held[me].n++] = (struct held){ l, tsc_khz ? now() : 0, kind };
}

void spin_lock_checked(spinlock_t *l, const char *what, uint8_t *kind)
{
	if (!*kind)
		*kind = kind_of(what);
	if (cpus_stopped)		/* a panic speaks: no more of them */
		return;
	check_order(l, *kind);
	spin_lock_plain(l);
	push(l, *kind);
}

bool spin_trylock_checked(spinlock_t *l, const char *what, uint8_t *kind)
{
	if (!*kind)
		*kind = kind_of(what);
	if (!spin_trylock_plain(l))
		return false;
	push(l, *kind);
	return true;
}

/* Not always the one taken last. */
static struct held pop(const spinlock_t *l)
{
	const unsigned me = this_cpu()->id;
	struct held *held = cpu_held[me].held, found;
	unsigned i = cpu_held[me].n;

	while (i-- > 0)
		if (held[i].lock == l)
			break;
	if (i >= MAX_HELD)
		panic("lock %p is let go by who does not hold it", (const void *)l);
	found = held[i];
	for (cpu_held[me].n--; i < cpu_held[me].n; i++)
		held[i] = held[i + 1];
	return found;
}

void spin_unlock_checked(spinlock_t *l)
{
	struct held h;
	s_time_t took;

	if (cpus_stopped)
		return;
	h = pop(l);
	took = h.since ? now() - h.since : 0;
	spin_unlock_plain(l);
	if (took > kinds[h.kind].limit && strcmp(kinds[h.kind].name, "output_lock"))
		printk(LOG_WARN, "lock %s was held for %ld ms, let go at %p", kinds[h.kind].name, took / 1000000,
		       __builtin_return_address(0));
}

void lock_check_window(void)
{
	const unsigned me = this_cpu()->id;

	for (unsigned i = 0; i < cpu_held[me].n; i++)
		if (cpu_held[me].held[i].kind > LAST_IN_WINDOW)
			panic("interrupts let in while %s is held", kinds[cpu_held[me].held[i].kind].name);
}
