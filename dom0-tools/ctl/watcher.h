/* SPDX-License-Identifier: MIT */
/* The domain watcher: a thread that notices that a domain ended and applies its policy. */
#ifndef DOM0_TOOLS_CTL_WATCHER_H
#define DOM0_TOOLS_CTL_WATCHER_H

int watcher_start(void);

#endif
