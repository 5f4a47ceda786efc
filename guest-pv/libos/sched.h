/* SPDX-License-Identifier: MIT */
/*
 * The scheduler's inside, for the library OS only: threads, the queue of those that can run, the
 * list of those with a deadline. All of it is guarded by having events disabled (one vcpu).
 */
#ifndef LIBOS_SCHED_H
#define LIBOS_SCHED_H

#include <libos.h>
#include <reent.h>

#define THREAD_NAME_MAX 16
#define THREAD_KEYS 16

struct thread {
	uint64_t rsp;			/* while it does not run */
	struct thread *next;		/* in the one queue it is on */
	struct waitq *queue;		/* where it waits, NULL when it runs or could */

	struct thread *sleep_next;	/* list of sleepers, soonest first */
	uint64_t deadline;		/* OS_FOREVER: not on the list */
	bool timed_out;

	bool done, detached;
	struct waitq joiners;
	void *stack;			/* lowest page: the guard */

	char name[THREAD_NAME_MAX];
	void (*fn)(void *arg);
	void *arg;
	struct _reent *reent;		/* the C library's state of this thread */
	struct _reent reent_space;

	void *result;			/* pthread_exit's */
	void *keys[THREAD_KEYS];	/* pthread_setspecific's */
};

/* What each vcpu has of its own; found by the gs base. */
struct cpu {
	struct cpu *self;
	unsigned int id;		/* 0: the one that threads run on */
	struct thread *current;
	bool idle;			/* waiting for an event, nothing to run */
	bool resched;			/* another thread should run after this event */
	uint64_t armed;			/* deadline the timer is set to, OS_FOREVER: none */
};

static inline struct cpu *cpu_self(void)
{
	struct cpu *cpu;

	__asm__ volatile("movq %%gs:0, %0" : "=r" (cpu));
	return cpu;
}

void *thread_stack_new(void);		/* its lowest page, the guard; NULL: no memory */
void *thread_stack_end(void *stack);	/* the address behind it */

void sched_init_early(void);		/* makes the boot code a thread; first of all */
void sched_init(void);			/* the timer */
void sched_after_event(void);		/* preempts, if an event asked for it */
void sched_wake(struct thread *t);	/* off its queue and runnable */

/* Whatever touches threads or their locks belongs to vcpu 0; a worker (worker.c) that comes here ends the
 * domain with a word. */
static inline void sched_must_be_here(const char *what)
{
	if (cpu_self()->id)
		os_panic("%s on vcpu %u: threads and locks are for vcpu 0 only", what, cpu_self()->id);
}

/* The first C function of a thread; called by switch.asm. */
void thread_begin(struct thread *t) __attribute__((noreturn));

#endif
