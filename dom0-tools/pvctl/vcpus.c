/* SPDX-License-Identifier: MIT */
/* pvctl vcpu-list, vcpu-pin, vcpu-set: the vcpus of domains. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/cpuset.h"
#include "ctl/hyper.h"
#include "ctl/life.h"
#include "ctl/vcpus.h"
#include "ctl/xstree.h"
#include "pvctl/format.h"
#include "pvctl/verbs.h"

static int hypervisor_failed(const char *what, int rc)
{
	struct err err;

	err_set(&err, ERR_HYPERVISOR, "%s: %s", what, strerror(-rc));
	return verb_failed(&err);
}

/* A decimal number and nothing else. */
static bool number(const char *text, unsigned int *n)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	*n = (unsigned int)value;
	return isdigit((unsigned char)*text) && !*end && value <= UINT16_MAX;
}

static int list_domain(const ctl_info *info, unsigned int cpus)
{
	char name[DOMAIN_NAME_MAX + 1], row[512], hard[CPUSET_TEXT], soft[CPUSET_TEXT];
	struct xen_domctl_getvcpuinfo v;

	xstree_name(info->domain, name);
	for (unsigned int i = 0; i <= info->max_vcpu_id && info->max_vcpu_id < UINT16_MAX; i++) {
		uint64_t sets[2];
		int rc = ctl_vcpu_info(info->domain, i, &v);

		if (rc == -ESRCH)       /* not made yet, or the domain ended meanwhile */
			continue;
		if (!rc)
			rc = ctl_vcpu_affinity(info->domain, i, &sets[0], &sets[1]);
		if (rc)
			return rc;
		cpuset_format(hard, sets[0], cpus);
		cpuset_format(soft, sets[1], cpus);
		format_vcpu_row(row, sizeof(row), name, info->domain, &v, hard, soft);
		fputs(row, stdout);
	}
	return 0;
}

static int list_all(unsigned int cpus)
{
	ctl_info *infos;
	int n = ctl_domain_list(&infos), rc = n < 0 ? n : 0;

	for (int i = 0; !rc && i < n; i++)
		rc = list_domain(&infos[i], cpus);
	free(infos);
	return rc;
}

int verb_vcpu_list(int argc, char **argv)
{
	struct xen_sysctl_physinfo physical;
	int rc = ctl_physinfo(&physical);

	if (argc > 1 && argv[1][0] == '-')
		return verb_usage(argv[0]);
	fputs(rc ? "" : format_vcpu_header, stdout);
	if (!rc && argc == 1)
		rc = list_all(physical.nr_cpus);
	for (int i = 1; !rc && i < argc; i++) {
		ctl_info info;
		domid_t domid;

		if (!verb_domain(argv[i], &domid))
			return EXIT_FAILED;
		rc = ctl_domain_info(domid, &info);
		if (!rc)
			rc = list_domain(&info, physical.nr_cpus);
	}
	return rc ? hypervisor_failed("cannot list vcpus", rc) : EXIT_DONE;
}

/* NULL in *set where the text is "-". */
static bool parse_set(const char *text, uint64_t *value, const uint64_t **set)
{
	*set = strcmp(text, "-") ? value : NULL;
	if (!*set || !cpuset_parse(text, value))
		return true;
	fprintf(stderr, "pvctl: \"%s\" is no set of CPUs: expected all, 2, or 0-3,^1\n", text);
	return false;
}

int verb_vcpu_pin(int argc, char **argv)
{
	unsigned int first = 0, last;
	const uint64_t *hard, *soft;
	uint64_t h, s;
	struct err err;
	ctl_info info;
	domid_t domid;
	int rc;

	if (argc < 4 || argc > 5 || argv[1][0] == '-')
		return verb_usage(argv[0]);
	if (strcmp(argv[2], "all") && !number(argv[2], &first)) {
		fprintf(stderr, "pvctl: \"%s\" is no vcpu: expected its number, or all\n", argv[2]);
		return EXIT_FAILED;
	}
	if (!parse_set(argv[3], &h, &hard) || !parse_set(argc > 4 ? argv[4] : "-", &s, &soft) ||
	    !verb_domain(argv[1], &domid))
		return EXIT_FAILED;
	if (!hard && !soft)
		return EXIT_DONE;
	rc = ctl_domain_info(domid, &info);
	if (rc)
		return hypervisor_failed("cannot pin vcpus", rc);
	last = strcmp(argv[2], "all") ? first : info.max_vcpu_id;
	for (rc = 0; !rc && first <= last; first++)
		rc = vcpus_pin(domid, first, hard, soft, &err);
	return rc ? verb_failed(&err) : EXIT_DONE;
}

/* More vcpus than CPUs only slow one another down: xl asks that it be meant. */
static bool too_many(unsigned int n)
{
	struct xen_sysctl_physinfo physical;

	if (ctl_physinfo(&physical) || n <= physical.nr_cpus)
		return false;
	fprintf(stderr, "pvctl: %u vcpus are more than the machine has CPUs (%u); -i sets them all the "
		"same\n", n, physical.nr_cpus);
	return true;
}

int verb_vcpu_set(int argc, char **argv)
{
	struct opts o = { .argc = argc, .argv = argv };
	bool ignore_host = false;
	unsigned int n;
	struct err err;
	domid_t domid;
	int c;

	while ((c = opt_next(&o, "ih", "ignore-host=i,help=h"))) {
		if (c != 'i')
			return verb_usage(argv[0]);
		ignore_host = true;
	}
	if (argc - o.at != 2)
		return verb_usage(argv[0]);
	if (!number(argv[o.at + 1], &n)) {
		fprintf(stderr, "pvctl: \"%s\" is no number of vcpus\n", argv[o.at + 1]);
		return EXIT_FAILED;
	}
	if ((!ignore_host && too_many(n)) || !verb_domain(argv[o.at], &domid))
		return EXIT_FAILED;
	return vcpus_set(domid, n, &err) ? verb_failed(&err) : EXIT_DONE;
}
