/* SPDX-License-Identifier: MIT */
/* pvctl network-attach, network-detach, network-list: the network interfaces of running domains. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/device.h"
#include "pvctl/vif_cfg.h"
#include "pvctl/verbs.h"

#define SPEC_MAX 512

/* The words of a specification may come as one argument or as several. */
static bool join(char spec[SPEC_MAX], int argc, char **argv)
{
	size_t len = 0;

	spec[0] = '\0';
	for (int i = 0; i < argc; i++) {
		int n = snprintf(spec + len, SPEC_MAX - len, "%s%s", i ? "," : "", argv[i]);

		if (n < 0 || (size_t)n >= SPEC_MAX - len)
			return false;
		len += (size_t)n;
	}
	return true;
}

int verb_network_attach(int argc, char **argv)
{
	struct vif_config vif;
	char spec[SPEC_MAX];
	struct err err;
	domid_t domid;

	if (argc < 2 || argv[1][0] == '-' || !join(spec, argc - 2, argv + 2))
		return verb_usage(argv[0]);
	if (vif_cfg_parse(&vif, spec, &err))
		return verb_failed(&err);
	if (!verb_domain(argv[1], &domid))
		return EXIT_FAILED;
	return vif_attach(domid, &vif, &err) ? verb_failed(&err) : EXIT_DONE;
}

/* An interface by its number or its address; false, and said so, if the domain has no such one. */
static bool find_vif(domid_t domid, const char *who, unsigned int *id)
{
	unsigned int ids[VIFS_MAX], n = device_ids(domid, "vif", ids, VIFS_MAX);
	char number[12], *mac;
	bool found = false;

	for (unsigned int i = 0; i < n && !found; i++) {
		snprintf(number, sizeof(number), "%u", ids[i]);
		mac = device_read_back(domid, "vif", ids[i], "mac");
		found = !strcmp(who, number) || (mac && !strcasecmp(who, mac));
		free(mac);
		*id = ids[i];
	}
	if (!found)
		fprintf(stderr, "pvctl: domain %u has no network interface %s; \"pvctl network-list %u\" lists them\n",
			domid, who, domid);
	return found;
}

int verb_network_detach(int argc, char **argv)
{
	struct opts o = { .argc = argc, .argv = argv };
	bool force = false;
	unsigned int id;
	struct err err;
	domid_t domid;
	int c;

	while ((c = opt_next(&o, "fh", "force=f,help=h"))) {
		if (c != 'f')
			return verb_usage(argv[0]);
		force = true;
	}
	if (argc - o.at != 2)
		return verb_usage(argv[0]);
	if (!verb_domain(argv[o.at], &domid) || !find_vif(domid, argv[o.at + 1], &id))
		return EXIT_FAILED;
	return device_remove(domid, "vif", id, force, &err) ? verb_failed(&err) : EXIT_DONE;
}

static int front_number(domid_t domid, unsigned int id, const char *key)
{
	char *text = device_read_front(domid, "vif", id, key);
	int n = text ? atoi(text) : -1;

	free(text);
	return n;
}

static void list(domid_t domid)
{
	unsigned int ids[VIFS_MAX], n = device_ids(domid, "vif", ids, VIFS_MAX);

	for (unsigned int i = 0; i < n; i++) {
		char *mac = device_read_back(domid, "vif", ids[i], "mac");

		printf("%-3u %-2d %17s %6u %5d %6d %5d/%-11d /local/domain/0/backend/vif/%u/%u\n", ids[i], 0,
		       mac ? mac : "", ids[i], front_number(domid, ids[i], "state"),
		       front_number(domid, ids[i], "event-channel"), front_number(domid, ids[i], "tx-ring-ref"),
		       front_number(domid, ids[i], "rx-ring-ref"), domid, ids[i]);
		free(mac);
	}
}

int verb_network_list(int argc, char **argv)
{
	domid_t domid;

	if (argc < 2 || argv[1][0] == '-')
		return verb_usage(argv[0]);
	printf("%-3s %-2s %-17s %-6s %-5s %-6s %5s/%-11s %-30s\n", "Idx", "BE", "Mac Addr.", "handle", "state",
	       "evt-ch", "tx-", "rx-ring-ref", "BE-path");
	for (int i = 1; i < argc; i++) {
		if (!verb_domain(argv[i], &domid))
			return EXIT_FAILED;
		list(domid);
	}
	return EXIT_DONE;
}
