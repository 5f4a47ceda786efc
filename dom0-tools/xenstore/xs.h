/* SPDX-License-Identifier: MIT */
/*
 * The xenstore client interface of the control domain's tools. Names and signatures are those of
 * libxenstore, so a tool also builds against that library on a Linux dom0. Here the daemon lives
 * in the same program: a call packs a wire message, and the daemon answers it before the call
 * returns.
 *
 * Errors: a function that returns bool gives false, one that returns a pointer gives NULL, with
 * errno set to what the daemon answered (ENOENT, EACCES, EEXIST, EINVAL, EAGAIN, E2BIG, ENOSPC,
 * ENOMEM, ...). Results returned as pointers come from malloc, one block each: free() them.
 * A handle may be used by several threads. Handles opened here act as domain 0.
 */
#ifndef DOM0_TOOLS_XS_H
#define DOM0_TOOLS_XS_H

#include <errno.h>              /* first: xs_wire.h then defines the table of errors */
#include <stdbool.h>
#include <stdint.h>
#include <xen/io/xs_wire.h>

struct xs_handle;
typedef uint32_t xs_transaction_t;
#define XBT_NULL 0

#define XS_PERM_NONE  0x00
#define XS_PERM_READ  0x01
#define XS_PERM_WRITE 0x02

/* The first entry names the owner, its bits are everybody else's; the rest are exceptions. */
struct xs_permissions {
	unsigned int id;        /* domain */
	unsigned int perms;     /* XS_PERM_ bits */
};

/* A watch event is a vector: [XS_WATCH_PATH] and [XS_WATCH_TOKEN], of xs_wire.h. */

struct xs_handle *xs_open(unsigned long flags);         /* flags: 0 */
void xs_close(struct xs_handle *h);                     /* NULL is fine; drops its watches */

/* *num names, in one block: free the array only. EAGAIN: a long list that does not keep still. */
char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path,
		    unsigned int *num);
/* The value with a NUL after it; *len excludes that NUL; len may be NULL. */
void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len);
/* Missing parents are created. */
bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data,
	      unsigned int len);
bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path); /* exists: true */
bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path);    /* with all below */
struct xs_permissions *xs_get_permissions(struct xs_handle *h, xs_transaction_t t,
					  const char *path, unsigned int *num);
bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t, const char *path,
			struct xs_permissions *perms, unsigned int num);

/* A watch fires once at once, then for each change at path or below, and for @introduceDomain
 * and @releaseDomain (a domain died, shut down or was released) when such a name is the path.
 * The two read functions give {path, token} as one block; xs_check_watch fails with EAGAIN when
 * nothing is pending, xs_read_watch waits. */
bool xs_watch(struct xs_handle *h, const char *path, const char *token);
bool xs_unwatch(struct xs_handle *h, const char *path, const char *token);
char **xs_check_watch(struct xs_handle *h);
char **xs_read_watch(struct xs_handle *h, unsigned int *num);
/* Not in libxenstore (there one polls xs_fileno): waits at most timeout_ms, then ETIMEDOUT. */
char **xs_read_watch_timeout(struct xs_handle *h, unsigned int *num, int timeout_ms);

/* End with abort = false fails with EAGAIN when somebody changed what this transaction saw or
 * changed: start over. The transaction is gone either way. */
xs_transaction_t xs_transaction_start(struct xs_handle *h);     /* XBT_NULL on error */
bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort);
/* Not in libxenstore: writes text to path if `node` is there and (is: not NULL) reads so, at one moment. False and
 * errno ENOENT: it is not; EAGAIN: others change path all the time. */
bool xs_write_if(struct xs_handle *h, const char *node, const char *is, const char *path, const char *value);

/* Connects a domain's ring: mfn of its page, and the port that the builder allocated inside the
 * domain for domain 0. Also for a domain introduced before: fires @introduceDomain again. */
bool xs_introduce_domain(struct xs_handle *h, unsigned int domid, unsigned long mfn,
			 unsigned int eventchn);
/* Drops the ring (unmaps its page), the domain's watches and transactions; fires @releaseDomain.
 * Call it before domctl destroydomain, else the mapping keeps the dead domain's page alive. */
bool xs_release_domain(struct xs_handle *h, unsigned int domid);
bool xs_resume_domain(struct xs_handle *h, unsigned int domid);
bool xs_set_target(struct xs_handle *h, unsigned int domid, unsigned int target);
char *xs_get_domain_path(struct xs_handle *h, unsigned int domid);      /* "/local/domain/N" */
bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid);
/* A word for the daemon itself ("help" lists them); the answer is text. */
char *xs_control_command(struct xs_handle *h, const char *cmd, void *data, unsigned int len);

#endif
