/* SPDX-License-Identifier: MIT */
/*
 * stress SECONDS [PART ...]: works a Linux guest hard where a PV hypervisor has to help: page tables,
 * faults, signals, context switches, segments, vector and debug registers, time. Each part runs for
 * SECONDS and prints "PART ok, N rounds"; the first thing found wrong ends the program with 1.
 * SECONDS can have a fraction. "stress nothing" exits at once: the forks part executes it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "stress.h"

static const struct {
	const char *name;
	part *run;
} parts[] = {
	{ "forks", forks }, { "pipes", pipes }, { "maps", maps }, { "shares", shares },
	{ "threads", threads },
	{ "churn", churn }, { "faults", faults }, { "debug_registers", debug_registers },
	{ "segments", segments }, { "vectors", vectors }, { "clocks", clocks },
};

static const char *current = "stress";
static double deadline;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

bool ends(void)
{
	return now() >= deadline;
}

void fail(const char *fmt, ...)
{
	va_list args;

	printf("%s failed: ", current);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

void reap(int pid)
{
	int status;

	if (pid < 0)
		fail("fork");
	if (waitpid(pid, &status, 0) != pid || status)
		fail("a child ended with status %x", status);
}

static bool chosen(int argc, char **argv, const char *name)
{
	for (int i = 2; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc == 2;
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 0;

	if (argc == 2 && !strcmp(argv[1], "nothing"))
		return 0;
	if (seconds <= 0) {
		fprintf(stderr, "usage: stress SECONDS [PART ...]\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!chosen(argc, argv, parts[i].name))
			continue;
		current = parts[i].name;
		deadline = now() + seconds;
		printf("%s ok, %ld rounds\n", current, parts[i].run());
		fflush(stdout);
	}
	return 0;
}
