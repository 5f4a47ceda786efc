/* SPDX-License-Identifier: MIT */
/* Between xenstored.c and the in-process clients of xs.c: the one store and its lock. */
#ifndef XENSTORE_DAEMON_H
#define XENSTORE_DAEMON_H

#include "../os/os.h"
#include "store.h"

extern struct store daemon_store;       /* guarded by daemon_lock, as all that hangs off it */
extern struct os_mutex *daemon_lock;

#endif
