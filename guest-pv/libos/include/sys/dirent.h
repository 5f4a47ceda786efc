/* SPDX-License-Identifier: MIT */
/*
 * Directory entries, which the C library leaves to the system. <dirent.h> includes this.
 */
#ifndef LIBOS_SYS_DIRENT_H
#define LIBOS_SYS_DIRENT_H

#include <sys/types.h>

#define DT_UNKNOWN 0
#define DT_DIR 4
#define DT_REG 8

struct dirent {
	ino_t d_ino;
	unsigned char d_type;
	char d_name[256];
};

typedef struct dir DIR;

#endif
