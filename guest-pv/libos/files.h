/* SPDX-License-Identifier: MIT */
/*
 * Files inside the library OS: one tree of nodes, the initrd's and those made later. Paths are
 * absolute or relative to "/". Errors: negative errno.
 */
#ifndef LIBOS_FILES_H
#define LIBOS_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

#define FD_MAX 64			/* descriptors of files; lwIP's sockets come behind (inet/port/lwipopts.h) */
#define FILE_SIZE_MAX ((size_t)1 << 40)

struct node {
	struct node *parent, *next, *children;
	char *name;
	bool is_dir, writable;		/* writable: made here, the data is malloc'ed */
	uint32_t ino;
	uint32_t mtime;
	unsigned int users;		/* open descriptors; a removed node lives until the last */
	bool removed;
	char *data;
	size_t size, room;
};

extern struct node file_root;

/* Makes the tree: the archive's files (none if size is 0), and /tmp. */
void files_init(const void *archive, size_t size);
/* The archive's entries into the tree. -EINVAL for one that is damaged. */
int initrd_unpack(const char *archive, size_t size);

/* Held around everything below, except at boot. Not while waiting for the console. */
void files_lock(void);
void files_unlock(void);

struct node *file_lookup(const char *path);		/* NULL: no such file */
/* The node at path, made if it is missing (its directory must exist). 0 or negative errno. */
int file_make(const char *path, bool is_dir, struct node **node);
int file_create(const char *path, bool is_dir, struct node **node);	/* the same, below /tmp only */
int file_remove(const char *path);
int file_rename(const char *from, const char *to);
void file_release(struct node *n);			/* one user less */
bool file_may_change(const struct node *n);		/* true below /tmp */
int file_resize(struct node *n, size_t size);		/* zero-filled growth */

/* What read, write and close do with descriptors from FD_MAX on; set once by the network. The functions set errno. */
struct fd_ops {
	long (*read)(int fd, void *p, size_t n);
	long (*write)(int fd, const void *p, size_t n);
	int (*close)(int fd);
};
extern const struct fd_ops *fd_sockets;

#endif
