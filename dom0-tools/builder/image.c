/* SPDX-License-Identifier: MIT */
/* Reads whole files, and unpacks those that are compressed. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unpack.h>
#include "builder/image.h"

void image_free(struct image *image)
{
	free(image->data);
	image->data = NULL;
	image->size = 0;
}

static int read_all(struct image *image, FILE *f, const char *path, const char *what,
		    struct err *err)
{
	long size;

	if (fseek(f, 0, SEEK_END) || (size = ftell(f)) < 0 || fseek(f, 0, SEEK_SET))
		return err_set(err, ERR_IO, "%s %s: %s", what, path, strerror(errno));
	if (size == 0)
		return err_set(err, ERR_TRUNCATED, "%s %s is empty", what, path);
	if ((unsigned long)size > UNPACK_MAX)
		return err_set(err, ERR_NO_MEMORY, "%s %s has %ld bytes, at most %lu are allowed",
			       what, path, size, UNPACK_MAX);
	image->data = malloc((size_t)size);
	if (!image->data)
		return err_set(err, ERR_NO_MEMORY, "%s %s: no memory here for its %ld bytes",
			       what, path, size);
	image->size = (size_t)size;
	if (fread(image->data, 1, image->size, f) != image->size) {
		image_free(image);
		return err_set(err, ERR_IO, "%s %s: cannot read all %ld bytes", what, path, size);
	}
	return 0;
}

int image_read(struct image *image, const char *path, const char *what, struct err *err)
{
	struct stat st;
	FILE *f;
	int rc;

	image->data = NULL;
	image->size = 0;
	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		return err_set(err, ERR_IO, "%s %s is a directory", what, path);
	f = fopen(path, "rb");
	if (!f)
		return err_set(err, errno == ENOENT ? ERR_MISSING : ERR_IO, "%s %s: %s", what,
			       path, errno == ENOENT ? "no such file" : strerror(errno));
	setvbuf(f, NULL, _IONBF, 0);    /* one read of the whole: a buffer would copy it twice */
	rc = read_all(image, f, path, what, err);
	fclose(f);
	return rc;
}

int image_unpack(struct image *image, struct err *err)
{
	static const enum err_kind kinds[] = {
		[UNPACK_TRUNCATED] = ERR_TRUNCATED, [UNPACK_BAD_HEADER] = ERR_BAD_IMAGE,
		[UNPACK_DAMAGED] = ERR_COMPRESSION, [UNPACK_NO_MEMORY] = ERR_NO_MEMORY,
	};
	struct unpack_error wrong;
	struct unpacked out;
	int rc = unpack(image->data, image->size, &out, &wrong);

	if (rc < 0)
		return err_set(err, kinds[wrong.kind], "%s", wrong.text);
	if (rc > 0) {
		image_free(image);
		image->data = out.data;
		image->size = out.size;
	}
	return 0;
}
