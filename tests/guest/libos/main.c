/* SPDX-License-Identifier: MIT */
/*
 * The library OS, as a program sees it: one file for each of its parts. Here: the command line is argv.
 *
 * Needs: dom0_max_vcpus=3
 */
#include <stdio.h>
#include <string.h>
#include "check.h"

static unsigned int passed, failed;

void check(const char *name, bool ok)
{
	printf("%s %s\n", ok ? "ok" : "not ok", name);
	if (ok)
		passed++;
	else
		failed++;
}

int main(int argc, char **argv)
{
	check("arguments", argc == 4 && strcmp(argv[1], "test") == 0 && strcmp(argv[3], "two") == 0);
	check_threads();
	check_locks();
	check_posix();
	check_memory();
	check_events();
	check_files();
	check_workers();
	printf("end of test: %u ok, %u not ok\n", passed, failed);
	return 0;
}
