/* SPDX-License-Identifier: MIT */
/*
 * Locks and signals between threads, over wait queues. A mutex is handed from its owner to the
 * first waiter, so nobody starves and the waiter need not compete again.
 */
#include "sched.h"

void mutex_lock(struct mutex *m)
{
	bool enabled = events_disable();

	sched_must_be_here("a lock");
	if (m->owner == thread_self())
		os_panic("thread %s locks a mutex it holds", thread_name(thread_self()));
	if (!m->owner)
		m->owner = thread_self();
	else
		waitq_sleep(&m->waiters, OS_FOREVER);
	events_restore(enabled);
}

bool mutex_trylock(struct mutex *m)
{
	bool enabled = events_disable();
	bool taken = !m->owner;

	sched_must_be_here("a lock");
	if (taken)
		m->owner = thread_self();
	events_restore(enabled);
	return taken;
}

void mutex_unlock(struct mutex *m)
{
	bool enabled = events_disable();

	if (m->owner != thread_self())
		os_panic("thread %s unlocks a mutex it does not hold", thread_name(thread_self()));
	m->owner = m->waiters.head;
	waitq_wake_one(&m->waiters);
	events_restore(enabled);
}

bool cond_wait_until(struct cond *c, struct mutex *m, uint64_t deadline_ns)
{
	bool enabled = events_disable(), woken;

	mutex_unlock(m);
	woken = waitq_sleep(&c->waiters, deadline_ns);
	events_restore(enabled);
	mutex_lock(m);
	return woken;
}

void cond_wait(struct cond *c, struct mutex *m)
{
	cond_wait_until(c, m, OS_FOREVER);
}

void cond_signal(struct cond *c)
{
	waitq_wake_one(&c->waiters);
}

void cond_broadcast(struct cond *c)
{
	waitq_wake_all(&c->waiters);
}

bool semaphore_down_until(struct semaphore *s, uint64_t deadline_ns)
{
	bool enabled = events_disable(), got = true;

	sched_must_be_here("a semaphore");
	if (s->count)
		s->count--;
	else
		got = waitq_sleep(&s->waiters, deadline_ns);
	events_restore(enabled);
	return got;
}

void semaphore_down(struct semaphore *s)
{
	semaphore_down_until(s, OS_FOREVER);
}

/* A waiter is given the unit itself; the count stays 0 while anyone waits. */
void semaphore_up(struct semaphore *s)
{
	bool enabled = events_disable();

	if (s->waiters.head)
		waitq_wake_one(&s->waiters);
	else
		s->count++;
	events_restore(enabled);
}
