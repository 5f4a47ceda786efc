/* SPDX-License-Identifier: MIT */
/* Between the parts of the stress program that runs inside a Linux guest. */
#ifndef TESTS_LINUX_STRESS_H
#define TESTS_LINUX_STRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Each part works until ends() and returns how many rounds it did; what is wrong goes to fail(). */
typedef long part(void);
part forks, pipes, maps, shares, threads, churn, faults, debug_registers, segments, vectors, clocks;

bool ends(void);                /* the part's time is over */
/* Says what was wrong and exits with 1. */
_Noreturn void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Waits for the child and fails unless it exited with 0. */
void reap(int pid);

#endif
