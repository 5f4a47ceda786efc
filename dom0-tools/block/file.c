/* SPDX-License-Identifier: MIT */
/*
 * Files of dom0's as disks. A disk lives while somebody has it open, and is as long as the file was when it was
 * opened; one that somebody shortens meanwhile answers with -EIO behind its end. Files of the initrd are
 * read-only. What is written is in the file at once: there is no cache.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "block/block.h"
#include "os/os.h"

struct file {
	struct block_device device;
	struct os_mutex *lock;		/* the descriptor's position */
	int fd;
};

static int move(struct file *f, const struct block_segment *s, bool out)
{
	ssize_t n = out ? write(f->fd, s->va, s->len) : read(f->fd, s->va, s->len);

	if (n == (ssize_t)s->len)
		return 0;
	return n < 0 && errno == ENOSPC ? -ENOSPC : -EIO;
}

/* Writing behind the end would make the file longer. */
static bool is_there(const struct file *f, const struct block_io *io)
{
	struct stat st;

	return !fstat(f->fd, &st) && (off_t)((io->sector + io->nr_sectors) * BLOCK_SECTOR) <= st.st_size;
}

static int transfer(struct file *f, const struct block_io *io)
{
	int rc = !is_there(f, io) || lseek(f->fd, (off_t)(io->sector * BLOCK_SECTOR), SEEK_SET) < 0 ? -EIO : 0;

	for (const struct block_request *r = io->parts; !rc && r; r = r->next)
		for (unsigned int i = 0; !rc && i < r->nr_segments; i++)
			rc = move(f, &r->segments[i], io->op == BLOCK_WRITE);
	return rc;
}

static void submit(struct block_device *d, struct block_io *io)
{
	struct file *f = d->driver;
	int rc;

	os_mutex_lock(f->lock);
	rc = transfer(f, io);
	os_mutex_unlock(f->lock);
	block_io_done(io, rc);
}

static void free_file(struct file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	os_mutex_free(f->lock);
	free(f);
}

static void release(struct block_device *d)
{
	free_file(d->driver);
}

static const struct block_ops ops = { .submit = submit, .release = release };

/* Opens it and learns its size. 0, -EROFS where write was asked for and is impossible, or why not. */
static int open_file(struct file *f, const char *path, bool *readonly)
{
	struct stat st;

	f->fd = open(path, O_RDWR);
	*readonly = f->fd < 0 && errno == EROFS;
	if (*readonly)
		f->fd = open(path, O_RDONLY);
	if (f->fd < 0 || fstat(f->fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)BLOCK_SECTOR)
		return -EINVAL;
	f->device.sectors = (uint64_t)st.st_size / BLOCK_SECTOR;
	return 0;
}

static int add(const char *path, bool write)
{
	struct file *f = calloc(1, sizeof(*f));
	int rc = -ENOMEM;

	if (!f)
		return rc;
	f->device = (struct block_device){
		.what = "file", .sector_size = BLOCK_SECTOR, .max_sectors = 65536, .max_segments = 1024,
		.depth = 1, .ops = &ops, .driver = f,
	};
	strcpy(f->device.name, path);
	f->fd = -1;
	f->lock = os_mutex_new();
	if (f->lock)
		rc = open_file(f, path, &f->device.readonly);
	if (!rc && write && f->device.readonly)
		rc = -EROFS;
	if (!rc)
		rc = block_register(&f->device);
	if (rc)
		free_file(f);
	return rc;
}

int block_open_file(struct block_queue **q, const char *path, bool write, bool shared)
{
	int rc;

	if (*path != '/' || strlen(path) >= BLOCK_NAME_MAX)
		return -EINVAL;
	rc = block_open(q, path, write, shared);
	if (rc != -ENOENT)
		return rc;
	rc = add(path, write);
	if (rc && rc != -EEXIST)
		return rc;
	return block_open(q, path, write, shared);
}
