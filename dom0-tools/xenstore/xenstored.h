/* SPDX-License-Identifier: MIT */
/*
 * Starting the xenstore daemon. After xenstored_start the client calls of xs.h work from any
 * thread, and guests are served on their rings.
 *
 * The daemon binds VIRQ_DOM_EXC: whenever the hypervisor says that some domain died or shut down
 * it fires @releaseDomain, and whoever cares watches that name and asks domctl which one it was.
 * Nobody else may bind that virq.
 */
#ifndef DOM0_TOOLS_XENSTORED_H
#define DOM0_TOOLS_XENSTORED_H

/* Makes the tree and starts the daemon's thread. Call once, before any xs_open. 0 or -errno. */
int xenstored_start(void);

#endif
