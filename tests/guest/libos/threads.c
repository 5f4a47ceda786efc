/* SPDX-License-Identifier: MIT */
/* Threads are preempted, keep registers and errno of their own, and leave no memory behind. */
#include <errno.h>
#include <libos.h>
#include <stdio.h>
#include "check.h"

static volatile bool stop;

static void spin(void *arg)
{
	volatile unsigned long *turns = arg;

	while (!stop)
		(*turns)++;
}

static void check_preemption(void)
{
	static volatile unsigned long turns[2];
	struct thread *a = thread_create("spin0", spin, (void *)&turns[0]);
	struct thread *b = thread_create("spin1", spin, (void *)&turns[1]);

	while (!turns[0] || !turns[1])		/* if one never runs, the test does not end */
		thread_sleep_ns(10 * MS);
	stop = true;
	check("two threads that never yield both ran", true);
	thread_join(a);
	thread_join(b);
}

struct own {
	int number;
	unsigned long wrong;
};

static void own_registers(void *arg)
{
	struct own *own = arg;
	double mine = own->number, x = mine;
	uint64_t end = time_now_ns() + 80 * MS;

	errno = own->number;
	while (time_now_ns() < end) {
		x = x * 3.0 / 3.0;
		if (x < mine - 0.001 || x > mine + 0.001 || errno != own->number)
			own->wrong++;
	}
}

static void check_state(void)
{
	struct own own[2] = { { .number = 1 }, { .number = 2 } };
	struct thread *t[2];

	for (int i = 0; i < 2; i++)
		t[i] = thread_create("state", own_registers, &own[i]);
	thread_join(t[0]);
	thread_join(t[1]);
	check("floating point and errno are each thread's own", !own[0].wrong && !own[1].wrong);
}

static void nothing(void *arg)
{
	(void)arg;
}

static void check_stacks(void)
{
	size_t before;
	unsigned int made = 0;

	thread_join(thread_create("first", nothing, NULL));
	before = pages_available();
	for (int i = 0; i < 200; i++) {
		struct thread *t = thread_create("many", nothing, NULL);

		if (!t)
			break;
		made++;
		if (i % 2)
			thread_detach(t);
		else
			thread_join(t);
		thread_yield();
	}
	thread_join(thread_create("last", nothing, NULL));
	check("200 threads can be made", made == 200);
	check("and leave no memory behind", pages_available() + 64 >= before);
	if (pages_available() + 64 < before)
		printf("# %zu pages before, %zu after\n", before, pages_available());
}

void check_threads(void)
{
	check_preemption();
	check_state();
	check_stacks();
}
