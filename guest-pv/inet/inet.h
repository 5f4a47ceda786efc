/* SPDX-License-Identifier: MIT */
/* A guest's network: one call, then BSD sockets. */
#ifndef INET_INET_H
#define INET_INET_H

#include <stddef.h>
#include <stdint.h>

/* Brings up interface device/vif/ID with TCP/IP over it and waits at most until the deadline (system time, ns) for link and address.
 * ip: "dhcp" or "ADDRESS/PREFIX[,GATEWAY[,NAMESERVER]]". 0; -ENOENT: no such interface; -EINVAL: ip; -ETIMEDOUT: it
 * goes on trying; -ENOMEM. Once. */
int inet_start(unsigned int id, const char *ip, uint64_t deadline_ns);

/* Its address in words. */
void inet_text(char *out, size_t size);

#endif
