/* SPDX-License-Identifier: MIT */
/* Linux's bzImage: a boot loader's header, code that a PV guest does not run, and the packed ELF kernel. */
#ifndef DOM0_TOOLS_BUILDER_BZIMAGE_H
#define DOM0_TOOLS_BUILDER_BZIMAGE_H

#include <stdbool.h>
#include "builder/image.h"

bool bzimage_is(const struct image *image);
/* Replaces the image, which must be one, by the kernel packed in it. */
int bzimage_unpack(struct image *image, struct err *err);

#endif
