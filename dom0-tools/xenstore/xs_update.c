/* SPDX-License-Identifier: MIT */
/*
 * A write that depends on another node, as one transaction. Directories of devices and domains come and go under the
 * hands of several threads: what looks first and writes then would make anew what was just removed, or answer a
 * question that was withdrawn.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "xs.h"

#define TRIES 100                       /* a guest that changes its node all the time does not hold us for ever */

static int once(struct xs_handle *h, const char *node, const char *is, const char *path, const char *value)
{
	xs_transaction_t t = xs_transaction_start(h);
	char *found = t == XBT_NULL ? NULL : xs_read(h, t, node, NULL);
	int rc = found ? 0 : errno;

	if (found && is && strcmp(found, is))
		rc = ENOENT;
	free(found);
	if (!rc && !xs_write(h, t, path, value, (unsigned int)strlen(value)))
		rc = errno;
	if (t != XBT_NULL && !xs_transaction_end(h, t, rc != 0) && !rc)
		rc = errno;
	return rc;
}

bool xs_write_if(struct xs_handle *h, const char *node, const char *is, const char *path, const char *value)
{
	int rc = EAGAIN;

	for (int i = 0; rc == EAGAIN && i < TRIES; i++)
		rc = once(h, node, is, path, value);
	errno = rc;
	return !rc;
}
