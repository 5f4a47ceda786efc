/* SPDX-License-Identifier: MIT */
/* Between the files of the in-process client: handles, and messages to the daemon's core. */
#ifndef XENSTORE_XS_CALL_H
#define XENSTORE_XS_CALL_H

#include "daemon.h"
#include "xs.h"

struct xs_handle {
	struct conn *conn;
	struct os_cond *event;          /* with daemon_lock: the queue is not empty any more */
};

/* A piece of a message's body. */
struct xs_part {
	const void *data;
	size_t len;
};

struct xs_part xs_text(const char *s);        /* a string with its NUL */

/* Sends the parts as one message; the answer, which the caller frees, or NULL with errno. */
struct msg *xs_call(struct xs_handle *h, uint32_t type, xs_transaction_t t,
		    const struct xs_part *parts, unsigned int n);

/* What calls make of the answer m, which they consume: success or not; its body as a block with
 * a NUL behind it. NULL goes through. */
bool xs_done(struct msg *m);
char *xs_body(struct msg *m, unsigned int *len);

/* len bytes of strings, each with its NUL, as a vector followed by the strings: one block. */
char **xs_vector(const char *strings, size_t len, unsigned int *num);

#endif
