/* SPDX-License-Identifier: MIT */
/* Forced in front of lock_check.c: stands in for cpu.h, with a CPU that the test chooses. */
#ifndef LOCK_HOST_H
#define LOCK_HOST_H

#define HV_CPU_H
#define HV_DEBUG
#define MAX_CPUS 2
#include "time.h"
#include "types.h"

struct cpu { unsigned id; };
extern struct cpu *host_cpu;
extern bool cpus_stopped;
static inline struct cpu *this_cpu(void) { return host_cpu; }

#endif
