/* SPDX-License-Identifier: MIT */
/* pvctl block-attach, block-detach, block-list: the disks of running domains. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/device.h"
#include "ctl/disk.h"
#include "pvctl/device_words.h"
#include "pvctl/disk_cfg.h"
#include "pvctl/verbs.h"

int verb_block_attach(int argc, char **argv)
{
	struct disk_config disk;
	char spec[DEVICE_SPEC_MAX];
	struct err err;
	domid_t domid;

	if (argc < 3 || argv[1][0] == '-' || !device_spec_join(spec, argc - 2, argv + 2))
		return verb_usage(argv[0]);
	if (disk_cfg_parse(&disk, spec, &err))
		return verb_failed(&err);
	if (!verb_domain(argv[1], &domid))
		return EXIT_FAILED;
	return disk_attach(domid, &disk, &err) ? verb_failed(&err) : EXIT_DONE;
}

int verb_block_detach(int argc, char **argv)
{
	struct opts o = { .argc = argc, .argv = argv };
	unsigned int number;
	bool force = false;
	struct err err;
	domid_t domid;
	int c;

	while ((c = opt_next(&o, "fh", "force=f,help=h"))) {
		if (c != 'f')
			return verb_usage(argv[0]);
		force = true;
	}
	if (argc - o.at == 3 && !strcmp(argv[argc - 1], "--force"))
		force = true;
	else if (argc - o.at != 2)
		return verb_usage(argv[0]);
	if (!verb_domain(argv[o.at], &domid))
		return EXIT_FAILED;
	if (disk_vdev_parse(argv[o.at + 1], &number)) {
		err_set(&err, ERR_CONFIG, "expected a disk like xvda, or its number, found \"%s\"",
			argv[o.at + 1]);
		return verb_failed(&err);
	}
	return device_remove(domid, DISK_KIND, number, force, &err) ? verb_failed(&err) : EXIT_DONE;
}

static void list(domid_t domid)
{
	unsigned int ids[DISK_MAX], n = device_ids(domid, DISK_KIND, ids, DISK_MAX);

	for (unsigned int i = 0; i < n; i++) {
		int ring = device_front_number(domid, DISK_KIND, ids[i], "ring-ref");

		if (ring < 0)
			ring = device_front_number(domid, DISK_KIND, ids[i], "ring-ref0");
		printf("%-5u %-3d %-6u %-5d %-6d %-8d /local/domain/0/backend/" DISK_KIND "/%u/%u\n",
		       ids[i], 0, domid, device_front_number(domid, DISK_KIND, ids[i], "state"),
		       device_front_number(domid, DISK_KIND, ids[i], "event-channel"), ring, domid, ids[i]);
	}
}

int verb_block_list(int argc, char **argv)
{
	domid_t domid;

	if (argc < 2 || argv[1][0] == '-')
		return verb_usage(argv[0]);
	printf("%-5s %-3s %-6s %-5s %-6s %-8s %-30s\n", "Vdev", "BE", "handle", "state", "evt-ch",
	       "ring-ref", "BE-path");
	for (int i = 1; i < argc; i++) {
		if (!verb_domain(argv[i], &domid))
			return EXIT_FAILED;
		list(domid);
	}
	return EXIT_DONE;
}
