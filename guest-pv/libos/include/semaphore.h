/* SPDX-License-Identifier: MIT */
/*
 * POSIX semaphores inside one program, over the library OS's own. Results are 0, or -1 with errno.
 */
#ifndef LIBOS_SEMAPHORE_H
#define LIBOS_SEMAPHORE_H

#include <time.h>

/* Same shape as struct semaphore of libos.h. */
typedef struct {
	unsigned int count;
	void *waiters[2];
} sem_t;

int sem_init(sem_t *s, int shared, unsigned int value);
int sem_destroy(sem_t *s);
int sem_wait(sem_t *s);
int sem_trywait(sem_t *s);
int sem_timedwait(sem_t *s, const struct timespec *until);	/* CLOCK_REALTIME */
int sem_post(sem_t *s);
int sem_getvalue(sem_t *s, int *value);

#endif
