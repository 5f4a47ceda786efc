/* SPDX-License-Identifier: MIT */
/* POSIX threads and semaphores: errors by number, recursive mutexes, values of a thread, timed waits. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>
#include <time.h>
#include "check.h"

static pthread_mutex_t pmutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t pcond = PTHREAD_COND_INITIALIZER;
static pthread_key_t key;
static sem_t posix_sem;
static int destroyed, once_runs;

static void destroy(void *value)
{
	destroyed += *(int *)value;
}

static void run_once(void)
{
	once_runs++;
}

static void *posix_body(void *arg)
{
	static int seven = 7;

	pthread_setspecific(key, &seven);
	pthread_mutex_lock(&pmutex);
	pthread_cond_signal(&pcond);
	pthread_mutex_unlock(&pmutex);
	return (char *)arg + 1;
}

void check_posix(void)
{
	pthread_t t;
	void *result;
	pthread_mutexattr_t attr;
	pthread_mutex_t recursive;
	pthread_once_t once = PTHREAD_ONCE_INIT;
	struct timespec until;

	pthread_key_create(&key, destroy);
	pthread_mutex_lock(&pmutex);
	check("pthread_create", pthread_create(&t, NULL, posix_body, (void *)41) == 0);
	check("pthread_cond_wait", pthread_cond_wait(&pcond, &pmutex) == 0);
	pthread_mutex_unlock(&pmutex);
	check("pthread_join gives the result", pthread_join(t, &result) == 0 && result == (void *)42);
	check("destructors of thread values run", destroyed == 7);
	check("lock held already", pthread_mutex_lock(&pmutex) == 0 &&
	      pthread_mutex_lock(&pmutex) == EDEADLK);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 20 * MS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	check("timed wait ends", pthread_cond_timedwait(&pcond, &pmutex, &until) == ETIMEDOUT);
	pthread_mutex_unlock(&pmutex);
	check("unlock by another", pthread_mutex_unlock(&pmutex) == EPERM);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&recursive, &attr);
	check("recursive mutex", pthread_mutex_lock(&recursive) == 0 &&
	      pthread_mutex_lock(&recursive) == 0 && pthread_mutex_unlock(&recursive) == 0 &&
	      pthread_mutex_destroy(&recursive) == EBUSY &&
	      pthread_mutex_unlock(&recursive) == 0 && pthread_mutex_destroy(&recursive) == 0);
	check("sem_t", sem_init(&posix_sem, 0, 1) == 0 && sem_wait(&posix_sem) == 0 &&
	      sem_trywait(&posix_sem) < 0 && errno == EAGAIN && sem_timedwait(&posix_sem, &until) < 0 &&
	      errno == ETIMEDOUT && sem_post(&posix_sem) == 0 && sem_trywait(&posix_sem) == 0);
	pthread_once(&once, run_once);
	pthread_once(&once, run_once);
	check("pthread_once", once_runs == 1);
}
