/* SPDX-License-Identifier: MIT */
/* pvctl network-attach, network-detach, network-list: the network interfaces of running domains. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/device.h"
#include "pvctl/device_words.h"
#include "pvctl/vif_cfg.h"
#include "pvctl/verbs.h"

int verb_network_attach(int argc, char **argv)
{
	struct vif_config vif;
	char spec[DEVICE_SPEC_MAX];
	struct err err;
	domid_t domid;

	if (argc < 2 || argv[1][0] == '-' || !device_spec_join(spec, argc - 2, argv + 2))
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

static void list(domid_t domid)
{
	unsigned int ids[VIFS_MAX], n = device_ids(domid, "vif", ids, VIFS_MAX);

	for (unsigned int i = 0; i < n; i++) {
		char *mac = device_read_back(domid, "vif", ids[i], "mac");

		printf("%-3u %-2d %17s %6u %5d %6d %5d/%-11d /local/domain/0/backend/vif/%u/%u\n", ids[i], 0,
		       mac ? mac : "", ids[i], device_front_number(domid, "vif", ids[i], "state"),
		       device_front_number(domid, "vif", ids[i], "event-channel"),
		       device_front_number(domid, "vif", ids[i], "tx-ring-ref"),
		       device_front_number(domid, "vif", ids[i], "rx-ring-ref"), domid, ids[i]);
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
