/* SPDX-License-Identifier: MIT */
/*
 * Threads come and go here: stack, first call, last call, join. A stack lies between its guard page
 * and whatever comes next; running into the guard page kills the domain, which beats silence.
 */
#include "sched.h"
#include "vm.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STACK_PAGES 32

/* The stack thread_switch expects of a thread that does not run (switch.asm). Its 64 bytes end
 * where the stack ends, so that the trampoline calls with the stack aligned to 16 bytes, as compiled
 * code expects. */
struct first_stack {
	uint32_t mxcsr;
	uint16_t fcw, pad;
	uint64_t r15, r14, r13, r12, rbx, rbp;
	void (*rip)(void);
};

extern void thread_trampoline(void);

static struct thread *zombies;	/* ended and detached; events disabled to touch it */

void *thread_stack_new(void)
{
	char *va = os_va_alloc(STACK_PAGES + 1);

	if (!va)
		return NULL;
	if (vm_back(va + PAGE_SIZE, STACK_PAGES)) {
		os_va_free(va, STACK_PAGES + 1);
		return NULL;
	}
	return va;
}

void *thread_stack_end(void *stack)
{
	return (char *)stack + (STACK_PAGES + 1) * PAGE_SIZE;
}

static void stack_free(char *va)
{
	vm_unback(va + PAGE_SIZE, STACK_PAGES);
	os_va_free(va, STACK_PAGES + 1);
}

static void destroy(struct thread *t)
{
	stack_free(t->stack);
	free(t);
}

/* A detached thread cannot free the stack it ends on; the next thread made does it. */
static void reap(void)
{
	struct thread *t;
	bool enabled;

	for (;;) {
		enabled = events_disable();
		t = zombies;
		if (t)
			zombies = t->next;
		events_restore(enabled);
		if (!t)
			return;
		destroy(t);
	}
}

struct thread *thread_create(const char *name, void (*fn)(void *arg), void *arg)
{
	struct thread *t;
	struct first_stack *s;
	bool enabled;

	reap();
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->stack = thread_stack_new();
	if (!t->stack) {
		free(t);
		return NULL;
	}
	strncpy(t->name, name, THREAD_NAME_MAX - 1);
	t->fn = fn;
	t->arg = arg;
	t->deadline = OS_FOREVER;
	t->reent = &t->reent_space;
	_REENT_INIT_PTR(t->reent);
	s = (struct first_stack *)thread_stack_end(t->stack) - 1;
	*s = (struct first_stack){ .mxcsr = 0x1f80, .fcw = 0x37f, .rbx = (uintptr_t)t,
				   .rip = thread_trampoline };
	t->rsp = (uintptr_t)s;
	enabled = events_disable();
	sched_wake(t);
	events_restore(enabled);
	return t;
}

void thread_begin(struct thread *t)
{
	events_enable();
	t->fn(t->arg);
	thread_exit();
}

/* Once `done` is set and the joiners run, the thread may be freed by them: but not before this one
 * has left its stack, since events stay disabled until then. */
void thread_exit(void)
{
	struct thread *t = thread_self();

	_reclaim_reent(t->reent);
	events_disable();
	t->done = true;
	if (t->detached) {
		t->next = zombies;
		zombies = t;
	}
	waitq_wake_all(&t->joiners);
	waitq_sleep(NULL, OS_FOREVER);
	os_panic("thread %s ran after its end", t->name);
}

void thread_join(struct thread *t)
{
	bool enabled = events_disable();

	while (!t->done)
		waitq_sleep(&t->joiners, OS_FOREVER);
	events_restore(enabled);
	destroy(t);
}

void thread_detach(struct thread *t)
{
	bool enabled = events_disable(), done = t->done;

	t->detached = true;
	events_restore(enabled);
	if (done)
		destroy(t);
}

const char *thread_name(const struct thread *t)
{
	return t->name;
}
