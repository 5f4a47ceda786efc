/* SPDX-License-Identifier: MIT */
/* See store.h. */
#include "store.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <kit/evtchn.h>
#include <kit/xenbus.h>
#include <xen/errno.h>

#define NODES 32

static struct { char path[64], value[32]; } node[NODES];

void (*world_on_wait)(void);

static int find(const char *path)
{
	for (int i = 0; i < NODES; i++)
		if (!strcmp(node[i].path, path))
			return i;
	return -1;
}

void world_store_reset(void)
{
	memset(node, 0, sizeof(node));
}

void world_store_put_text(const char *path, const char *text)
{
	assert_int_equal(xenbus_write(XENBUS_NO_TX, path, text), 0);
}

void world_store_put(const char *path, int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", n);
	world_store_put_text(path, text);
}

int world_store_get(const char *path)
{
	int i = find(path);

	return i < 0 ? -1 : atoi(node[i].value);
}

void world_store_remove(const char *path)
{
	node[find(path)].path[0] = '\0';
}

int xenbus_read(xenbus_tx_t tx, const char *path, char *buf, size_t size)
{
	int i = find(path);

	(void)tx;
	return i < 0 ? -XEN_ENOENT : snprintf(buf, size, "%s", node[i].value);
}

int xenbus_write(xenbus_tx_t tx, const char *path, const char *value)
{
	int i = find(path);

	(void)tx;
	if (i < 0)
		i = find("");
	assert_true(i >= 0);
	snprintf(node[i].path, sizeof(node[i].path), "%s", path);
	snprintf(node[i].value, sizeof(node[i].value), "%s", value);
	return 0;
}

int xenbus_rm(xenbus_tx_t tx, const char *path)
{
	int i = find(path);

	(void)tx;
	if (i < 0)
		return -XEN_ENOENT;
	node[i].path[0] = '\0';
	return 0;
}

/* A node that has a value itself is a child, as every directory is here that has a key named like it. */
int xenbus_ls(xenbus_tx_t tx, const char *path, char *buf, size_t size)
{
	size_t n = strlen(path), used = 0;

	(void)tx;
	for (int i = 0; i < NODES; i++) {
		const char *name = node[i].path + n + 1;

		if (strncmp(node[i].path, path, n) || node[i].path[n] != '/' || strchr(name, '/'))
			continue;
		assert_true(used + strlen(name) + 1 <= size);
		used += (size_t)sprintf(buf + used, "%s", name) + 1;
	}
	return (int)used;
}

int xenbus_tx_start(xenbus_tx_t *tx)
{
	*tx = 1;
	return 0;
}

int xenbus_tx_end(xenbus_tx_t tx, bool abort)
{
	(void)tx, (void)abort;
	return 0;
}

int xenbus_watch(struct xenbus_watch *w, const char *path)
{
	(void)w, (void)path;
	return 0;
}

int xenbus_unwatch(struct xenbus_watch *w)
{
	(void)w;
	return 0;
}

int xenbus_watch_wait(struct xenbus_watch *w, uint64_t deadline_ns)
{
	(void)w, (void)deadline_ns;
	world_on_wait();
	return 0;
}

int evtchn_alloc_unbound(domid_t remote, evtchn_port_t *port)
{
	(void)remote;
	*port = 5;
	return 0;
}
