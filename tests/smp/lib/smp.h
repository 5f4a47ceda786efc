/* SPDX-License-Identifier: MIT */
/*
 * What a micro guest with several vcpus is written with, beside tests/guest/lib: one function run on all of them
 * at once. Only vcpu 0 may print, allocate and use PROBE; between two runs it is alone.
 */
#ifndef SMP_H
#define SMP_H

#include "test.h"
#include <kit/vcpu.h>

unsigned int smp_vcpus(void);			/* how many the guest has */
unsigned int smp_self(void);
/* Runs fn(vcpu) on every vcpu, this one included; returns when each has returned. */
void smp_run(void (*fn)(unsigned int vcpu));
/* In fn, asked for now and then: whether the time given for the run is not over. Work is bounded by time, for
 * how much of it several CPUs do on an emulator varies by a hundred. */
bool smp_goes_on(void);
extern unsigned int smp_run_ms;			/* how long; 1,000 at first */
void smp_barrier(void);				/* in fn: all wait for all */

uint32_t smp_random(uint32_t n);		/* below n; each vcpu has a sequence of its own */
void smp_seed(uint64_t seed);			/* of all, by vcpu 0 */
/* A store that may fault: whether it went through. */
bool smp_store(volatile void *va, uint64_t value);

static inline void smp_yield(void) { hypercall_sched_op(SCHEDOP_yield, NULL); }
long smp_ext(unsigned int cmd, mfn_t mfn);	/* one mmuext_op */
long smp_set(maddr_t where, uint64_t value);	/* one mmu_update */

/* Frames and page tables recounted by the hypervisor, where it is ours: its answer is in its log, and the
 * runner fails a guest whose log has an audit with errors. */
void smp_audit(void);

#endif
