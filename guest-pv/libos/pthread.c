/* SPDX-License-Identifier: MIT */
/*
 * POSIX threads: names and shapes over the primitives of libos.h. A pthread_t is the thread itself;
 * mutexes and condition variables are ours with another type, which the assertions hold to.
 */
#include "sched.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

_Static_assert(sizeof(pthread_mutex_t) >= sizeof(struct mutex), "a pthread_mutex_t holds a mutex");
_Static_assert(sizeof(pthread_cond_t) == sizeof(struct cond), "a pthread_cond_t is a cond");

static struct { bool used; void (*destructor)(void *); } keys[THREAD_KEYS];

struct start { void *(*fn)(void *); void *arg; };

static struct mutex *mutex_of(pthread_mutex_t *m)
{
	return (struct mutex *)m;
}

static struct cond *cond_of(pthread_cond_t *c)
{
	return (struct cond *)c;
}

/* Values set by destructors are not destroyed again: one pass. */
static void run_destructors(void)
{
	struct thread *t = thread_self();
	void *value;

	for (pthread_key_t k = 0; k < THREAD_KEYS; k++) {
		value = t->keys[k];
		t->keys[k] = NULL;
		if (value && keys[k].used && keys[k].destructor)
			keys[k].destructor(value);
	}
}

static void begin(void *arg)
{
	struct start s = *(struct start *)arg;

	free(arg);
	pthread_exit(s.fn(s.arg));
}

int pthread_create(pthread_t *t, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
	struct start *s = malloc(sizeof(*s));

	if (!s)
		return EAGAIN;
	*s = (struct start){ fn, arg };
	*t = thread_create("pthread", begin, s);
	if (!*t) {
		free(s);
		return EAGAIN;
	}
	if (attr && attr->detached)
		thread_detach(*t);
	return 0;
}

int pthread_join(pthread_t t, void **result)
{
	bool enabled = events_disable();

	if (t == thread_self()) {
		events_restore(enabled);
		return EDEADLK;
	}
	while (!t->done)
		waitq_sleep(&t->joiners, OS_FOREVER);
	events_restore(enabled);
	if (result)
		*result = t->result;
	thread_join(t);
	return 0;
}

int pthread_detach(pthread_t t)
{
	thread_detach(t);
	return 0;
}

void pthread_exit(void *result)
{
	run_destructors();
	thread_self()->result = result;
	thread_exit();
}

pthread_t pthread_self(void)
{
	return thread_self();
}

int pthread_equal(pthread_t a, pthread_t b)
{
	return a == b;
}

int pthread_attr_init(pthread_attr_t *attr)
{
	*attr = (pthread_attr_t){ 0 };
	return 0;
}

int pthread_attr_destroy(pthread_attr_t *attr)
{
	(void)attr;
	return 0;
}

int pthread_attr_setdetachstate(pthread_attr_t *attr, int state)
{
	attr->detached = state == PTHREAD_CREATE_DETACHED;
	return 0;
}

int pthread_mutexattr_init(pthread_mutexattr_t *attr)
{
	*attr = (pthread_mutexattr_t){ 0 };
	return 0;
}

int pthread_mutexattr_destroy(pthread_mutexattr_t *attr)
{
	(void)attr;
	return 0;
}

int pthread_mutexattr_settype(pthread_mutexattr_t *attr, int type)
{
	attr->recursive = type == PTHREAD_MUTEX_RECURSIVE;
	return 0;
}

int pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *attr)
{
	*m = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	m->recursive = attr && attr->recursive;
	return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *m)
{
	return m->owner ? EBUSY : 0;
}

int pthread_mutex_lock(pthread_mutex_t *m)
{
	if (m->owner == thread_self()) {
		if (!m->recursive)
			return EDEADLK;
		m->depth++;
		return 0;
	}
	mutex_lock(mutex_of(m));
	return 0;
}

int pthread_mutex_trylock(pthread_mutex_t *m)
{
	if (m->owner == thread_self() && m->recursive) {
		m->depth++;
		return 0;
	}
	return mutex_trylock(mutex_of(m)) ? 0 : EBUSY;
}

int pthread_mutex_unlock(pthread_mutex_t *m)
{
	if (m->owner != thread_self())
		return EPERM;
	if (m->depth)
		m->depth--;
	else
		mutex_unlock(mutex_of(m));
	return 0;
}

int pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *attr)
{
	(void)attr;
	*c = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	return 0;
}

int pthread_cond_destroy(pthread_cond_t *c)
{
	return c->waiters[0] ? EBUSY : 0;
}

int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
	cond_wait(cond_of(c), mutex_of(m));
	return 0;
}

int pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until)
{
	return cond_wait_until(cond_of(c), mutex_of(m), time_from_wall(until)) ? 0 : ETIMEDOUT;
}

int pthread_cond_signal(pthread_cond_t *c)
{
	cond_signal(cond_of(c));
	return 0;
}

int pthread_cond_broadcast(pthread_cond_t *c)
{
	cond_broadcast(cond_of(c));
	return 0;
}

int pthread_once(pthread_once_t *once, void (*fn)(void))
{
	static struct mutex lock = MUTEX_INIT;

	mutex_lock(&lock);
	if (!once->done)
		fn();
	once->done = 1;
	mutex_unlock(&lock);
	return 0;
}

int pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
	bool enabled = events_disable();
	pthread_key_t k = 0;

	while (k < THREAD_KEYS && keys[k].used)
		k++;
	if (k < THREAD_KEYS) {
		keys[k].used = true;
		keys[k].destructor = destructor;
		*key = k;
	}
	events_restore(enabled);
	return k < THREAD_KEYS ? 0 : EAGAIN;
}

int pthread_key_delete(pthread_key_t key)
{
	if (key >= THREAD_KEYS || !keys[key].used)
		return EINVAL;
	keys[key].used = false;
	return 0;
}

int pthread_setspecific(pthread_key_t key, const void *value)
{
	if (key >= THREAD_KEYS || !keys[key].used)
		return EINVAL;
	thread_self()->keys[key] = (void *)value;
	return 0;
}

void *pthread_getspecific(pthread_key_t key)
{
	return key < THREAD_KEYS ? thread_self()->keys[key] : NULL;
}
