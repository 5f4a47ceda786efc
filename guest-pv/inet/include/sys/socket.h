/* SPDX-License-Identifier: MIT */
/* BSD sockets: the names are lwIP's. */
#ifndef NET_SYS_SOCKET_H
#define NET_SYS_SOCKET_H

#include <lwip/sockets.h>

#endif
