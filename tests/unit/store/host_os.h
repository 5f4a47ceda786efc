/* SPDX-License-Identifier: MIT */
/*
 * os.h on the host, as far as the daemons use it: threads are threads, "machine frames" are
 * pages handed out here, event channels are flags. What the daemons must give back is counted.
 */
#ifndef TESTS_STORE_HOST_OS_H
#define TESTS_STORE_HOST_OS_H

#include <stdbool.h>
#include <stdint.h>
#include "os/os.h"

/* A zeroed page that os_map_foreign maps for this frame number. */
void *host_frame(xen_pfn_t mfn);
void host_frame_free(xen_pfn_t mfn);
extern int host_mappings, host_ports;           /* now held by the daemons */

/* The guest's side of an event channel; remote_port is what the daemon was told to bind. */
void host_guest_notify(uint32_t remote_port);
bool host_guest_wait(uint32_t remote_port, int timeout_ms);    /* for a notification */
void host_virq(unsigned int virq);
/* Called with each notification, in the daemon's thread: what a guest on a CPU of its own does before the daemon goes on. */
extern void (*host_told)(uint32_t remote_port);

extern bool host_dying[16];                     /* by domid, for getdomaininfo */

/* The terminal: what is typed next, and what was shown. */
void host_type(const char *keys, size_t n);
extern char host_screen[1 << 18];
extern size_t host_screen_len;
void host_screen_clear(void);
bool host_screen_wait(const char *text);        /* until it has been shown; false after 10 s */

#endif
