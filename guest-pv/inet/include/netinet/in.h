/* SPDX-License-Identifier: MIT */
/* BSD sockets: the names are lwIP's. */
#ifndef NET_NETINET_IN_H
#define NET_NETINET_IN_H

#include <lwip/sockets.h>

#endif
