/* SPDX-License-Identifier: MIT */
/*
 * pvbench: instructions that each operation of the hypervisor's interface costs.
 *
 * What is counted (measure.h) is the guest's own instructions for the operation and all that the hypervisor
 * did on its behalf.
 */
#ifndef PVBENCH_H
#define PVBENCH_H

#include "measure.h"
#include <libos.h>

/* One line: "bench NAME MIN MEAN SAMPLES". Events may be enabled for a moment while it is written. */
void bench_say(const char *name, const struct stats *s);
void bench_run(const struct bench *table, size_t n);	/* measure and say, each */
#define BENCH_RUN(table) bench_run(table, sizeof(table) / sizeof((table)[0]))

/* Calls that must not fail: says which and ends. */
void must(const char *what, long rc);

/* tables.c: page tables for the other groups */
long table_update(maddr_t where, uint64_t value);
long table_ext(unsigned int cmd, mfn_t mfn);
void *table_page(void);			/* zeroed, mapped read-only */
void table_page_free(void *page);
pte_t *table_copy_root(void);		/* a pinned copy of the running L4 */

/* trap.c: handlers of our own for a while; trap_init() restores those of the system */
void trap_set(unsigned int vector, unsigned int flags, void (*entry)(void));
/* harness.asm: "back" returns at once, "skip" behind the two bytes that faulted */
void trap_back(void), trap_skip(void), trap_skip_error(void), trap_back_error(void);
void event_back(void), syscall_back(void);

/* The groups, in their order. Privileged ones run in the control domain only. */
void bench_calls(void);
void bench_events(void);
void bench_tables(void);
void bench_pins(void);
void bench_bases(void);
void bench_traps(void);
void bench_user(void);
void bench_emulation(void);
void bench_grants(void);
void bench_memory(void);
void bench_control(void);
void bench_timers(void);
void bench_fork(void);
void bench_peer(void);

#endif
