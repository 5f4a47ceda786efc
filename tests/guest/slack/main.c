/* SPDX-License-Identifier: MIT */
/*
 * Timers with slack: none fires early, and none later than timer_slop= allows. On Parvus two whose times lie closer
 * together than that share the interrupt of the later one.
 *
 * Needs: timer_slop=200000
 * Clock: the instruction count
 */
#include "test.h"
#include <xen/version.h>

#define US 1000ULL
#define SLOP (200 * US)
#define COSTS (50 * US)			/* what the way from a timer to this program may take */

static volatile uint64_t fired_at;

static void on_timer(evtchn_port_t port, void *arg)
{
	(void)port;
	(void)arg;
	fired_at = time_now_ns();
}

/* Waits for the poll's time and for the timer's, which lies `apart` behind it; when each came, after the poll's. */
static void wait_for_both(uint64_t apart, uint64_t *poll, uint64_t *timer)
{
	uint64_t t = time_now_ns() + 2000 * US;
	struct sched_poll p = { .nr_ports = 0, .timeout = t };

	fired_at = 0;
	hypercall_set_timer_op(t + apart);
	hypercall_sched_op(SCHEDOP_poll, &p);
	*poll = time_now_ns() - t;
	events_enable();
	while (!fired_at)
		hypercall_sched_op(SCHEDOP_yield, NULL);
	events_disable();
	*timer = fired_at - t;
}

void test_main(void)
{
	uint64_t poll, timer;
	evtchn_port_t port;

	check_value("bind the timer", evtchn_bind_virq(VIRQ_TIMER, 0, &port), 0);
	evtchn_set_handler(port, on_timer, NULL);
	wait_for_both(SLOP / 2, &poll, &timer);
	say("# 100 us apart: the first after %lu ns, the second after %lu ns\n", poll, timer);
	check("neither is early", (int64_t)poll >= 0 && timer >= SLOP / 2);
	check("nor later than its slack", poll <= SLOP + COSTS && timer <= SLOP / 2 + SLOP + COSTS);
	if (on_parvus())
		check("they come together", poll >= SLOP / 2 && timer - poll < COSTS);
	wait_for_both(4 * SLOP, &poll, &timer);
	say("# 800 us apart: the first after %lu ns, the second after %lu ns\n", poll, timer);
	check("one alone is not early", (int64_t)poll >= 0);
	check("nor late", poll <= SLOP + COSTS);
	check("the second comes at its own time", timer >= 4 * SLOP && timer <= 5 * SLOP + COSTS);
}
