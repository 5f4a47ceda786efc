/* SPDX-License-Identifier: MIT */
/*
 * The library OS as the kit and the drivers see it: kit/os.h, implemented. Also the reference for
 * anybody who ports another system.
 */
#include "crash.h"
#include "printk.h"
#include <libos.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

_Static_assert(sizeof(struct os_wait) >= sizeof(struct waitq), "os_wait has room for a queue");
_Static_assert(sizeof(struct os_lock) >= sizeof(struct mutex), "os_lock has room for a mutex");

void *os_pages_alloc(size_t n)
{
	return pages_alloc(n);
}

void os_pages_free(void *va, size_t n)
{
	pages_free(va, n);
}

void os_wait_init(struct os_wait *w)
{
	*(struct waitq *)w = (struct waitq)WAITQ_INIT;
}

bool os_wait_until(struct os_wait *w, bool (*pred)(void *arg), void *arg, uint64_t deadline_ns)
{
	bool enabled = events_disable(), met;

	while (!(met = pred(arg)))
		if (!waitq_sleep((struct waitq *)w, deadline_ns)) {
			met = pred(arg);
			break;
		}
	events_restore(enabled);
	return met;
}

void os_wake(struct os_wait *w)
{
	waitq_wake_all((struct waitq *)w);
}

void os_lock_init(struct os_lock *l)
{
	*(struct mutex *)l = (struct mutex)MUTEX_INIT;
}

void os_lock(struct os_lock *l)
{
	mutex_lock((struct mutex *)l);
}

void os_unlock(struct os_lock *l)
{
	mutex_unlock((struct mutex *)l);
}

static char line[256];		/* one message at a time: events are disabled around its use */

static void vprintk(const char *fmt, va_list ap)
{
	bool enabled = events_disable();
	int n = vsniprintf(line, sizeof(line), fmt, ap);

	pvconsole_write_now(line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
	events_restore(enabled);
}

void printk(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintk(fmt, ap);
	va_end(ap);
}

void os_panic(const char *fmt, ...)
{
	va_list ap;

	events_disable();
	printk("\n*** guest panic: ");
	va_start(ap, fmt);
	vprintk(fmt, ap);
	va_end(ap);
	printk("\n");
	crash(__builtin_frame_address(0));
}
