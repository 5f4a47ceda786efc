/* SPDX-License-Identifier: MIT */
/*
 * The initrd: a cpio archive in the "newc" format, as Linux takes. Headers are ASCII hex; names and
 * bytes are aligned to 4. Only directories and regular files matter. The archive is whatever the
 * operator passed, so every length is checked against what is left of it.
 */
#include "files.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define MAGIC "070701"
#define TRAILER "TRAILER!!!"
#define HEADER 110
#define NAME_MAX_BYTES 1024

/* Fields of 8 hex digits after the magic. */
enum { F_INO, F_MODE, F_UID, F_GID, F_NLINK, F_MTIME, F_SIZE, F_NAMESIZE = 11 };

static uint32_t field(const char *header, int n)
{
	uint32_t v = 0;
	int i;

	for (i = 0; i < 8; i++) {
		char c = header[6 + 8 * n + i] | 0x20;

		v = v << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return v;
}

static size_t align4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* Directories of a path whose own entries the archive left out, or that come later. */
static int make_parents(const char *path)
{
	char part[NAME_MAX_BYTES];
	struct node *n;
	size_t i;
	int rc;

	for (i = 1; path[i]; i++) {
		if (path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = 0;
		rc = file_make(part, true, &n);
		if (rc)
			return rc;
	}
	return 0;
}

static int add(const char *name, const char *header, const char *data, size_t size)
{
	mode_t mode = field(header, F_MODE);
	struct node *n;
	int rc;

	if (!S_ISDIR(mode) && !S_ISREG(mode))
		return 0;
	rc = make_parents(name);
	if (rc == 0)
		rc = file_make(name, S_ISDIR(mode), &n);
	if (rc)
		return rc;
	n->mtime = field(header, F_MTIME);
	n->writable = false;
	if (S_ISREG(mode) && !n->is_dir) {
		n->data = (char *)data;
		n->size = size;
	}
	return 0;
}

int initrd_unpack(const char *p, size_t left)
{
	size_t namesize, size, name_end, end;
	const char *name;
	int rc;

	for (;;) {
		if (left < HEADER || memcmp(p, MAGIC, 6) != 0)
			return -EINVAL;
		namesize = field(p, F_NAMESIZE);
		size = field(p, F_SIZE);
		if (namesize == 0 || namesize > NAME_MAX_BYTES || namesize > left - HEADER)
			return -EINVAL;
		name = p + HEADER;
		if (name[namesize - 1])
			return -EINVAL;
		if (strcmp(name, TRAILER) == 0)
			return 0;
		name_end = align4(HEADER + namesize);
		if (name_end > left || size > left - name_end)
			return -EINVAL;
		rc = add(name, p, p + name_end, size);
		if (rc)
			return rc;
		end = align4(name_end + size);
		if (end > left)
			return -EINVAL;
		p += end;
		left -= end;
	}
}
