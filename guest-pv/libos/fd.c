/* SPDX-License-Identifier: MIT */
/*
 * File descriptors, as the C library calls them: 0 to 2 are the console, the others are files and
 * directories of the tree. Lock: `lock` guards the table and the tree; the console is read and
 * written without it, since that may sleep. Descriptors from FD_MAX on are the network's, where there is one.
 */
#include "files.h"
#include "sched.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FD_FIRST 3
#define CONSOLE_INO 2

struct file {
	struct node *node;
	off_t pos;
	int flags;
};

static struct file table[FD_MAX];
static struct mutex lock = MUTEX_INIT;

const struct fd_ops *fd_sockets;

static bool is_socket(int fd)
{
	return fd >= FD_MAX && fd_sockets;
}

void files_lock(void)
{
	mutex_lock(&lock);
}

void files_unlock(void)
{
	mutex_unlock(&lock);
}

static long done(long rc)
{
	if (rc >= 0)
		return rc;
	errno = -rc;
	return -1;
}

static bool is_console(int fd)
{
	return fd >= 0 && fd < FD_FIRST;
}

static struct file *file_of(int fd)
{
	return fd >= FD_FIRST && fd < FD_MAX && table[fd].node ? &table[fd] : NULL;
}

static int free_slot(void)
{
	int fd = FD_FIRST;

	while (fd < FD_MAX && table[fd].node)
		fd++;
	return fd < FD_MAX ? fd : -EMFILE;
}

/* The node open() is about, made or emptied as the flags say. */
static int open_node(const char *path, int flags, struct node **n)
{
	bool change = (flags & O_ACCMODE) != O_RDONLY;
	int rc;

	*n = file_lookup(path);
	if (*n && (flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if (!*n) {
		if (!(flags & O_CREAT))
			return -ENOENT;
		rc = file_create(path, false, n);
		if (rc)
			return rc;
	}
	if (change && (*n)->is_dir)
		return -EISDIR;
	if (change && !(*n)->writable)
		return -EROFS;
	if (change && (flags & O_TRUNC))
		(*n)->size = 0;
	return 0;
}

int open(const char *path, int flags, ...)
{
	struct node *n;
	int fd, rc;

	files_lock();
	fd = free_slot();
	rc = fd < 0 ? fd : open_node(path, flags, &n);
	if (rc == 0) {
		table[fd] = (struct file){ n, 0, flags };
		n->users++;
		rc = fd;
	}
	files_unlock();
	return done(rc);
}

int close(int fd)
{
	struct file *f;

	if (is_console(fd))
		return 0;
	if (is_socket(fd))
		return fd_sockets->close(fd);
	files_lock();
	f = file_of(fd);
	if (f) {
		file_release(f->node);
		f->node = NULL;
	}
	files_unlock();
	return done(f ? 0 : -EBADF);
}

static ssize_t read_file(struct file *f, void *p, size_t n)
{
	size_t left;

	if (!f || (f->flags & O_ACCMODE) == O_WRONLY)
		return -EBADF;
	if (f->node->is_dir)
		return -EISDIR;
	left = (size_t)f->pos < f->node->size ? f->node->size - f->pos : 0;
	if (n > left)
		n = left;
	if (n)
		memcpy(p, f->node->data + f->pos, n);
	f->pos += n;
	return n;
}

static ssize_t write_file(struct file *f, const void *p, size_t n)
{
	int rc;

	if (!f || (f->flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if (f->flags & O_APPEND)
		f->pos = f->node->size;
	if (n > FILE_SIZE_MAX || (size_t)f->pos > FILE_SIZE_MAX)
		return -EFBIG;
	if ((size_t)f->pos + n > f->node->size) {
		rc = file_resize(f->node, f->pos + n);
		if (rc)
			return rc;
	}
	memcpy(f->node->data + f->pos, p, n);
	f->pos += n;
	f->node->mtime = time_wall_ns() / 1000000000;
	return n;
}

/* Terminals expect a carriage return before each line feed; the hypervisor's own console, which the
 * control domain has, adds it itself. */
static void console_out(const char *p, size_t n)
{
	const char *nl;

	if (start_info_is_dom0()) {
		pvconsole_write(p, n);
		return;
	}
	while (n) {
		nl = memchr(p, '\n', n);
		if (nl != p)
			pvconsole_write(p, nl ? (size_t)(nl - p) : n);
		if (!nl)
			return;
		pvconsole_write("\r\n", 2);
		n -= nl + 1 - p;
		p = nl + 1;
	}
}

/* The other way, Enter sends a carriage return where programs expect the end of a line. */
static size_t console_in(char *p, size_t n)
{
	size_t got = pvconsole_read(p, n, OS_FOREVER);

	for (size_t i = 0; i < got; i++)
		if (p[i] == '\r')
			p[i] = '\n';
	return got;
}

_READ_WRITE_RETURN_TYPE read(int fd, void *p, size_t n)
{
	ssize_t rc;

	if (is_console(fd))
		return console_in(p, n);
	if (is_socket(fd))
		return fd_sockets->read(fd, p, n);
	files_lock();
	rc = read_file(file_of(fd), p, n);
	files_unlock();
	return done(rc);
}

_READ_WRITE_RETURN_TYPE write(int fd, const void *p, size_t n)
{
	ssize_t rc;

	if (is_console(fd)) {
		console_out(p, n);
		return n;
	}
	if (is_socket(fd))
		return fd_sockets->write(fd, p, n);
	files_lock();
	rc = write_file(file_of(fd), p, n);
	files_unlock();
	return done(rc);
}

static off_t seek(struct file *f, off_t off, int whence)
{
	off_t base = whence == SEEK_CUR ? f->pos : whence == SEEK_END ? (off_t)f->node->size : 0;
	off_t pos;

	if (__builtin_add_overflow(base, off, &pos) || pos < 0)
		return -EINVAL;
	return f->pos = pos;
}

off_t lseek(int fd, off_t off, int whence)
{
	struct file *f;
	off_t rc;

	if (is_console(fd))
		return done(-ESPIPE);
	files_lock();
	f = file_of(fd);
	rc = f ? seek(f, off, whence) : -EBADF;
	files_unlock();
	return done(rc);
}

static void fill_stat(const struct node *n, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	st->st_ino = n->ino;
	st->st_nlink = 1;
	st->st_mode = n->is_dir ? S_IFDIR | 0555 : S_IFREG | 0444;
	if (file_may_change(n))
		st->st_mode |= 0222;
	st->st_size = n->size;
	st->st_mtime = n->mtime;
	st->st_blksize = PAGE_SIZE;
	st->st_blocks = (n->size + 511) / 512;
}

int fstat(int fd, struct stat *st)
{
	struct file *f;

	if (is_console(fd)) {
		memset(st, 0, sizeof(*st));
		st->st_ino = CONSOLE_INO;
		st->st_mode = S_IFCHR | 0666;
		return 0;
	}
	files_lock();
	f = file_of(fd);
	if (f)
		fill_stat(f->node, st);
	files_unlock();
	return done(f ? 0 : -EBADF);
}

int stat(const char *path, struct stat *st)
{
	struct node *n;

	files_lock();
	n = file_lookup(path);
	if (n)
		fill_stat(n, st);
	files_unlock();
	return done(n ? 0 : -ENOENT);
}

int isatty(int fd)
{
	if (is_console(fd))
		return 1;
	errno = file_of(fd) ? ENOTTY : EBADF;
	return 0;
}

int unlink(const char *path)
{
	int rc;

	files_lock();
	rc = file_remove(path);
	files_unlock();
	return done(rc);
}

int rename(const char *from, const char *to)
{
	int rc;

	files_lock();
	rc = file_rename(from, to);
	files_unlock();
	return done(rc);
}

int mkdir(const char *path, mode_t mode)
{
	struct node *n;
	int rc;

	(void)mode;
	files_lock();
	n = file_lookup(path);
	rc = n ? -EEXIST : file_create(path, true, &n);
	files_unlock();
	return done(rc);
}
