/* SPDX-License-Identifier: MIT */
/*
 * The numbers of virtual disks, which are those of old device files: a major and a minor for xvd, sd and hd, and a
 * range of its own for xvd disks and partitions beyond 15.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/disk.h"

#define XVD_LARGE (1u << 28)
#define MAX_XVD_DISK (1u << 20)

static const struct range {
	const char *prefix;
	unsigned int first, last;       /* disks, by letter */
	unsigned int base, disk_shift, parts;
} ranges[] = {
	{ "xvd", 0, 15, 202 << 8, 4, 15 },
	{ "sd", 0, 15, 8 << 8, 4, 15 },
	{ "hd", 0, 1, 3 << 8, 6, 63 },
	{ "hd", 2, 3, 22 << 8, 6, 63 },
};

#define NR_RANGES (sizeof(ranges) / sizeof(ranges[0]))

/* Letters as in spreadsheets: a is 0, z 25, aa 26. Moves *p behind them; false: none. */
static bool parse_letters(const char **p, unsigned int *disk)
{
	unsigned int n = 0;

	if (**p < 'a' || **p > 'z')
		return false;
	for (; **p >= 'a' && **p <= 'z'; (*p)++) {
		n = n * 26 + (unsigned int)(**p - 'a') + 1;
		if (n > MAX_XVD_DISK)
			return false;
	}
	*disk = n - 1;
	return true;
}

/* Decimal digits to the end of the text; an empty text is 0. */
static bool parse_rest(const char *p, unsigned int max, unsigned int *n)
{
	uint64_t value = 0;

	for (; *p >= '0' && *p <= '9' && value <= max; p++)
		value = value * 10 + (unsigned int)(*p - '0');
	*n = (unsigned int)value;
	return !*p && value <= max;
}

static bool by_prefix(const char *name, const char *prefix, unsigned int *disk, unsigned int *part)
{
	const char *p = name + strlen(prefix);

	return !strncmp(name, prefix, strlen(prefix)) && parse_letters(&p, disk) &&
	       parse_rest(p, 255, part);
}

/* "d2p3": by number, with no letters to run out of. */
static bool by_numbers(const char *name, unsigned int *disk, unsigned int *part)
{
	char *end;

	if (name[0] != 'd' || name[1] < '0' || name[1] > '9')
		return false;
	*disk = (unsigned int)strtoul(name + 1, &end, 10);
	*part = 0;
	return *disk < MAX_XVD_DISK && (!*end || (*end == 'p' && end[1] && parse_rest(end + 1, 255, part)));
}

int disk_vdev_parse(const char *name, unsigned int *number)
{
	unsigned int disk, part;

	for (size_t i = 0; i < NR_RANGES; i++) {
		const struct range *r = &ranges[i];

		if (!by_prefix(name, r->prefix, &disk, &part) || disk < r->first || disk > r->last ||
		    part > r->parts)
			continue;
		*number = r->base | (disk - r->first) << r->disk_shift | part;
		return 0;
	}
	if (by_prefix(name, "xvd", &disk, &part) || by_numbers(name, &disk, &part)) {
		*number = disk <= 15 && part <= 15 ? ranges[0].base | disk << 4 | part :
			  XVD_LARGE | disk << 8 | part;
		return 0;
	}
	return parse_rest(name, 2 * XVD_LARGE - 1, number) && *number ? 0 : -EINVAL;
}

/* Writes the letters of a disk, then the partition if there is one. */
static void print_name(char *name, const char *prefix, unsigned int disk, unsigned int part)
{
	char letters[8], *p = letters + sizeof(letters) - 1;

	*p = 0;
	for (disk++; disk; disk = (disk - 1) / 26)
		*--p = (char)('a' + (disk - 1) % 26);
	snprintf(name, DISK_VDEV_MAX + 1, part ? "%s%s%u" : "%s%s", prefix, p, part);
}

void disk_vdev_name(unsigned int number, char name[DISK_VDEV_MAX + 1])
{
	if (number & XVD_LARGE && number < 2 * XVD_LARGE) {
		print_name(name, "xvd", (number & ~XVD_LARGE) >> 8, number & 255);
		return;
	}
	for (size_t i = 0; i < NR_RANGES; i++) {
		const struct range *r = &ranges[i];
		unsigned int disk = (number & 255) >> r->disk_shift;

		if ((number & ~255u) != r->base || disk > r->last - r->first)
			continue;
		print_name(name, r->prefix, r->first + disk, number & r->parts);
		return;
	}
	snprintf(name, DISK_VDEV_MAX + 1, "%u", number);
}

static const char *const grants_names[NR_DISK_GRANTS] = {
	[DISK_GRANTS_BEST] = "best",
	[DISK_GRANTS_MAP] = "map",
	[DISK_GRANTS_PERSISTENT] = "persistent",
	[DISK_GRANTS_COPY] = "copy",
};

const char *disk_grants_name(enum disk_grants grants)
{
	return grants_names[grants];
}

int disk_grants_parse(const char *name)
{
	for (int i = 0; i < NR_DISK_GRANTS; i++)
		if (!strcmp(grants_names[i], name))
			return i;
	return -EINVAL;
}
