/* SPDX-License-Identifier: MIT */
/* Files brought into memory: kernels (plain or compressed) and ramdisks. */
#ifndef DOM0_TOOLS_BUILDER_IMAGE_H
#define DOM0_TOOLS_BUILDER_IMAGE_H

#include <stddef.h>
#include <stdint.h>
#include "ctl/err.h"

#define IMAGE_MAX (512UL << 20)         /* bytes; larger files and expansions are refused */

struct image {
	uint8_t *data;                  /* malloc'ed, NULL when size is 0 */
	size_t size;
};

/* Reads the file at path as it is. What it is for ("kernel", "ramdisk") goes into the error. */
int image_read(struct image *image, const char *path, const char *what, struct err *err);
/* When the image is a gzip, LZ4 (legacy), xz or zstd stream, replaces it by what it expands to; else
 * leaves it alone. */
int image_expand(struct image *image, struct err *err);
void image_free(struct image *image);

#endif
