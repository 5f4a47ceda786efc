/* SPDX-License-Identifier: MIT */
/*
 * Path validation. Every path a client sends passes here once and only the copy written by
 * path_canon is used afterwards. No state, no lock.
 */
#include "path.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* One slash before each component, none at the end, only the letters the protocol allows. */
static bool well_formed(const char *p)
{
	unsigned int depth = 0;

	if (!strcmp(p, "/"))
		return true;
	for (; *p; p++) {
		if (*p == '/') {
			if (p[1] == '/' || !p[1] || ++depth > PATH_DEPTH_MAX)
				return false;
		} else if (!isalnum((unsigned char)*p) && !strchr("-_@", *p)) {
			return false;
		}
	}
	return true;
}

bool path_canon(char *out, const char *path, unsigned int domid)
{
	size_t len = strlen(path);
	int n;

	if (path[0] == '/') {
		if (len > XENSTORE_ABS_PATH_MAX)
			return false;
		memcpy(out, path, len + 1);
		return well_formed(out);
	}
	if (!len || len > XENSTORE_REL_PATH_MAX || path[0] == '@')
		return false;
	n = snprintf(out, PATH_BUF, "/local/domain/%u/%s", domid, path);
	return n > 0 && n < PATH_BUF && well_formed(out);
}

bool path_is_special(const char *path)
{
	return path[0] == '@';
}

bool path_canon_watch(char *out, const char *path, unsigned int domid)
{
	if (!path_is_special(path))
		return path_canon(out, path, domid);
	if (strlen(path) > XENSTORE_REL_PATH_MAX || strchr(path, '/'))
		return false;
	strcpy(out, path);
	return well_formed(out);
}

bool path_is_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	if (!strcmp(top, "/"))
		return path[0] == '/';
	return !strncmp(path, top, len) && (!path[len] || path[len] == '/');
}

void path_parent(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == path)
		slash++;
	*slash = '\0';
}
