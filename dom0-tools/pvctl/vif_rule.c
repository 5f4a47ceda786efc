/* SPDX-License-Identifier: MIT */
/* pvctl vif-rule: the firewall of a network interface. The rules' language is in net/rules.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "net/switch.h"
#include "pvctl/verbs.h"

static int refused(const char *vif, int rc)
{
	fprintf(stderr, "pvctl: %s: %s\n", vif, rc == -ENODEV ? "there is no such network interface" :
		rc == -ENOSPC ? "it has as many rules as it can" : "it has no rule of that number");
	return EXIT_FAILED;
}

static int list(const char *vif)
{
	struct net_rules *r = net_rules_copy(vif);
	char text[RULE_TEXT];

	if (!r)
		return refused(vif, -errno);
	for (unsigned int i = 0; i < r->count; i++) {
		net_rule_text(&r->rule[i], text, sizeof(text));
		printf("%3u %10" PRIu64 "  %s\n", i + 1, r->rule[i].hits, text);
	}
	free(r);
	return EXIT_DONE;
}

static bool position(const char *text, unsigned int *at)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*at = (unsigned int)n;
	return *text >= '1' && *text <= '9' && !*end && n <= RULES_MAX;
}

/* [NUMBER] RULE ... */
static int add(const char *vif, int argc, char **argv)
{
	struct net_rule r;
	unsigned int at = 0;
	const char *bad;
	int rc;

	if (argc > 0 && position(argv[0], &at)) {
		argc--;
		argv++;
	}
	if (net_rule_parse(&r, argc, argv, &bad)) {
		fprintf(stderr, "pvctl: vif-rule: \"%s\" does not belong in a rule there; "
			"\"pvctl help vif-rule\" tells the language\n", bad);
		return EXIT_FAILED;
	}
	rc = net_rule_insert(vif, &r, at);
	return rc ? refused(vif, rc) : EXIT_DONE;
}

int verb_vif_rule(int argc, char **argv)
{
	char vif[32], *end;
	unsigned int at;
	domid_t domid;
	int rc;

	if (argc < 4 || (strcmp(argv[1], "list") && argc < 5))
		return verb_usage(argv[0]);
	if (!verb_domain(argv[2], &domid))
		return EXIT_FAILED;
	if (strtoul(argv[3], &end, 10) > 63 || *end || !*argv[3])
		return verb_usage(argv[0]);
	snprintf(vif, sizeof(vif), "vif%u.%s", domid, argv[3]);
	if (!strcmp(argv[1], "list") && argc == 4)
		return list(vif);
	if (!strcmp(argv[1], "add"))
		return add(vif, argc - 4, argv + 4);
	if (strcmp(argv[1], "del") || argc != 5 || !position(argv[4], &at))
		return verb_usage(argv[0]);
	rc = net_rule_delete(vif, at);
	return rc ? refused(vif, rc) : EXIT_DONE;
}
