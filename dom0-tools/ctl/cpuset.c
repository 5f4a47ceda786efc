/* SPDX-License-Identifier: MIT */
/* CPU sets from text and to text; see cpuset.h. */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/cpuset.h"

static const char *skip_blanks(const char *p)
{
	while (isspace((unsigned char)*p))
		p++;
	return p;
}

/* A CPU's number at *p, which moves behind it. */
static int number(const char **p, unsigned int *n)
{
	unsigned long value;
	char *end;

	*p = skip_blanks(*p);
	if (!isdigit((unsigned char)**p))
		return -EINVAL;
	value = strtoul(*p, &end, 10);
	if (value >= CPUSET_MAX)
		return -EINVAL;
	*n = (unsigned int)value;
	*p = skip_blanks(end);
	return 0;
}

/* "all", "N" or "N-M". */
static int part(const char **p, uint64_t *set)
{
	unsigned int first, last;

	*p = skip_blanks(*p);
	if (!strncmp(*p, "all", 3)) {
		*p = skip_blanks(*p + 3);
		*set = CPUSET_ALL;
		return 0;
	}
	if (number(p, &first))
		return -EINVAL;
	last = first;
	if (**p == '-') {
		(*p)++;
		if (number(p, &last) || last < first)
			return -EINVAL;
	}
	*set = CPUSET_ALL >> (CPUSET_MAX - 1 - last) & CPUSET_ALL << first;
	return 0;
}

int cpuset_parse(const char *text, uint64_t *set)
{
	uint64_t all = 0, some;

	for (const char *p = text;; p++) {
		bool away;

		p = skip_blanks(p);
		away = *p == '^';
		p += away;
		if (part(&p, &some))
			return -EINVAL;
		all = away ? all & ~some : all | some;
		if (!*p)
			break;
		if (*p != ',')
			return -EINVAL;
	}
	*set = all;
	return all ? 0 : -EINVAL;
}

void cpuset_format(char out[CPUSET_TEXT], uint64_t set, unsigned int nr_cpus)
{
	uint64_t host = nr_cpus < CPUSET_MAX ? (1ULL << nr_cpus) - 1 : CPUSET_ALL;
	size_t at = 0;

	set &= host;
	if (set == host || !set) {
		strcpy(out, set ? "all" : "none");
		return;
	}
	for (unsigned int first = 0; first < CPUSET_MAX; first++) {
		unsigned int last = first;

		if (!(set >> first & 1))
			continue;
		while (last + 1 < CPUSET_MAX && set >> (last + 1) & 1)
			last++;
		at += (size_t)snprintf(out + at, CPUSET_TEXT - at, last > first ? "%s%u-%u" : "%s%u",
				       at ? "," : "", first, last);
		first = last;
	}
}
