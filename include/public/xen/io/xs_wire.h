/* SPDX-License-Identifier: MIT */
/*
 * The xenstore wire protocol: a message is a header and len bytes of payload. A reply has its
 * request's type and req_id, or type XS_ERROR and the name of an error ("ENOENT") as payload.
 * Strings in a payload end in NUL, unless they fill it to the end.
 */
#ifndef _XS_WIRE_H
#define _XS_WIRE_H

#include "../xen.h"

#define XS_WRITE_NONE "NONE"
#define XS_WRITE_CREATE "CREATE"
#define XS_WRITE_CREATE_EXCL "CREATE|EXCL"

#define XENSTORE_PAYLOAD_MAX 4096
#define XENSTORE_ABS_PATH_MAX 3072	/* without the NUL */
#define XENSTORE_REL_PATH_MAX 2048

#define XENSTORE_RING_SIZE 1024
#define MASK_XENSTORE_IDX(idx) ((idx) & (XENSTORE_RING_SIZE - 1))

/* server_features of the ring page */
#define XENSTORE_SERVER_FEATURE_RECONNECTION 1	/* connection may be set to RECONNECT */
#define XENSTORE_SERVER_FEATURE_ERROR 2		/* error is set */

/* connection: the guest sets RECONNECT, the store empties the ring and sets CONNECTED. */
#define XENSTORE_CONNECTED 0
#define XENSTORE_RECONNECT 1

/* error: why the store gave the connection up. */
#define XENSTORE_ERROR_NONE 0
#define XENSTORE_ERROR_COMM 1
#define XENSTORE_ERROR_RINGIDX 2
#define XENSTORE_ERROR_PROTO 3

#ifndef __ASSEMBLY__

enum xsd_sockmsg_type {
	XS_CONTROL = 0,
#define XS_DEBUG XS_CONTROL
	XS_DIRECTORY = 1,		/* path -> names */
	XS_READ = 2,			/* path -> value (not terminated) */
	XS_GET_PERMS = 3,		/* path -> permissions */
	XS_WATCH = 4,			/* path, token */
	XS_UNWATCH = 5,			/* path, token */
	XS_TRANSACTION_START = 6,	/* "" -> id */
	XS_TRANSACTION_END = 7,		/* "T" commit (EAGAIN: conflict) or "F" */
	XS_INTRODUCE = 8,		/* domid, mfn, port */
	XS_RELEASE = 9,			/* domid */
	XS_GET_DOMAIN_PATH = 10,	/* domid -> path */
	XS_WRITE = 11,			/* path, value (not terminated) */
	XS_MKDIR = 12,			/* path */
	XS_RM = 13,			/* path */
	XS_SET_PERMS = 14,		/* path, permissions */
	XS_WATCH_EVENT = 15,		/* from the store: path, token */
	XS_ERROR = 16,			/* from the store */
	XS_IS_DOMAIN_INTRODUCED = 17,	/* domid -> "T" or "F" */
	XS_RESUME = 18,			/* domid */
	XS_SET_TARGET = 19,		/* domid, domid */
	XS_RESET_WATCHES = 21,		/* drop the caller's watches and transactions */
	XS_DIRECTORY_PART = 22,		/* path, offset -> generation, names */
	XS_TYPE_COUNT = 23,
	XS_INVALID = 0xffff
};

struct xsd_sockmsg {
	uint32_t type;			/* XS_* */
	uint32_t req_id;		/* chosen by the client */
	uint32_t tx_id;			/* 0: no transaction */
	uint32_t len;			/* of the payload */
};

/* Strings of a watch event, in order. */
enum xs_watch_type {
	XS_WATCH_PATH = 0,
	XS_WATCH_TOKEN = 1
};

/* Error names that may come with XS_ERROR; present if <errno.h> was included before. */
struct xsd_errors {
	int errnum;
	const char *errstring;
};
#ifdef EINVAL
#define XSD_ERROR(x) { x, #x }
static const struct xsd_errors xsd_errors[]
#if defined(__GNUC__)
__attribute__((unused))
#endif
= {
	XSD_ERROR(EINVAL),		/* also stands for names not in this table */
	XSD_ERROR(EACCES),
	XSD_ERROR(EEXIST),
	XSD_ERROR(EISDIR),
	XSD_ERROR(ENOENT),
	XSD_ERROR(ENOMEM),
	XSD_ERROR(ENOSPC),
	XSD_ERROR(EIO),
	XSD_ERROR(ENOTEMPTY),
	XSD_ERROR(ENOSYS),
	XSD_ERROR(EROFS),
	XSD_ERROR(EBUSY),
	XSD_ERROR(EAGAIN),
	XSD_ERROR(EISCONN),
	XSD_ERROR(E2BIG),
	XSD_ERROR(EPERM),
};
#endif

typedef uint32_t XENSTORE_RING_IDX;

/* The page a domain shares with the store. req: from the domain, rsp: to it. */
struct xenstore_domain_interface {
	char req[XENSTORE_RING_SIZE];
	char rsp[XENSTORE_RING_SIZE];
	XENSTORE_RING_IDX req_cons, req_prod;
	XENSTORE_RING_IDX rsp_cons, rsp_prod;
	uint32_t server_features;
	uint32_t connection;
	uint32_t error;
};

#endif /* __ASSEMBLY__ */

#endif
