/* SPDX-License-Identifier: MIT */
/* What the files of the disk-using guest share. */
#ifndef TESTS_BLK_GUEST_H
#define TESTS_BLK_GUEST_H

#include <libos.h>
#include <kit/xenbus.h>
#include <frontend/blk/blkfront.h>
#include <xen/errno.h>

extern struct blkfront *disk;

/* Says it and crashes the domain. */
void wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* hostile.c: plays a frontend that lies, by the name of the lie, on the disk NAME,LIE; without one all that can be
 * survived. */
void act_hostile(const char *arg);

#endif
