/* SPDX-License-Identifier: MIT */
/* The network backend's start: from then on vifs in xenstore are served. Needs the switch. */
#ifndef BACKEND_NET_NETBACK_H
#define BACKEND_NET_NETBACK_H

int netback_start(void);	/* 0 or negative errno */

#endif
