/* SPDX-License-Identifier: MIT */
/*
 * The daemon's core: the current tree, the connections, their watches and transactions.
 *
 * A request enters as a wire message by conn_request and is answered by messages appended to the
 * connection's queue; watch events are appended to the queues of whoever watches. The core knows
 * no transport: it only calls `wake` of a connection whose queue was empty.
 *
 * Trust: every byte of a message comes from a guest. Lock: one, the caller's; it guards all here.
 */
#ifndef XENSTORE_STORE_H
#define XENSTORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "path.h"
#include "tree.h"

/* What an unprivileged domain may hold. Domain 0 is limited in unread events only. */
#define QUOTA_NODES 1000                /* nodes it owns: ENOSPC */
#define QUOTA_BYTES (512 * 1024)        /* names and values of these: ENOSPC */
#define QUOTA_NODE_SIZE 2048            /* one value: ENOSPC */
#define QUOTA_PERMS 16                  /* entries of one node: ENOSPC */
#define QUOTA_WATCHES 128               /* E2BIG */
#define QUOTA_TXNS 10                   /* open transactions: ENOSPC */
#define QUOTA_TXN_NODES 256             /* nodes one transaction reads, or changes: ENOSPC */
#define QUOTA_TXN_PATHS (64 * 1024)     /* bytes of the paths one transaction reads: ENOSPC */
#define QUOTA_EVENTS 256                /* unread events; beyond it they merge (see watch.c) */
#define QUOTA_EVENTS_DOM0 4096
#define TOKEN_MAX 512                   /* length of a watch's token: E2BIG */

struct conn;

/* A message on its way out. */
struct msg {
	struct msg *next;
	struct xsd_sockmsg hdr;
	char body[];                    /* hdr.len bytes */
};

struct watch {
	struct watch *next;
	bool relative;                  /* report paths as the client named them */
	unsigned long merged;           /* an event of its own path is unread if this is conn's taken + 1 */
	const char *token;
	char path[];                    /* canonical, or special; the token follows it */
};

struct txn {
	struct txn *next;
	uint32_t id;
	struct tree_node *base, *root;  /* the tree when it began; the tree it has made */
	struct txn_read *reads;         /* what it saw */
	unsigned int nreads;
	size_t read_bytes;
};

struct conn {
	struct conn *next;
	struct store *store;
	unsigned int domid;
	int target;                     /* domain whose rights it has besides its own, or -1 */
	bool privileged;
	unsigned int nodes;             /* owned by domid; kept for guests only */
	size_t bytes;
	struct watch *watches;
	unsigned int nwatches;
	struct txn *txns;
	unsigned int ntxns;
	uint32_t last_txn;
	struct msg *out, **out_tail;    /* replies and events, oldest first */
	unsigned int nevents;
	unsigned long taken;            /* messages, out of the queue */
	void (*wake)(struct conn *c);   /* the queue was empty and is not; may be NULL */
	void *owner;                    /* the transport's */
};

/* What the core asks the transport for on behalf of domain 0. 0 or -errno. */
struct store_ops {
	int (*introduce)(struct store *s, unsigned int domid, unsigned long mfn,
			 unsigned int port);
	int (*release)(struct store *s, unsigned int domid);
};

struct store {
	struct tree_node *root;
	struct conn *conns;
	const struct store_ops *ops;
};

/* store.c: the tree of all, changes and their consequences */
int store_init(struct store *s, const struct store_ops *ops);
void store_fini(struct store *s);               /* connections must be gone */
struct conn *store_guest(struct store *s, unsigned int domid);  /* its ring, or NULL */

/* Makes new (consumed, also on error; NULL means that memory ran out) the tree of transaction t,
 * or with t NULL the tree of all: quotas are checked, watches fire. */
int store_adopt(struct conn *c, struct txn *t, struct tree_node *new);

/* The connection's domain is gone: takes all that it owned, and its rights, out of the tree.
 * Without memory they stay. */
void store_disown(struct conn *c);

/* Counts what the tree says the connection's domain owns. */
void store_count(const struct store *s, unsigned int domid, unsigned int *nodes, size_t *bytes);

/* node_ops.c: changes in transaction t, or (NULL) at once; path is canonical; 0 or -errno */
int node_write(struct conn *c, struct txn *t, const char *path, const void *data, size_t len);
int node_mkdir(struct conn *c, struct txn *t, const char *path);
int node_rm(struct conn *c, struct txn *t, const char *path);
int node_set_perms(struct conn *c, struct txn *t, const char *path,
		   const struct xs_permissions *perms, unsigned int n);

/* conn.c */
struct conn *conn_new(struct store *s, unsigned int domid, bool guest);
void conn_free(struct conn *c);
void conn_reset(struct conn *c);                /* drops watches and transactions */
struct msg *conn_msg(size_t len);                       /* not yet queued; NULL: no memory */
void conn_send(struct conn *c, struct msg *m);          /* consumes m */
struct msg *conn_pop(struct conn *c);                   /* the oldest; the caller frees it */
struct msg *conn_pop_kind(struct conn *c, bool event);  /* the oldest event, or answer */

/* Handles one request and queues its answer. body[hdr->len], hdr->len <= XENSTORE_PAYLOAD_MAX.
 * False: no memory for an answer, nothing was done. */
bool conn_request(struct conn *c, const struct xsd_sockmsg *hdr, const char *body);

/* perm.c: rights of a connection on a node */
#define PERM_OWNER 8                            /* besides XS_PERM_READ and XS_PERM_WRITE */
unsigned int perm_of(const struct conn *c, const struct tree_content *content);
/* The node, if the connection has all of `want` on it; NULL with *err ENOENT or EACCES. */
const struct tree_node *perm_find(const struct conn *c, const struct tree_node *root,
				  const char *path, unsigned int want, int *err);
/* Text form: "n5", "r0" ... A letter of n, r, w, b and a domain id. */
#define PERM_TEXT 12
bool perm_parse(const char *text, struct xs_permissions *p);
void perm_print(char *out, const struct xs_permissions *p);

/* watch.c: 0 or -errno */
int watch_add(struct conn *c, const char *path, const char *token);
int watch_remove(struct conn *c, const char *path, const char *token);
void watch_remove_all(struct conn *c);
void watch_first(struct conn *c);               /* fires the newest watch */
/* A node changed; content decides who may know. exact: only watches on this very path. */
void watch_fire(struct store *s, const char *path, const struct tree_content *content, bool exact);
void watch_fire_special(struct store *s, const char *name);

/* txn.c: 0 or -errno */
int txn_start(struct conn *c, uint32_t *id);
int txn_end(struct conn *c, struct txn *t, bool commit);
struct txn *txn_find(struct conn *c, uint32_t id);
void txn_drop_all(struct conn *c);
/* Remembers that the outcome depends on this node (present or not). */
int txn_saw(struct conn *c, struct txn *t, const char *path);

#endif
