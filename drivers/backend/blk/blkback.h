/* SPDX-License-Identifier: MIT */
/* The block backend: gives domain 0's disks (block/block.h) to guests as virtual block devices. */
#ifndef DRIVERS_BACKEND_BLKBACK_H
#define DRIVERS_BACKEND_BLKBACK_H

#include <stdio.h>

/* Begins to watch xenstore for devices, in a thread of its own. 0 or a negative errno. Call once, after the
 * block layer and the store have started. */
int blkback_start(void);

/* A line for each device: what it did so far, and how many hypercalls and events that took. */
void blkback_list(FILE *out);

#endif
