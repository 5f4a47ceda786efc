/* SPDX-License-Identifier: MIT */
/* BSD sockets: the names are lwIP's. */
#ifndef NET_ARPA_INET_H
#define NET_ARPA_INET_H

#include <lwip/inet.h>

#endif
