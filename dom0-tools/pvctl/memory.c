/* SPDX-License-Identifier: MIT */
/* pvctl mem-set, mem-max: the memory of a running domain. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/target.h"
#include "pvctl/verbs.h"

/* A size as xl takes it: MiB, or with a letter b, k, m, g or t; in KiB. false: no such thing. */
static bool size_kb(const char *text, uint64_t *kb)
{
	static const char letters[] = "bkmgt";
	const char *letter;
	unsigned long long n;
	char *end;
	int shift = 10;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (end == text || errno || text[0] == '-')
		return false;
	if (*end) {
		letter = strchr(letters, *end | 0x20);
		if (!letter || end[1])
			return false;
		shift = 10 * (int)(letter - letters - 1);
	}
	if (shift > 0 && n > UINT64_MAX >> shift)
		return false;
	*kb = shift < 0 ? n >> 10 : n << shift;
	return true;
}

static int change(int argc, char **argv, int (*set)(domid_t, uint64_t, struct err *))
{
	struct err err;
	domid_t domid;
	uint64_t kb;

	if (argc != 3 || argv[1][0] == '-')
		return verb_usage(argv[0]);
	if (!size_kb(argv[2], &kb)) {
		fprintf(stderr, "pvctl: invalid memory size \"%s\": expected MiB, or a number with "
			"b, k, m, g or t\n", argv[2]);
		return EXIT_FAILED;
	}
	if (!verb_domain(argv[1], &domid))
		return EXIT_FAILED;
	return set(domid, kb, &err) ? verb_failed(&err) : EXIT_DONE;
}

int verb_mem_set(int argc, char **argv)
{
	return change(argc, argv, target_set);
}

int verb_mem_max(int argc, char **argv)
{
	return change(argc, argv, target_set_max);
}
