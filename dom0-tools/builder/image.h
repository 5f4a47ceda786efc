/* SPDX-License-Identifier: MIT */
/* Files brought into memory: kernels (plain or compressed) and ramdisks. */
#ifndef DOM0_TOOLS_BUILDER_IMAGE_H
#define DOM0_TOOLS_BUILDER_IMAGE_H

#include <stddef.h>
#include <stdint.h>
#include "ctl/err.h"

struct image {
	uint8_t *data;                  /* malloc'ed, NULL when size is 0 */
	size_t size;
};

/* Reads the file at path as it is, up to UNPACK_MAX bytes. What it is for ("kernel", "ramdisk") goes into the error. */
int image_read(struct image *image, const char *path, const char *what, struct err *err);
/* When the image is a bzImage, or a gzip, LZ4 (legacy), xz or zstd stream, replaces it by what is in it; else
 * leaves it alone. */
int image_unpack(struct image *image, struct err *err);
void image_free(struct image *image);

#endif
