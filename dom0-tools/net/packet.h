/* SPDX-License-Identifier: MIT */
/* Packets inside the switch: clones, copies, and moving bytes between fragments of any kind. */
#ifndef DOM0_TOOLS_NET_PACKET_H
#define DOM0_TOOLS_NET_PACKET_H

#include "net/netdev.h"

/* Another holder of the same bytes. NULL: no memory. */
struct net_packet *net_packet_clone(struct net_packet *p);

/* Runs `release` of all packets that were given up; true if there was one. The switch's thread. */
bool net_packet_reap(void);
/* Called, from any thread, when there is something to reap. */
extern void (*net_packet_wake)(void);

/* Replaces the packets that came from guests by copies. Those whose grants turn out bad, and those there is no
 * memory for, are dropped; how many is returned. */
unsigned int net_packet_pull(struct net_queue *q);

/* --- Fragments as one row of bytes ------------------------------------------------------------ */
struct net_cursor {
	const struct net_packet *packet;
	unsigned int frag;
	uint32_t at;			/* within the fragment */
};

/* The next piece, of at most max bytes; a len of 0 behind the last. */
struct net_frag net_cursor_next(struct net_cursor *c, uint32_t max);

/* --- Copies, in batches ----------------------------------------------------------------------- */
#define NET_COPIES 256

/* Grant copies collected for one hypercall. A failure sets *bad of whoever asked, which stays valid until
 * net_copies_run. */
struct net_copies {
	unsigned int n;
	gnttab_copy_t op[NET_COPIES];
	bool *bad[NET_COPIES];
};

/* From a piece to a piece of the same length, at least one of them granted or both local. */
void net_copies_add(struct net_copies *c, const struct net_frag *from, const struct net_frag *to, bool *bad);
void net_copies_run(struct net_copies *c);

#endif
