/* SPDX-License-Identifier: MIT */
/* pvctl console: the living console, or what was kept of one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "console/console.h"
#include "pvctl/verbs.h"

static int print_log(const char *who)
{
	size_t len;
	char *log = console_log(who, &len);

	if (!log) {
		fprintf(stderr, "pvctl: no console output is kept of \"%s\": no such domain, now or "
			"among the last %d that ended\n", who, CONSOLE_DEAD);
		return EXIT_FAILED;
	}
	fwrite(log, 1, len, stdout);
	if (len && log[len - 1] != '\n')
		putchar('\n');
	free(log);
	return EXIT_DONE;
}

int verb_console(int argc, char **argv)
{
	struct opts o = { .argc = argc, .argv = argv };
	bool log = false;
	domid_t domid;
	int c, rc;

	while ((c = opt_next(&o, "lh", "log=l,help=h"))) {
		if (c != 'l')
			return verb_usage(argv[0]);
		log = true;
	}
	if (argc - o.at != 1)
		return verb_usage(argv[0]);
	if (log)
		return print_log(argv[o.at]);
	if (!verb_domain(argv[o.at], &domid))
		return EXIT_FAILED;
	fflush(stdout);
	rc = console_attach(domid);
	if (rc >= 0)
		return EXIT_DONE;
	fprintf(stderr, "pvctl: cannot attach the console of domain %u: %s\n", domid,
		rc == -ENOENT ? "it has none here" : rc == -EBUSY ? "somebody is attached" :
		strerror(-rc));
	return EXIT_FAILED;
}
