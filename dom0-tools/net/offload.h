/* SPDX-License-Identifier: MIT */
/* In software what a port cannot do itself: checksums, and cutting large TCP packets into segments. */
#ifndef DOM0_TOOLS_NET_OFFLOAD_H
#define DOM0_TOOLS_NET_OFFLOAD_H

#include "net/netdev.h"

/* Makes of the batch, all local, what a port with these flags can take. How many packets were dropped
 * for lack of memory. */
unsigned int net_offload(struct net_queue *q, uint8_t port_flags);

/* Whether the TCP or UDP checksum of a local packet is right, or it has none. */
bool net_csum_right(const struct net_packet *p);

#endif
