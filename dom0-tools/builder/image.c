/* SPDX-License-Identifier: MIT */
/*
 * Reads whole files and expands gzip streams. A stream is hostile: its stated length is a hint for
 * the first buffer only, growth is bounded by IMAGE_MAX, and zlib's checksum must agree.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>
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
	if ((unsigned long)size > IMAGE_MAX)
		return err_set(err, ERR_NO_MEMORY, "%s %s has %ld bytes, at most %lu are allowed",
			       what, path, size, IMAGE_MAX);
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

/* The last four bytes of a gzip file: the expanded size modulo 4 GB. Only a hint. */
static size_t size_hint(const struct image *image)
{
	uint32_t hint;

	memcpy(&hint, image->data + image->size - 4, 4);
	if (hint < image->size || hint > IMAGE_MAX)
		return image->size * 2;
	return hint;
}

static int grow(struct image *out, z_stream *z, struct err *err)
{
	size_t size = out->size ? out->size + out->size / 2 + 4096 : 4096;
	uint8_t *p;

	if (out->size >= IMAGE_MAX)
		return err_set(err, ERR_NO_MEMORY, "the gzip stream expands to more than %lu bytes",
			       IMAGE_MAX);
	if (size > IMAGE_MAX)
		size = IMAGE_MAX;
	p = realloc(out->data, size);
	if (!p)
		return err_set(err, ERR_NO_MEMORY, "no memory here to expand the gzip stream "
			       "to %zu bytes", size);
	z->next_out = p + out->size;
	z->avail_out = (unsigned int)(size - out->size);
	out->data = p;
	out->size = size;
	return 0;
}

/* out->size is the buffer's size meanwhile, z->total_out what it holds. */
static int inflate_all(struct image *out, z_stream *z, struct err *err)
{
	int zrc, rc;

	for (;;) {
		zrc = inflate(z, Z_NO_FLUSH);
		if (zrc == Z_STREAM_END)
			break;
		if (zrc != Z_OK && zrc != Z_BUF_ERROR)
			return err_set(err, ERR_COMPRESSION, "damaged gzip stream: %s at byte %lu",
				       z->msg ? z->msg : "error", z->total_in);
		if (z->avail_out) {
			if (!z->avail_in)
				return err_set(err, ERR_TRUNCATED, "truncated: the gzip stream "
					       "ends after %lu bytes without its checksum",
					       z->total_in);
			continue;
		}
		rc = grow(out, z, err);
		if (rc)
			return rc;
	}
	out->size = z->total_out;
	return 0;
}

int image_expand(struct image *image, struct err *err)
{
	struct image out = { NULL, 0 };
	z_stream z;
	int rc;

	if (image->size < 2 || image->data[0] != 0x1f || image->data[1] != 0x8b)
		return 0;
	if (image->size < 18)
		return err_set(err, ERR_TRUNCATED, "truncated: a gzip stream of %zu bytes",
			       image->size);
	memset(&z, 0, sizeof(z));
	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return err_set(err, ERR_NO_MEMORY, "no memory here to expand the gzip stream");
	z.next_in = image->data;
	z.avail_in = (unsigned int)image->size;
	out.size = size_hint(image);
	out.data = malloc(out.size);
	z.next_out = out.data;
	z.avail_out = out.data ? (unsigned int)out.size : 0;
	rc = out.data ? inflate_all(&out, &z, err) :
		err_set(err, ERR_NO_MEMORY, "no memory here to expand the gzip stream");
	inflateEnd(&z);
	if (rc) {
		image_free(&out);
		return rc;
	}
	image_free(image);
	*image = out;
	return 0;
}
