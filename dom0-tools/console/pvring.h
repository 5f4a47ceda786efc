/* SPDX-License-Identifier: MIT */
/*
 * The console page of xen/io/console.h, seen from the daemon's side. The guest may write
 * anything into it at any time. Pure: the caller maps the page and notifies.
 */
#ifndef CONSOLE_PVRING_H
#define CONSOLE_PVRING_H

#include <stddef.h>
#include <stdint.h>
#include <xen/io/console.h>

/* Takes up to n bytes of what the guest has printed. 0 also when its indices make no sense. */
size_t pvring_read(struct xencons_interface *page, void *out, size_t n);

/* Hands up to n typed bytes to the guest; how many fitted. */
size_t pvring_write(struct xencons_interface *page, const void *data, size_t n);

#endif
