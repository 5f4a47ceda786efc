/* SPDX-License-Identifier: MIT */
/* BSD sockets: the names are lwIP's. */
#ifndef NET_NETDB_H
#define NET_NETDB_H

#include <lwip/netdb.h>

#endif
