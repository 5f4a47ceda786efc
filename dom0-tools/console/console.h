/* SPDX-License-Identifier: MIT */
/*
 * The console daemon's interface: one record for each guest console, living and dead.
 *
 * A record is made by console_add, collects all that the guest prints (the last
 * CONSOLE_SCROLLBACK bytes are kept), and outlives the guest: the records of the last
 * CONSOLE_DEAD domains stay readable. Records are found by a name or a number in text: the
 * youngest living one with that name, else that id, else the youngest dead one.
 *
 * Errors are negative errno. All functions may be called from any thread after console_start.
 */
#ifndef DOM0_TOOLS_CONSOLE_H
#define DOM0_TOOLS_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONSOLE_SCROLLBACK 65536        /* bytes kept of each console */
#define CONSOLE_DEAD 16                 /* consoles of dead domains kept */

/* Starts the daemon's thread. Call once. */
int console_start(void);

/* Maps the console page `mfn` of a new domain and binds `port`, which the builder allocated
 * inside the domain for domain 0 (os_evtchn_alloc_for). Call it before the first unpause.
 * -EEXIST: the id has a living record; -ENOMEM; or why the page or the port was refused. */
int console_add(unsigned int domid, const char *name, unsigned long mfn, uint32_t port);

/* The domain is about to be destroyed: drains its ring one last time, unmaps the page (which
 * would otherwise keep the dead domain's memory alive), closes the port, marks the record dead.
 * Call it before domctl destroydomain; somebody attached returns then. Unknown id: -ENOENT.
 * console_forget does the same and drops the record: for a creation that failed. */
int console_gone(unsigned int domid);
int console_forget(unsigned int domid);

/* Notes a line of the tools' own in the record ("Domain 3 has shut down, reason: crash"), as if
 * the guest had printed it; a newline is added if it has none. Living or dead record. */
int console_note(unsigned int domid, const char *text);

/* Copies the scroll-back (NUL-terminated, *len without the NUL; len may be NULL). The caller
 * frees it. NULL with errno ENOENT: nobody of that name or id is on record. */
char *console_log(const char *who, size_t *len);

/* Joins the operator's terminal to a living console: shows what nobody has been shown yet, then
 * copies both ways until Ctrl-] (returns CONSOLE_LEFT) or until console_gone (CONSOLE_ENDED).
 * The terminal is then at the begin of a line. -ENOENT: no living record; -EBUSY: somebody is
 * attached. */
#define CONSOLE_LEFT 0
#define CONSOLE_ENDED 1
int console_attach(unsigned int domid);

#endif
