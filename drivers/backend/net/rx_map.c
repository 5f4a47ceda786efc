/* SPDX-License-Identifier: MIT */
/*
 * Receiving by mapping: the guest's buffers are mapped here, written, and unmapped, each step one hypercall for
 * the batch. Kept for comparison: unmapping costs a flush that copying does not.
 */
#include "vif.h"
#include <string.h>
#include <kit/os.h>
#include <xen/errno.h>

static gnttab_map_grant_ref_t maps[RING_SLOTS];		/* one batch at a time; the switch's thread */
static gnttab_unmap_grant_ref_t unmaps[RING_SLOTS];
static struct rx_slot *owner[RING_SLOTS];

static char *place(struct vif *v, unsigned int i)
{
	return (char *)v->rx_va + i * PAGE_SIZE;
}

static unsigned int map(struct vif *v, struct rx_slot *slots, unsigned int n)
{
	unsigned int nr = 0;

	for (struct rx_slot *s = slots; s < slots + n; s++) {
		if (!s->len)
			continue;
		maps[nr] = (gnttab_map_grant_ref_t){
			.host_addr = (uintptr_t)place(v, nr), .flags = GNTMAP_host_map, .ref = s->gref,
			.dom = v->domid, .status = GNTST_general_error,
		};
		owner[nr++] = s;
	}
	gnttab_batch(GNTTABOP_map_grant_ref, maps, nr);
	return nr;
}

static void write(char *to, const struct rx_slot *s)
{
	struct net_cursor c = s->from;

	for (uint32_t at = 0; at < s->len; ) {
		struct net_frag f = net_cursor_next(&c, s->len - at);

		memcpy(to + at, f.va, f.len);
		at += f.len;
	}
}

static void deliver(struct vif *v, struct rx_slot *slots, unsigned int n)
{
	unsigned int nr = map(v, slots, n), nr_unmaps = 0;

	for (unsigned int i = 0; i < nr; i++) {
		if (maps[i].status != GNTST_okay) {
			owner[i]->bad = true;
			continue;
		}
		write(place(v, i), owner[i]);
		unmaps[nr_unmaps++] = (gnttab_unmap_grant_ref_t){
			.host_addr = maps[i].host_addr, .handle = maps[i].handle,
		};
	}
	if (nr_unmaps)
		gnttab_batch(GNTTABOP_unmap_grant_ref, unmaps, nr_unmaps);
}

static int init(struct vif *v)
{
	v->rx_va = os_va_alloc(RING_SLOTS);
	return v->rx_va ? 0 : -XEN_ENOMEM;
}

static void fini(struct vif *v)
{
	os_va_free(v->rx_va, RING_SLOTS);
	v->rx_va = NULL;
}

const struct rx_mode vif_rx_map = { init, fini, deliver, 0 };
