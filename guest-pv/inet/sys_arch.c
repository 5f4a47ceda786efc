/* SPDX-License-Identifier: MIT */
/*
 * lwIP's view of the library OS: semaphores, mutexes, mailboxes, threads and time, as lwip/sys.h asks for them.
 * Mailboxes wait like everything in the library OS: state is looked at with events disabled, and sleeping
 * and waking happen under the same.
 */
#include <lwip/err.h>
#include <lwip/sys.h>
#include <stdlib.h>

void sys_init(void)
{
}

u32_t sys_now(void)
{
	return time_now_ns() / 1000000;
}

/* Ports and sequence numbers that a stranger should not guess: the time stamp counter's low bits, stirred. */
uint32_t net_random(void)
{
	static uint64_t state;
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a" (lo), "=d" (hi));
	state += (((uint64_t)hi << 32 | lo) ^ time_wall_ns()) * 0x9e3779b97f4a7c15ULL | 1;
	state = (state ^ state >> 31) * 0xbf58476d1ce4e5b9ULL;
	return (state ^ state >> 27) >> 16;
}

sys_prot_t sys_arch_protect(void)
{
	return events_disable();
}

void sys_arch_unprotect(sys_prot_t enabled)
{
	events_restore(enabled);
}

sys_thread_t sys_thread_new(const char *name, lwip_thread_fn fn, void *arg, int stack, int priority)
{
	struct thread *t = thread_create(name, fn, arg);

	(void)stack;
	(void)priority;
	if (!t)
		os_panic("no memory for the thread %s", name);
	thread_detach(t);
	return t;
}

/* --- Semaphores and mutexes ------------------------------------------------------------------- */

err_t sys_sem_new(sys_sem_t *s, u8_t count)
{
	*s = (sys_sem_t){ SEMAPHORE_INIT(count), true };
	return ERR_OK;
}

void sys_sem_free(sys_sem_t *s)
{
	s->valid = false;
}

void sys_sem_signal(sys_sem_t *s)
{
	semaphore_up(&s->s);
}

/* A timeout of 0 waits for ever; what is returned is only compared with SYS_ARCH_TIMEOUT. */
static uint64_t deadline_of(u32_t timeout_ms)
{
	return timeout_ms ? time_now_ns() + timeout_ms * 1000000ULL : OS_FOREVER;
}

u32_t sys_arch_sem_wait(sys_sem_t *s, u32_t timeout_ms)
{
	return semaphore_down_until(&s->s, deadline_of(timeout_ms)) ? 0 : SYS_ARCH_TIMEOUT;
}

err_t sys_mutex_new(sys_mutex_t *m)
{
	*m = (sys_mutex_t){ MUTEX_INIT, true };
	return ERR_OK;
}

void sys_mutex_free(sys_mutex_t *m)
{
	m->valid = false;
}

void sys_mutex_lock(sys_mutex_t *m)
{
	mutex_lock(&m->m);
}

void sys_mutex_unlock(sys_mutex_t *m)
{
	mutex_unlock(&m->m);
}

/* --- Mailboxes -------------------------------------------------------------------------------- */

#define DEFAULT_SIZE 64

err_t sys_mbox_new(sys_mbox_t *m, int size)
{
	*m = (sys_mbox_t){ .size = size > 0 ? size : DEFAULT_SIZE };
	m->slot = calloc(m->size, sizeof(void *));
	return m->slot ? ERR_OK : ERR_MEM;
}

void sys_mbox_free(sys_mbox_t *m)
{
	free(m->slot);
	m->slot = NULL;
}

static void put(sys_mbox_t *m, void *msg)
{
	m->slot[(m->head + m->count++) % m->size] = msg;
	waitq_wake_one(&m->readers);
}

static void *get(sys_mbox_t *m)
{
	void *msg = m->slot[m->head];

	m->head = (m->head + 1) % m->size;
	m->count--;
	waitq_wake_one(&m->writers);
	return msg;
}

void sys_mbox_post(sys_mbox_t *m, void *msg)
{
	bool enabled = events_disable();

	while (m->count == m->size)
		waitq_sleep(&m->writers, OS_FOREVER);
	put(m, msg);
	events_restore(enabled);
}

err_t sys_mbox_trypost(sys_mbox_t *m, void *msg)
{
	bool enabled = events_disable(), room = m->count < m->size;

	if (room)
		put(m, msg);
	events_restore(enabled);
	return room ? ERR_OK : ERR_MEM;
}

err_t sys_mbox_trypost_fromisr(sys_mbox_t *m, void *msg)
{
	return sys_mbox_trypost(m, msg);
}

u32_t sys_arch_mbox_fetch(sys_mbox_t *m, void **msg, u32_t timeout_ms)
{
	uint64_t deadline = deadline_of(timeout_ms);
	bool enabled = events_disable(), got;
	void *taken = NULL;

	while (!(got = m->count > 0) && waitq_sleep(&m->readers, deadline))
		;
	got = m->count > 0;
	if (got)
		taken = get(m);
	events_restore(enabled);
	if (msg)
		*msg = taken;
	return got ? 0 : SYS_ARCH_TIMEOUT;
}

u32_t sys_arch_mbox_tryfetch(sys_mbox_t *m, void **msg)
{
	bool enabled = events_disable(), got = m->count > 0;
	void *taken = got ? get(m) : NULL;

	events_restore(enabled);
	if (msg)
		*msg = taken;
	return got ? 0 : SYS_MBOX_EMPTY;
}
