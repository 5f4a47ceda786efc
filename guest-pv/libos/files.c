/* SPDX-License-Identifier: MIT */
/*
 * The tree of files in memory. Files from the initrd point into it and never change; those under
 * /tmp own their bytes. Lock: files_lock, held by every caller after boot.
 */
#include "files.h"
#include "printk.h"
#include <libos.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct node file_root = { .name = "", .is_dir = true, .parent = &file_root, .ino = 1 };

static uint32_t last_ino = 1;

static struct node *child(struct node *dir, const char *name, size_t len)
{
	struct node *n;

	if (len == 0 || (len == 1 && name[0] == '.'))
		return dir;
	if (len == 2 && name[0] == '.' && name[1] == '.')
		return dir->parent;
	for (n = dir->children; n; n = n->next)
		if (strlen(n->name) == len && memcmp(n->name, name, len) == 0)
			return n;
	return NULL;
}

/* Walks path; stops before the last name if `last` is given and puts that there. */
static struct node *walk(const char *path, const char **last)
{
	struct node *n = &file_root;
	const char *end;

	for (; n; path = *end ? end + 1 : end) {
		end = path + strcspn(path, "/");
		if (last && !*(end + strspn(end, "/"))) {
			*last = path;
			return n->is_dir ? n : NULL;
		}
		if (!n->is_dir)
			return NULL;
		n = child(n, path, end - path);
		if (!*end)
			break;
	}
	return n;
}

struct node *file_lookup(const char *path)
{
	return walk(path, NULL);
}

bool file_may_change(const struct node *n)
{
	for (; n != &file_root; n = n->parent)
		if (n->parent == &file_root)
			return strcmp(n->name, "tmp") == 0;
	return false;
}

int file_make(const char *path, bool is_dir, struct node **node)
{
	const char *name = "";
	struct node *dir = walk(path, &name), *n;
	size_t len;

	if (!dir)
		return -ENOENT;
	len = strcspn(name, "/");
	*node = child(dir, name, len);
	if (*node)
		return 0;
	n = calloc(1, sizeof(*n));
	if (n)
		n->name = strndup(name, len);
	if (!n || !n->name) {
		free(n);
		return -ENOMEM;
	}
	n->is_dir = is_dir;
	n->writable = true;
	n->ino = ++last_ino;
	n->mtime = time_wall_ns() / 1000000000;
	n->parent = dir;
	n->next = dir->children;
	dir->children = n;
	*node = n;
	return 0;
}

int file_create(const char *path, bool is_dir, struct node **node)
{
	const char *name;
	struct node *dir = walk(path, &name);

	if (!dir)
		return -ENOENT;
	return file_may_change(dir) ? file_make(path, is_dir, node) : -EROFS;
}

static void unlink_node(struct node *n)
{
	struct node **link = &n->parent->children;

	while (*link != n)
		link = &(*link)->next;
	*link = n->next;
}

void file_release(struct node *n)
{
	n->users--;
	if (n->removed && n->users == 0) {
		if (n->writable)
			free(n->data);
		free(n->name);
		free(n);
	}
}

static void drop(struct node *n)
{
	unlink_node(n);
	n->removed = true;
	n->users++;
	file_release(n);
}

int file_remove(const char *path)
{
	struct node *n = file_lookup(path);

	if (!n)
		return -ENOENT;
	if (!file_may_change(n) || n->parent == &file_root)
		return -EROFS;
	if (n->children)
		return -ENOTEMPTY;
	drop(n);
	return 0;
}

int file_rename(const char *from, const char *to)
{
	struct node *n = file_lookup(from), *old = file_lookup(to), *dir, *up;
	const char *last = "";
	char *name;

	dir = walk(to, &last);
	if (!n || !dir)
		return -ENOENT;
	if (old == n)
		return 0;
	for (up = dir; up != &file_root; up = up->parent)
		if (up == n)
			return -EINVAL;
	if (!file_may_change(n) || n->parent == &file_root || !file_may_change(dir))
		return -EROFS;
	if (old && (old->is_dir || n->is_dir))
		return -EEXIST;
	name = strndup(last, strcspn(last, "/"));
	if (!name)
		return -ENOMEM;
	if (old)
		drop(old);
	unlink_node(n);
	free(n->name);
	n->name = name;
	n->parent = dir;
	n->next = dir->children;
	dir->children = n;
	return 0;
}

int file_resize(struct node *n, size_t size)
{
	size_t room = n->room ? n->room : 256;
	char *p;

	if (size > FILE_SIZE_MAX)
		return -EFBIG;
	if (size > n->room) {
		while (room < size)
			room *= 2;
		p = realloc(n->data, room);
		if (!p)
			return -ENOSPC;
		n->data = p;
		n->room = room;
	}
	if (size > n->size)
		memset(n->data + n->size, 0, size - n->size);
	n->size = size;
	return 0;
}

void files_init(const void *archive, size_t size)
{
	struct node *tmp;

	if (size && initrd_unpack(archive, size))
		printk("initrd: not a whole cpio (newc) archive; its readable part is used\n");
	if (file_make("/tmp", true, &tmp))
		os_panic("no memory for /tmp");
}
