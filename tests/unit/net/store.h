/* SPDX-License-Identifier: MIT */
/* A store of a few nodes for a frontend's handshake, and an event channel; who waits for a node has the test change it. */
#ifndef TESTS_UNIT_NET_STORE_H
#define TESTS_UNIT_NET_STORE_H

extern void (*world_on_wait)(void);		/* called by who waits for the store to change: changes it */
void world_store_reset(void);
void world_store_put(const char *path, int n);
void world_store_put_text(const char *path, const char *text);
int world_store_get(const char *path);		/* -1: there is none */
void world_store_remove(const char *path);

#endif
