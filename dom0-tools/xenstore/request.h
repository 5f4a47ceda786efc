/* SPDX-License-Identifier: MIT */
/* Between request.c and the handlers of the message types: one request on its way. */
#ifndef XENSTORE_REQUEST_H
#define XENSTORE_REQUEST_H

#include "store.h"

#define ARGS_MAX 3

struct req {
	struct conn *c;
	struct txn *t;                  /* NULL: outside any transaction */
	const char *arg[ARGS_MAX];      /* NUL-terminated */
	const char *rest;               /* what follows them */
	size_t rest_len;
	char path[PATH_BUF];            /* arg[0], canonical, for types that name a node */
	char *out;                      /* the answer, XENSTORE_PAYLOAD_MAX bytes of room */
	size_t out_len;
};

/* Appends to the answer; -E2BIG when it does not fit. */
int request_put(struct req *r, const void *data, size_t len);
int request_put_string(struct req *r, const char *s);

/* A decimal number up to max, and the same as a domain id from argument i. */
bool request_number(const char *text, unsigned long max, unsigned long *out);
bool request_domid(const struct req *r, int i, unsigned int *domid);

/* Handlers: 0 or -errno. request_node.c: */
int request_directory(struct req *r);
int request_directory_part(struct req *r);
int request_read(struct req *r);
int request_write(struct req *r);
int request_mkdir(struct req *r);
int request_rm(struct req *r);
int request_get_perms(struct req *r);
int request_set_perms(struct req *r);

/* request_domain.c: */
int request_get_domain_path(struct req *r);
int request_is_domain_introduced(struct req *r);
int request_introduce(struct req *r);
int request_release(struct req *r);
int request_resume(struct req *r);
int request_set_target(struct req *r);
int request_control(struct req *r);

#endif
