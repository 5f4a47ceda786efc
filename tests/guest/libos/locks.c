/* SPDX-License-Identifier: MIT */
/*
 * What threads wait for: a mutex excludes, a condition and a semaphore wake and time out, and who was woken runs
 * though its waker never yields.
 */
#include <libos.h>
#include "check.h"

static struct mutex mutex = MUTEX_INIT;
static struct cond cond = COND_INIT;
static struct semaphore sem = SEMAPHORE_INIT(0);
static long shared, turns;

static void add(void *arg)
{
	for (int i = 0; i < 20000; i++) {
		mutex_lock(&mutex);
		shared++;
		if (i % 1000 == 0)
			thread_yield();		/* with the mutex held */
		mutex_unlock(&mutex);
	}
	(void)arg;
}

static void wait_turn(void *arg)
{
	mutex_lock(&mutex);
	while (turns != (long)arg)
		cond_wait(&cond, &mutex);
	turns++;
	cond_broadcast(&cond);
	mutex_unlock(&mutex);
}

static void raise_later(void *arg)
{
	thread_sleep_ns(20 * MS);
	semaphore_up(arg);
}

static volatile bool answered;

static void answer(void *arg)
{
	semaphore_down(arg);
	answered = true;
}

static void check_fairness(void)
{
	struct thread *t = thread_create("answer", answer, &sem);

	thread_sleep_ns(30 * MS);	/* it waits, and no slice is running */
	semaphore_up(&sem);
	while (!answered)		/* if never, the test does not end */
		;
	check("a woken thread runs though its waker never yields", answered);
	thread_join(t);
}

static void check_waiting(void)
{
	struct thread *t[4];
	uint64_t start;
	long i;

	for (i = 0; i < 4; i++)
		t[i] = thread_create("add", add, NULL);
	for (i = 0; i < 4; i++)
		thread_join(t[i]);
	check("a mutex excludes", shared == 80000);
	for (i = 0; i < 4; i++)
		t[i] = thread_create("turn", wait_turn, (void *)(3 - i));
	for (i = 0; i < 4; i++)
		thread_join(t[i]);
	check("conditions wake those whose turn it is", turns == 4);
	mutex_lock(&mutex);
	start = time_now_ns();
	check("a condition times out", !cond_wait_until(&cond, &mutex, start + 20 * MS));
	check("not early", time_now_ns() >= start + 20 * MS);
	check("with the mutex held", !mutex_trylock(&mutex));
	mutex_unlock(&mutex);
	check("a semaphore times out", !semaphore_down_until(&sem, time_now_ns() + 10 * MS));
	t[0] = thread_create("up", raise_later, &sem);
	check("and wakes", semaphore_down_until(&sem, OS_FOREVER));
	thread_join(t[0]);
}

void check_locks(void)
{
	check_waiting();
	check_fairness();
}
