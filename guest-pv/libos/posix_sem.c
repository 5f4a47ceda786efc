/* SPDX-License-Identifier: MIT */
/* POSIX semaphores: another name and type for ours, which the assertion holds to. */
#include <libos.h>
#include <errno.h>
#include <semaphore.h>

_Static_assert(sizeof(sem_t) == sizeof(struct semaphore), "a sem_t is a semaphore");

static struct semaphore *ours(sem_t *s)
{
	return (struct semaphore *)s;
}

static int fail(int error)
{
	errno = error;
	return -1;
}

int sem_init(sem_t *s, int shared, unsigned int value)
{
	(void)shared;		/* there is one program */
	*s = (sem_t){ .count = value };
	return 0;
}

int sem_destroy(sem_t *s)
{
	return s->waiters[0] ? fail(EBUSY) : 0;
}

int sem_wait(sem_t *s)
{
	semaphore_down(ours(s));
	return 0;
}

int sem_trywait(sem_t *s)
{
	return semaphore_down_until(ours(s), 0) ? 0 : fail(EAGAIN);
}

int sem_timedwait(sem_t *s, const struct timespec *until)
{
	return semaphore_down_until(ours(s), time_from_wall(until)) ? 0 : fail(ETIMEDOUT);
}

int sem_post(sem_t *s)
{
	semaphore_up(ours(s));
	return 0;
}

int sem_getvalue(sem_t *s, int *value)
{
	*value = s->count;
	return 0;
}
