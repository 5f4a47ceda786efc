/* SPDX-License-Identifier: MIT */
/* A guest's disk: what it is to be, its number in the guest, and its entries in xenstore. */
#ifndef DOM0_TOOLS_CTL_DISK_H
#define DOM0_TOOLS_CTL_DISK_H

#include <stdbool.h>
#include "ctl/err.h"
#include "os/os.h"

#define DISK_TARGET_MAX 127
#define DISK_VDEV_MAX 15
#define DISK_KIND "vbd"
#define DISK_MAX 64                     /* of one domain */

/* How the backend reaches the guest's pages; the default is what is best for the disk behind it. */
enum disk_grants { DISK_GRANTS_BEST, DISK_GRANTS_MAP, DISK_GRANTS_PERSISTENT, DISK_GRANTS_COPY, NR_DISK_GRANTS };

struct disk_config {
	char target[DISK_TARGET_MAX + 1];       /* a disk of domain 0's, or the path of a file */
	char vdev[DISK_VDEV_MAX + 1];           /* "xvda" */
	unsigned int number;                    /* of the vdev */
	bool file, write, cdrom, discard;
	enum disk_grants grants;
};

/* "xvda", "sdb1", "hdc", "d2p3" or a number to the device's number; -EINVAL. */
int disk_vdev_parse(const char *name, unsigned int *number);
/* The device's name as Linux says it, or the number. */
void disk_vdev_name(unsigned int number, char name[DISK_VDEV_MAX + 1]);

const char *disk_grants_name(enum disk_grants grants);  /* as in xenstore */
int disk_grants_parse(const char *name);                /* enum disk_grants, or -EINVAL */

/* Gives the disk to a domain and waits until the backend has it. All or nothing. */
int disk_attach(domid_t domid, const struct disk_config *disk, struct err *err);

#endif
