/* SPDX-License-Identifier: MIT */
/* What a vcpu asks of the scheduler: yield, block, wait for ports, shut its domain down. */
#ifndef __XEN_PUBLIC_SCHED_H__
#define __XEN_PUBLIC_SCHED_H__

#include "event_channel.h"

#define SCHEDOP_yield 0			/* no argument */
#define SCHEDOP_block 1			/* no argument: unmask events, sleep until one is pending */
#define SCHEDOP_shutdown 2		/* sched_shutdown * */
#define SCHEDOP_poll 3			/* sched_poll * */
#define SCHEDOP_remote_shutdown 4	/* sched_remote_shutdown *, privileged */
#define SCHEDOP_shutdown_code 5		/* sched_shutdown *: only note the reason */
#define SCHEDOP_watchdog 6		/* sched_watchdog * */
#define SCHEDOP_pin_override 7		/* sched_pin_override *, dom0 */

/* Reasons of a shutdown. */
#define SHUTDOWN_poweroff 0
#define SHUTDOWN_reboot 1
#define SHUTDOWN_suspend 2		/* returns 0 in the resumed domain, 1 if it was cancelled */
#define SHUTDOWN_crash 3
#define SHUTDOWN_watchdog 4
#define SHUTDOWN_soft_reset 5
#define SHUTDOWN_MAX 5

#ifndef __ASSEMBLY__
struct sched_shutdown {
	unsigned int reason;		/* SHUTDOWN_* */
};
typedef struct sched_shutdown sched_shutdown_t;
DEFINE_XEN_GUEST_HANDLE(sched_shutdown_t);

/*
 * Sleep with events masked until one of the ports is pending or the time has come. At most 128
 * ports.
 */
struct sched_poll {
	XEN_GUEST_HANDLE(evtchn_port_t) ports;
	unsigned int nr_ports;
	uint64_t timeout;		/* system time in ns, 0: none */
};
typedef struct sched_poll sched_poll_t;
DEFINE_XEN_GUEST_HANDLE(sched_poll_t);

struct sched_remote_shutdown {
	domid_t domain_id;
	unsigned int reason;		/* SHUTDOWN_* */
};
typedef struct sched_remote_shutdown sched_remote_shutdown_t;
DEFINE_XEN_GUEST_HANDLE(sched_remote_shutdown_t);

/* id 0 makes a new watchdog and returns its id; timeout 0 removes it. */
struct sched_watchdog {
	uint32_t id;
	uint32_t timeout;		/* seconds */
};
typedef struct sched_watchdog sched_watchdog_t;
DEFINE_XEN_GUEST_HANDLE(sched_watchdog_t);

struct sched_pin_override {
	int32_t pcpu;			/* negative: end the override */
};
typedef struct sched_pin_override sched_pin_override_t;
DEFINE_XEN_GUEST_HANDLE(sched_pin_override_t);
#endif

#endif
