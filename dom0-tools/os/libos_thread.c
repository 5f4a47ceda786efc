/* SPDX-License-Identifier: MIT */
/* os.h on the library OS: threads, the terminal (domain 0's console) and clocks. */
#include "os/os.h"
#include <errno.h>
#include <stdlib.h>
#include <libos.h>

struct os_mutex {
	struct mutex m;
};

struct os_cond {
	struct cond c;
};

static uint64_t deadline(int timeout_ms)
{
	if (timeout_ms < 0)
		return OS_FOREVER;
	return time_now_ns() + (uint64_t)timeout_ms * 1000000U;
}

int os_thread_start(const char *name, void (*fn)(void *), void *arg)
{
	struct thread *t = thread_create(name, fn, arg);

	if (!t)
		return -ENOMEM;
	thread_detach(t);
	return 0;
}

void os_sleep_ms(unsigned int ms)
{
	thread_sleep_ns((uint64_t)ms * 1000000U);
}

struct os_mutex *os_mutex_new(void)
{
	return calloc(1, sizeof(struct os_mutex));      /* MUTEX_INIT is all zero */
}

void os_mutex_free(struct os_mutex *m)
{
	free(m);
}

void os_mutex_lock(struct os_mutex *m)
{
	mutex_lock(&m->m);
}

void os_mutex_unlock(struct os_mutex *m)
{
	mutex_unlock(&m->m);
}

struct os_cond *os_cond_new(void)
{
	return calloc(1, sizeof(struct os_cond));       /* COND_INIT is all zero */
}

void os_cond_free(struct os_cond *c)
{
	free(c);
}

int os_cond_wait(struct os_cond *c, struct os_mutex *m, int timeout_ms)
{
	return cond_wait_until(&c->c, &m->m, deadline(timeout_ms)) ? 0 : -ETIMEDOUT;
}

void os_cond_broadcast(struct os_cond *c)
{
	cond_broadcast(&c->c);
}

int os_term_read(void *buf, size_t n, int timeout_ms)
{
	size_t got = pvconsole_read(buf, n, deadline(timeout_ms));

	return got ? (int)got : -ETIMEDOUT;
}

int os_term_write(const void *buf, size_t n)
{
	pvconsole_write(buf, n);
	return (int)n;
}

uint64_t os_now_ns(void)
{
	return time_now_ns();
}

uint64_t os_wall_ns(void)
{
	return time_wall_ns();
}
