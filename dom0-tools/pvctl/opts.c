/* SPDX-License-Identifier: MIT */
/* Option letters and their long names. State is the caller's, so that any thread may run a verb. */
#include <stdio.h>
#include <string.h>
#include "pvctl/verbs.h"

/* The letter of a long name, '?' if it has none. */
static int long_name(const char *name, const char *names)
{
	size_t len = strlen(name);

	for (const char *p = names; *p; p += strcspn(p, ","), p += *p == ',')
		if (strcspn(p, "=") == len && !strncmp(p, name, len))
			return p[len + 1];
	return '?';
}

static int unknown(const char *verb, const char *what)
{
	fprintf(stderr, "%s: unknown option %s\n", verb, what);
	return '?';
}

int opt_next(struct opts *o, const char *letters, const char *names)
{
	const char *arg;
	char text[3] = "-";
	int letter;

	if (!o->rest || !*o->rest) {
		arg = ++o->at < o->argc ? o->argv[o->at] : "";
		if (arg[0] != '-' || !arg[1])
			return 0;
		if (!strcmp(arg, "--")) {
			o->at++;
			return 0;
		}
		if (arg[1] == '-') {
			letter = long_name(arg + 2, names);
			return letter == '?' ? unknown(o->argv[0], arg) : letter;
		}
		o->rest = arg + 1;
	}
	letter = *o->rest++;
	text[1] = (char)letter;
	return strchr(letters, letter) ? letter : unknown(o->argv[0], text);
}
