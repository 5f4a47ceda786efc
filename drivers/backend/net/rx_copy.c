/* SPDX-License-Identifier: MIT */
/*
 * Receiving by grant copy: the hypervisor moves the bytes, also straight from another guest's pages, all of a batch in
 * few hypercalls. Nothing is mapped, so nothing is flushed.
 */
#include "vif.h"

static struct net_copies copies;	/* empty between batches; the switch's thread */

static void deliver(struct vif *v, struct rx_slot *slots, unsigned int n)
{
	for (struct rx_slot *s = slots; s < slots + n; s++) {
		struct net_cursor c = s->from;
		struct net_frag to = { .gref = s->gref, .domid = v->domid };

		for (uint32_t left = s->len; left; left -= to.len) {
			struct net_frag from = net_cursor_next(&c, left);

			to.len = from.len;
			net_copies_add(&copies, &from, &to, &s->bad);
			to.offset += from.len;
		}
	}
	net_copies_run(&copies);
}

static int init(struct vif *v)
{
	(void)v;
	return 0;
}

static void fini(struct vif *v)
{
	(void)v;
}

const struct rx_mode vif_rx_copy = { init, fini, deliver, NET_PORT_GRANTS };
