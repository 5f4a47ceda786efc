/* SPDX-License-Identifier: MIT */
/*
 * What the C library asks of a system besides files (fd.c): memory, time, the end, and the thread's
 * own state. There are no processes: calls about them fail as they should.
 */
#include "sched.h"
#include "vm.h"
#include <errno.h>
#include <reent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GROW_PAGES 16		/* the heap is backed in steps of this, to save hypercalls */

struct _reent *__getreent(void)
{
	return thread_self()->reent;
}

/* Only malloc calls it, under malloc's lock. */
void *sbrk(ptrdiff_t n)
{
	static uintptr_t brk = VM_HEAP_BASE, backed = VM_HEAP_BASE;
	uintptr_t old = brk, end = brk + n;
	size_t pages;

	if (end < VM_HEAP_BASE || end > VM_HEAP_BASE + VM_HEAP_MAX)
		goto no_memory;
	if (end > backed) {
		pages = bytes_to_pages(end - backed);
		pages = (pages + GROW_PAGES - 1) / GROW_PAGES * GROW_PAGES;
		if (vm_populate((void *)backed, pages) || vm_back((void *)backed, pages))
			goto no_memory;
		backed += pages * PAGE_SIZE;
	}
	brk = end;
	return (void *)old;

no_memory:
	errno = ENOMEM;
	return (void *)-1;
}

int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	uint64_t now = time_wall_ns();

	(void)tz;
	tv->tv_sec = now / 1000000000;
	tv->tv_usec = now % 1000000000 / 1000;
	return 0;
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	uint64_t now = id == CLOCK_REALTIME ? time_wall_ns() : time_now_ns();

	ts->tv_sec = now / 1000000000;
	ts->tv_nsec = now % 1000000000;
	return 0;
}

uint64_t time_from_wall(const struct timespec *t)
{
	uint64_t wall = t->tv_sec * 1000000000ULL + t->tv_nsec;
	uint64_t boot = time_wall_ns() - time_now_ns();

	return wall > boot ? wall - boot : 0;
}

int nanosleep(const struct timespec *want, struct timespec *left)
{
	thread_sleep_ns(want->tv_sec * 1000000000ULL + want->tv_nsec);
	if (left)
		*left = (struct timespec){ 0 };
	return 0;
}

unsigned sleep(unsigned seconds)
{
	thread_sleep_ns(seconds * 1000000000ULL);
	return 0;
}

int usleep(useconds_t us)
{
	thread_sleep_ns(us * 1000ULL);
	return 0;
}

clock_t times(struct tms *t)
{
	clock_t now = time_now_ns() / (1000000000 / CLOCKS_PER_SEC);

	*t = (struct tms){ .tms_utime = now };
	return now;
}

/* A program that ends well powers the domain off; any other status is a crash to who watches. */
void _exit(int status)
{
	hypercall_shutdown(status == 0 ? SHUTDOWN_poweroff : SHUTDOWN_crash);
	for (;;)
		events_block();
}

pid_t getpid(void)
{
	return 1;
}

/* raise() and abort() come here, after their handlers. */
int kill(pid_t pid, int sig)
{
	if (pid != 1) {
		errno = ESRCH;
		return -1;
	}
	os_panic("killed by signal %d", sig);
}

static int no_processes(void)
{
	errno = ENOSYS;
	return -1;
}

pid_t fork(void)
{
	return no_processes();
}

int execve(const char *path, char *const argv[], char *const env[])
{
	(void)path;
	(void)argv;
	(void)env;
	return no_processes();
}

pid_t wait(int *status)
{
	(void)status;
	return no_processes();
}

int link(const char *from, const char *to)
{
	(void)from;
	(void)to;
	return no_processes();
}

int fcntl(int fd, int cmd, ...)
{
	(void)fd;
	(void)cmd;
	return no_processes();
}
