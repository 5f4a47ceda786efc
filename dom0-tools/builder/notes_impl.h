/* SPDX-License-Identifier: MIT */
/*
 * Shared by the three files that make up notes.h: reading the binary notes, reading the legacy
 * string, and checking the result. Private to them.
 */
#ifndef DOM0_TOOLS_BUILDER_NOTES_IMPL_H
#define DOM0_TOOLS_BUILDER_NOTES_IMPL_H

#include "builder/notes.h"

/* 1: found and read, 0: the image has none, negative: err says what was malformed. */
int notes_from_elf(struct kernel_notes *n, const struct elf_image *elf, struct err *err);
int notes_from_legacy(struct kernel_notes *n, const struct elf_image *elf, struct err *err);
/* The feature string: names joined by '|', '!' before what the kernel cannot do without. */
int notes_features(struct kernel_notes *n, const char *list, struct err *err);
/* Whether the kernel fits a PV domain; fills virt_start and virt_end. */
int notes_check(struct kernel_notes *n, const struct elf_image *elf, struct err *err);

#endif
