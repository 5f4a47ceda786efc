/* SPDX-License-Identifier: MIT */
/*
 * What the parts of ringbench share. Each prints its figures as lines "ring NAME COUNT NS EVENTS": so many
 * requests took so many nanoseconds of system time and so many events sent and received here. Where the
 * machine counts instructions as nanoseconds, NS are the instructions of all domains and the hypervisor.
 */
#ifndef RINGBENCH_H
#define RINGBENCH_H

#include <libos.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* System time at an end of what is measured. The no-op is a mark for tests/bench/shares.c, which counts instructions
 * from one to the next: so each line that is reported has two marks of its own. */
static inline uint64_t stamp(void)
{
	__asm__ volatile("nopl 0x474e4952(%rax)");
	return time_now_ns();
}

static inline void report(const char *name, uint64_t count, uint64_t ns, uint64_t events)
{
	printf("ring %s %llu %llu %llu\n", name, (unsigned long long)count, (unsigned long long)ns,
	       (unsigned long long)events);
}

/* "key=value" among the arguments; the value, or what stands for a missing one. */
unsigned long argument(int argc, char **argv, const char *key, unsigned long missing);

/* The client of the raw ring and its server, in two guests. */
int run_client(int argc, char **argv);
int run_server(int argc, char **argv);
/* A disk, by the name that the toolstack gave it. */
int run_disk(int argc, char **argv);
/* A network, and the guest at its other end. */
int run_net(int argc, char **argv);
int run_netpeer(int argc, char **argv);

#endif
