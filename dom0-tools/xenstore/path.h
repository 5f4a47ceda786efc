/* SPDX-License-Identifier: MIT */
/* Xenstore path names: which are valid, and the absolute form of a relative one. */
#ifndef XENSTORE_PATH_H
#define XENSTORE_PATH_H

#include <errno.h>              /* first: xs_wire.h then defines the table of errors */
#include <stdbool.h>
#include <stdint.h>
#include <xen/io/xs_wire.h>

#define PATH_DEPTH_MAX 64               /* components; bounds every recursion over the tree */
#define PATH_BUF (XENSTORE_ABS_PATH_MAX + 1)

/* Writes the canonical absolute path into out[PATH_BUF]; a relative path starts in
 * /local/domain/domid. False: not a valid path. */
bool path_canon(char *out, const char *path, unsigned int domid);

/* Same, for what may be watched: also a special name such as @releaseDomain. */
bool path_canon_watch(char *out, const char *path, unsigned int domid);

bool path_is_special(const char *path);

/* True when `path` is `top` or below it. */
bool path_is_below(const char *path, const char *top);

/* Cuts the last component off in place: "/a/b" -> "/a" -> "/". */
void path_parent(char *path);

#endif
