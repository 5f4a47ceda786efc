/* SPDX-License-Identifier: MIT */
/*
 * A store with domain 0 and two guests connected, driven by wire messages as a client would.
 * Domain 1 owns /local/domain/1, domain 2 owns /local/domain/2, and /shared is open to all.
 */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include "test.h"
#include "xenstore/store.h"

struct fixture {
	struct store store;
	struct conn *dom0, *one, *two;
};

int fixture_setup(void **state);
/* Checks that the accounts are right and that nothing is left. */
int fixture_teardown(void **state);

/* Sends one message. The answer's body with a NUL behind it, in a static buffer: valid until the
 * next call; its length is in ask_len. Events that came are left in the queue. */
const char *ask(struct conn *c, uint32_t type, uint32_t tx, const void *body, size_t len);
extern size_t ask_len;
extern uint32_t ask_type;               /* of the answer */

/* The same with up to two strings; b NULL: one. The strings' NULs are sent. */
const char *ask2(struct conn *c, uint32_t type, uint32_t tx, const char *a, const char *b);

/* Write, read ("!ENOENT" for an error), remove; and a transaction's id. */
const char *put(struct conn *c, uint32_t tx, const char *path, const char *value);
const char *get(struct conn *c, uint32_t tx, const char *path);
const char *del(struct conn *c, uint32_t tx, const char *path);
uint32_t begin(struct conn *c);
const char *commit(struct conn *c, uint32_t tx);        /* "OK" or "!EAGAIN" ... */

/* The oldest event as "path token", or "" when there is none. */
const char *event(struct conn *c);
void no_events(struct conn *c);         /* drops all */

#endif
