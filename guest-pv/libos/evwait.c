/* SPDX-License-Identifier: MIT */
/*
 * A thread that waits for a port: for programs that would rather block than handle events. The
 * waiter's record is on its stack; the handler is there only while it waits, so a port nobody waits
 * for stays pending and masked.
 */
#include <libos.h>

struct waiter {
	struct os_wait wait;
	bool fired;
};

static void handle(evtchn_port_t port, void *arg)
{
	struct waiter *w = arg;

	(void)port;
	w->fired = true;
	os_wake(&w->wait);
}

static bool fired(void *arg)
{
	return ((struct waiter *)arg)->fired;
}

bool evtchn_wait(evtchn_port_t port, uint64_t deadline_ns)
{
	struct waiter w = { .fired = false };

	os_wait_init(&w.wait);
	evtchn_set_handler(port, handle, &w);
	os_wait_until(&w.wait, fired, &w, deadline_ns);
	evtchn_set_handler(port, NULL, NULL);
	return w.fired;
}
