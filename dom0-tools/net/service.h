/* SPDX-License-Identifier: MIT */
/* TCP services of domain 0: a listener each, one connection at a time. */
#ifndef DOM0_TOOLS_NET_SERVICE_H
#define DOM0_TOOLS_NET_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Serves connections to a port, one after the other, in a thread of its own; serve gets the socket, which is closed
 * after it, with time limits set on both directions. 0 or negative errno. */
int net_service_start(const char *name, uint16_t port, void (*serve)(int fd));
/* How long a stranger may take for what he begins now to say. */
uint64_t net_service_deadline(void);
/* All of it; false: the other end is gone, or takes it too slowly. */
bool net_service_write(int fd, const void *p, size_t n);
/* Up to and without the newline, a carriage return before it left out too. Its length; -1: the connection ended,
 * the time is over, or the line is longer than size - 1. */
int net_service_line(int fd, char *line, size_t size, uint64_t end_ns);

int http_start(uint16_t port);		/* http.c: the status page */
int remote_start(uint16_t port, const char *password);	/* remote.c: pvctl over the network */

#endif
