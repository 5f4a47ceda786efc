/* SPDX-License-Identifier: MIT */
/* pvctl list, domid, domname, uptime: what is running. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "ctl/life.h"
#include "ctl/records.h"
#include "ctl/xstree.h"
#include "pvctl/format.h"
#include "pvctl/verbs.h"

/* All domains, or the one named; the number, or negative after saying why. Frees nothing. */
static int find(const char *who, ctl_info **infos)
{
	struct err err;
	domid_t domid;
	int n;

	*infos = NULL;
	if (who && !verb_domain(who, &domid))
		return -1;
	if (who)
		n = (*infos = malloc(sizeof(**infos))) && !ctl_domain_info(domid, *infos) ? 1 : -1;
	else
		n = ctl_domain_list(infos);
	if (n < 0) {
		err_set(&err, ERR_HYPERVISOR, "cannot list domains");
		verb_failed(&err);
	}
	return n;
}

static void print_long(const ctl_info *infos, int n)
{
	char name[DOMAIN_NAME_MAX + 1];
	struct record_living r;

	printf("[\n");
	for (int i = 0; i < n; i++) {
		bool known = !records_living(infos[i].domain, &r);

		xstree_name(infos[i].domain, name);
		format_json(stdout, name, &infos[i], known ? &r.config : NULL);
		printf("%s\n", i + 1 < n ? "," : "");
		if (known)
			domain_config_free(&r.config);
	}
	printf("]\n");
}

static void print_rows(const ctl_info *infos, int n)
{
	char name[DOMAIN_NAME_MAX + 1], row[160];

	fputs(format_list_header, stdout);
	for (int i = 0; i < n; i++) {
		xstree_name(infos[i].domain, name);
		format_list_row(row, sizeof(row), name, &infos[i]);
		fputs(row, stdout);
	}
}

int verb_list(int argc, char **argv)
{
	struct opts o = { .argc = argc, .argv = argv };
	bool json = false;
	ctl_info *infos;
	int c, n;

	while ((c = opt_next(&o, "lh", "long=l,help=h"))) {
		if (c != 'l')
			return verb_usage(argv[0]);
		json = true;
	}
	if (argc - o.at > 1)
		return verb_usage(argv[0]);
	n = find(o.at < argc ? argv[o.at] : NULL, &infos);
	if (n >= 0 && json)
		print_long(infos, n);
	else if (n >= 0)
		print_rows(infos, n);
	free(infos);
	return n < 0 ? EXIT_FAILED : EXIT_DONE;
}

int verb_domid(int argc, char **argv)
{
	domid_t domid;

	if (argc != 2)
		return verb_usage(argv[0]);
	if (isdigit((unsigned char)argv[1][0]) || life_find(argv[1], &domid)) {
		fprintf(stderr, "Can't get domid of domain name '%s', maybe this domain does not "
			"exist.\n", argv[1]);
		return EXIT_FAILED;
	}
	printf("%u\n", domid);
	return EXIT_DONE;
}

int verb_domname(int argc, char **argv)
{
	char name[DOMAIN_NAME_MAX + 1], *end;
	domid_t domid;

	if (argc != 2)
		return verb_usage(argv[0]);
	(void)strtol(argv[1], &end, 10);
	if (*end || end == argv[1]) {
		fprintf(stderr, "Invalid domain id.\n");
		return EXIT_FAILED;
	}
	if (life_find(argv[1], &domid)) {
		fprintf(stderr, "Can't get domain name of domain id '%s', maybe this domain does "
			"not exist.\n", argv[1]);
		return EXIT_FAILED;
	}
	xstree_name(domid, name);
	printf("%s\n", name);
	return EXIT_DONE;
}

/* -1: not started by us, so nobody knows. */
static int64_t uptime(domid_t domid)
{
	struct record_living r;

	if (domid == 0)
		return (int64_t)(os_now_ns() / 1000000000U);
	if (records_living(domid, &r))
		return -1;
	domain_config_free(&r.config);
	return (int64_t)((os_now_ns() - r.started_ns) / 1000000000U);
}

static void print_uptime(domid_t domid, bool brief)
{
	char name[DOMAIN_NAME_MAX + 1], up[32] = "unknown", now[16];
	time_t wall = (time_t)(os_wall_ns() / 1000000000U);
	int64_t seconds = uptime(domid);
	struct tm tm;

	xstree_name(domid, name);
	if (seconds >= 0)
		format_uptime(up, sizeof(up), (uint64_t)seconds);
	if (!brief) {
		printf("%-33s %4d %s\n", name, domid, up);
		return;
	}
	gmtime_r(&wall, &tm);
	strftime(now, sizeof(now), "%H:%M:%S", &tm);
	printf(" %s up %s, %s (%d)\n", now, up, name, domid);
}

int verb_uptime(int argc, char **argv)
{
	struct opts o = { .argc = argc, .argv = argv };
	bool brief = false;
	ctl_info *infos;
	int c, n, rc = EXIT_DONE;

	while ((c = opt_next(&o, "sh", "short=s,help=h"))) {
		if (c != 's')
			return verb_usage(argv[0]);
		brief = true;
	}
	if (!brief)
		printf("%-33s %4s %s\n", "Name", "ID", "Uptime");
	do {
		n = find(o.at < argc ? argv[o.at] : NULL, &infos);
		for (int i = 0; i < n; i++)
			print_uptime(infos[i].domain, brief);
		free(infos);
		if (n < 0)
			rc = EXIT_FAILED;
	} while (++o.at < argc);
	return rc;
}
