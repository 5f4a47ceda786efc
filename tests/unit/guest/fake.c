/* SPDX-License-Identifier: MIT */
/* See fake.h. There is one thread, so locks and event masks are bookkeeping that is checked. */
#include "fake.h"
#include "printk.h"
#include <libos.h>
#include <stdio.h>
#include <stdlib.h>

bool (*fake_peer)(void);
jmp_buf fake_panic_jump;
bool fake_panic_expected;

static bool enabled = true;

void os_panic(const char *fmt, ...)
{
	va_list ap;

	enabled = true;
	if (fake_panic_expected)
		longjmp(fake_panic_jump, 1);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	abort();
}

void printk(const char *fmt, ...)
{
	(void)fmt;
}

bool events_disable(void)
{
	bool was = enabled;

	enabled = false;
	return was;
}

void events_restore(bool was)
{
	enabled = was;
}

void os_wait_init(struct os_wait *w)
{
	(void)w;
}

bool os_wait_until(struct os_wait *w, bool (*pred)(void *arg), void *arg, uint64_t deadline_ns)
{
	(void)w;
	while (!pred(arg)) {
		if (fake_peer && fake_peer())
			continue;
		assert_true(deadline_ns != OS_FOREVER);
		return false;
	}
	return true;
}

void os_wake(struct os_wait *w)
{
	(void)w;
}

void os_lock_init(struct os_lock *l)
{
	l->opaque[0] = NULL;
}

void os_lock(struct os_lock *l)
{
	assert_null(l->opaque[0]);
	l->opaque[0] = l;
}

void os_unlock(struct os_lock *l)
{
	assert_non_null(l->opaque[0]);
	l->opaque[0] = NULL;
}

int evtchn_send(evtchn_port_t port)
{
	(void)port;
	return 0;
}

void evtchn_set_handler(evtchn_port_t port, evtchn_handler_t fn, void *arg)
{
	fake_handler_set(port, fn, arg);
}

uint64_t time_wall_ns(void)
{
	return 5000000000ULL;
}
