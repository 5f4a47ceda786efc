/* SPDX-License-Identifier: MIT */
/* A network interface of a domain, as the operator describes it, and how the toolstack attaches it. */
#ifndef DOM0_TOOLS_CTL_VIF_H
#define DOM0_TOOLS_CTL_VIF_H

#include <stdbool.h>
#include <stdint.h>
#include "ctl/err.h"
#include "os/os.h"

#define VIF_DEVID_NONE (-1)
#define VIFS_MAX 64                     /* of one domain */

struct vif_config {
	int devid;                      /* VIF_DEVID_NONE: the first that is free */
	uint8_t mac[6];                 /* all zero: one is made up */
	char bridge[16];                /* empty: br0 */
	char ip[128];                   /* the guest's own addresses, blank-separated; may be empty */
	uint64_t rate_bytes;            /* of what it sends, in rate_us microseconds; 0: no limit */
	uint32_t rate_us;
	uint16_t mtu;
	char rxmode[8];                 /* copy, map, flip; empty: copy */
	bool antispoof;                 /* rules that hold it to its mac, and to its ip if it has any */
};

/* An address in the range that Xen's tools take theirs from: unique as the seed is, not secret. */
void vif_make_up_mac(uint8_t mac[6], uint64_t seed);

/* Fills in what is left open, and waits until the backend has it. */
int vif_attach(domid_t domid, const struct vif_config *vif, struct err *err);

#endif
