/* SPDX-License-Identifier: MIT */
/* Between the files of the line editor. */
#ifndef SHELL_EDIT_IMPL_H
#define SHELL_EDIT_IMPL_H

#include "edit.h"

void edit_insert(struct edit *e, const char *s, size_t n);
void edit_move(struct edit *e, size_t to);      /* the cursor */
void edit_repaint(struct edit *e);              /* prompt and line, on a fresh line */
void edit_complete(struct edit *e);             /* the Tab key */

#endif
