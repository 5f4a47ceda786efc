/* SPDX-License-Identifier: MIT */
/*
 * Directories as programs read them. opendir copies the names, so that readdir needs no lock and is
 * not confused by changes in between.
 */
#include "files.h"
#include "sched.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct dir {
	size_t count, next;
	struct dirent entries[];
};

static void copy_entries(DIR *d, const struct node *n)
{
	const struct node *c;
	struct dirent *e = d->entries;

	for (c = n->children; c; c = c->next, e++) {
		e->d_ino = c->ino;
		e->d_type = c->is_dir ? DT_DIR : DT_REG;
		strncpy(e->d_name, c->name, sizeof(e->d_name) - 1);
	}
	d->count = e - d->entries;
}

DIR *opendir(const char *path)
{
	const struct node *n, *c;
	DIR *d = NULL;
	size_t count = 0;

	files_lock();
	n = file_lookup(path);
	if (!n || !n->is_dir) {
		errno = n ? ENOTDIR : ENOENT;
	} else {
		for (c = n->children; c; c = c->next)
			count++;
		d = calloc(1, sizeof(*d) + count * sizeof(struct dirent));
		if (d)
			copy_entries(d, n);
	}
	files_unlock();
	return d;
}

struct dirent *readdir(DIR *d)
{
	return d->next < d->count ? &d->entries[d->next++] : NULL;
}

void rewinddir(DIR *d)
{
	d->next = 0;
}

int closedir(DIR *d)
{
	free(d);
	return 0;
}
