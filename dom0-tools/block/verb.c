/* SPDX-License-Identifier: MIT */
/* The operator's view of dom0's disks: the shell's `disk`, and RAM disks by the command line. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "blk/blkback.h"
#include "block/block.h"
#include "block/verb.h"

/* "64M": a number with k, m or g; bytes, 0 if it is none. */
static uint64_t parse_size(const char *text)
{
	static const struct { char letter; unsigned int shift; } units[] = {
		{ 'k', 10 }, { 'm', 20 }, { 'g', 30 },
	};
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (end == text || *text == '-' || n > UINT32_MAX)
		return 0;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if ((*end | 32) == units[i].letter && !end[1])
			return (uint64_t)n << units[i].shift;
	return *end ? 0 : n;
}

static const char *why(int rc)
{
	return rc == -EINVAL ? "expected whole pages, like 64M" : strerror(-rc);
}

int disk_add_ram(const char *size)
{
	int rc = block_ram_add(parse_size(size));

	if (rc >= 0) {
		printf("ram%d: %s\n", rc, size);
		return 0;
	}
	fprintf(stderr, "disk: no RAM disk of size \"%s\": %s\n", size, why(rc));
	return 1;
}

static int remove_ram(const char *name)
{
	int rc = block_ram_remove(name);

	if (!rc)
		return 0;
	fprintf(stderr, "disk: %s: %s\n", name, rc == -ENOENT ? "no such RAM disk" :
		rc == -EBUSY ? "somebody has it open" : strerror(-rc));
	return 1;
}

int disk_main(int argc, char **argv)
{
	if (argc == 1) {
		block_list(stdout);
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "stats")) {
		blkback_list(stdout);
		return 0;
	}
	if (argc == 3 && !strcmp(argv[1], "add"))
		return disk_add_ram(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "remove"))
		return remove_ram(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "copy"))
		return disk_copy(argv[2], argv[3]);
	fprintf(stderr, "usage: disk [stats | add SIZE | remove NAME | copy FROM TO]\n"
		"  without arguments: lists the disks; stats: what the guests did with theirs;\n"
		"  add makes a RAM disk, remove ends one\n");
	return 2;
}
