/* SPDX-License-Identifier: MIT */
/*
 * The library OS beyond the C library: threads, waiting, memory of other domains, and the machine.
 * A program is an ordinary C program with main(argc, argv): the arguments are the domain's command
 * line, files come read-only from the initrd (cpio newc) and read-write from /tmp (in memory).
 * pthread.h and semaphore.h are there too, over the same threads; events, grants, time, the console
 * and the store are the kit's (kit/evtchn.h, kit/gnttab.h, kit/time.h, kit/pvconsole.h,
 * kit/xenbus.h).
 *
 * One address space, one privilege: threads share everything. They are preempted by a timer, so
 * shared data needs a lock. Nothing here but waitq_wake* and events_* may be called from an event
 * handler. Errors: negative errno of the C library unless a line says otherwise; times are
 * nanoseconds of system time (time_now_ns()), deadlines are absolute, OS_FOREVER for none.
 */
#ifndef LIBOS_H
#define LIBOS_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <kit/types.h>
#include <kit/os.h>
#include <kit/hypercall.h>
#include <kit/start_info.h>
#include <kit/evtchn.h>
#include <kit/gnttab.h>
#include <kit/pvconsole.h>
#include <kit/time.h>
#include <kit/vcpu.h>
#include <kit/p2m.h>
#include <kit/pt.h>

/* --- Threads ---------------------------------------------------------------------------------- */
struct thread;

/* Starts fn(arg) in a thread of its own, runnable at once. The name is copied (15 bytes of it).
 * NULL: no memory. It must be joined once, or detached. */
struct thread *thread_create(const char *name, void (*fn)(void *arg), void *arg);
void thread_join(struct thread *t);
void thread_detach(struct thread *t);
void thread_exit(void) __attribute__((noreturn));
struct thread *thread_self(void);
const char *thread_name(const struct thread *t);
void thread_yield(void);
void thread_sleep_ns(uint64_t ns);
void thread_sleep_until(uint64_t deadline_ns);

struct timespec;
uint64_t time_from_wall(const struct timespec *t);	/* a CLOCK_REALTIME time as a deadline */

/* --- Wait queues: the one primitive the others are made of ------------------------------------ */
struct waitq { struct thread *head, *tail; };
#define WAITQ_INIT { NULL, NULL }

/* Puts the thread to sleep. Called with events disabled, so that the state just looked at cannot
 * change before the sleep; they are disabled again on return. False: the deadline passed. */
bool waitq_sleep(struct waitq *q, uint64_t deadline_ns);
void waitq_wake_one(struct waitq *q);		/* from anywhere, handlers too */
void waitq_wake_all(struct waitq *q);

/* --- Locks ------------------------------------------------------------------------------------ */
struct mutex {					/* not recursive; fair */
	struct thread *owner;
	struct waitq waiters;
};
#define MUTEX_INIT { NULL, WAITQ_INIT }
void mutex_lock(struct mutex *m);
bool mutex_trylock(struct mutex *m);
void mutex_unlock(struct mutex *m);

struct cond { struct waitq waiters; };
#define COND_INIT { WAITQ_INIT }
/* Both return with the mutex held; cond_wait_until gives false when the deadline passed. */
void cond_wait(struct cond *c, struct mutex *m);
bool cond_wait_until(struct cond *c, struct mutex *m, uint64_t deadline_ns);
void cond_signal(struct cond *c);
void cond_broadcast(struct cond *c);

struct semaphore {
	unsigned int count;
	struct waitq waiters;
};
#define SEMAPHORE_INIT(n) { (n), WAITQ_INIT }
void semaphore_down(struct semaphore *s);
bool semaphore_down_until(struct semaphore *s, uint64_t deadline_ns);
void semaphore_up(struct semaphore *s);		/* from anywhere, handlers too */

/* --- Other vcpus ------------------------------------------------------------------------------
 * Threads share vcpu 0. Each other vcpu of the domain can be given one function at a time, to run to its end
 * beside them: a worker. It has the kit's hypercalls, clocks and page tables, events of ports bound to its vcpu,
 * and the memory it is handed, and shares no lock with threads: atomic operations are what there is. It
 * may not use threads, locks, malloc or files; one that does ends the domain with a word. */

/* Starts fn(arg) on a vcpu from 1 on (kit/vcpu.h counts them). -ENOENT: there is no such vcpu; -EPERM: the
 * operator took it away (pvctl vcpu-set); -EBUSY: its last function still runs; -ENOMEM. */
int worker_start(unsigned int vcpu, void (*fn)(void *arg), void *arg);
/* Sleeps until the vcpu's function has returned. False: the deadline passed. */
bool worker_wait(unsigned int vcpu, uint64_t deadline_ns);

/* --- Memory ----------------------------------------------------------------------------------- */
/* Adjacent zeroed pages, for what the hypervisor or another domain is to see. NULL: none left. */
void *pages_alloc(size_t n);
void pages_free(void *va, size_t n);
size_t pages_total(void);
size_t pages_available(void);

/* Maps n machine frames at consecutive fresh addresses. domid: DOMID_SELF, another domain (if we
 * are privileged for it), or DOMID_IO. bits: PTE_RW or PTE_RO. All or nothing: NULL with errno. */
void *frames_map(const xen_pfn_t *mfns, size_t n, uint64_t bits, domid_t domid);
void frames_unmap(void *va, size_t n);

/* --- Event channels with threads -------------------------------------------------------------- */
/* Sleeps until the port has an event, consumes it and leaves the port armed. The port must have no
 * handler of its own. False: the deadline passed. One waiter a port. */
bool evtchn_wait(evtchn_port_t port, uint64_t deadline_ns);

/* --- Odds ------------------------------------------------------------------------------------- */
/* A result of the hypervisor (numbers of xen/errno.h) as a negative errno of the C library;
 * results that are no errors pass through. */
long xen_result(long rc);

/* Ends the domain for a reason SHUTDOWN_*, after flushing stdio. */
void libos_shutdown(unsigned int reason) __attribute__((noreturn));

#endif
