/* SPDX-License-Identifier: MIT */
/* netfront, inside. */
#ifndef FRONTEND_NET_IMPL_H
#define FRONTEND_NET_IMPL_H

#include "netfront.h"
#include <kit/gnttab.h>
#include <kit/os.h>
#include <kit/xenbus.h>
#include <xen/errno.h>
#include <xen/xen.h>

/* The kit has no C library; any kernel has these. */
void *memset(void *p, int byte, size_t n);

#define xen_mb() __sync_synchronize()
#define xen_rmb() __asm__ volatile("" : : : "memory")
#define xen_wmb() __asm__ volatile("" : : : "memory")
#include <xen/io/netif.h>
#include <xen/io/xenbus.h>
#include <xen/event_channel.h>

#define SLOTS 256			/* of a one-page ring of either kind */
#define NO_REF 0
#define NO_DOMAIN UINT64_MAX

/* A page that is always granted to the backend, read-only, and holds what is being sent. */
struct tx_slot {
	void *page;
	grant_ref_t ref;
	uint16_t next_free;
	bool in_flight;
};

/* A buffer the backend may write to. Flipping: an address without a frame, for the one that comes. */
struct rx_buffer {
	void *page;			/* NULL: none */
	grant_ref_t ref;
};

struct netfront {
	unsigned int id;
	const struct netfront_user *user;
	char path[XENBUS_PATH_SIZE], back[96];	/* directories in the store */
	domid_t back_id;
	uint8_t mac[6];
	uint16_t mtu;
	struct xenbus_watch watch;
	char watch_path[XENBUS_PATH_SIZE];

	struct os_lock lock;		/* guards what follows; rx.c's own: the serving thread's, while up */
	struct os_wait event, room;
	bool up, gone, broken;		/* connected; for good; the backend broke the protocol */
	volatile bool fired;		/* an event came since the rings were looked at */
	bool flip, sg;			/* what the backend offers */
	evtchn_port_t port;

	struct netif_tx_sring *tx_shared;
	struct netif_rx_sring *rx_shared;
	grant_ref_t tx_ring_ref, rx_ring_ref;
	netif_tx_front_ring_t tx;
	netif_rx_front_ring_t rx;
	struct tx_slot tx_slot[SLOTS];
	uint16_t tx_free;		/* chain of free slots; SLOTS ends it */
	unsigned int nr_tx_free;
	struct rx_buffer rx_buffer[SLOTS];	/* by request id */
	uint16_t rx_free[SLOTS];		/* ids without a buffer posted */
	unsigned int nr_rx_free;
	uint16_t rx_slot_id[SLOTS];		/* what was posted in a slot of the ring */
	struct netfront_counters counters;

	struct page { struct page *next; } *pages;	/* buffers that came back; an atomic stack */
};

/* tx.c; the lock is held for those with _locked. */
int netfront_tx_init(struct netfront *nf);		/* pages and grants */
bool netfront_tx_fini(struct netfront *nf);		/* false: the backend still uses some */
void netfront_tx_collect_locked(struct netfront *nf);	/* takes responses */

/* rx.c; the same. */
int netfront_rx_init(struct netfront *nf);
bool netfront_rx_fini(struct netfront *nf);
bool netfront_rx_next(struct netfront *nf, struct netfront_frame *f);	/* false: nothing more now */
bool netfront_rx_refill(struct netfront *nf);		/* true: the backend is to be told */

/* flip.c: pages whose frames come by transfer. */
int netfront_flip_out(void *page);			/* gives its frame up; 0 or negative error */
int netfront_flip_in(void *page, mfn_t mfn);		/* puts a frame that came behind it */
int netfront_flip_refill(void *page);			/* puts a frame of the hypervisor's behind it */

void netfront_on_event(evtchn_port_t port, void *arg);		/* netfront.c */
void netfront_set_state(struct netfront *nf, enum xenbus_state state);	/* connect.c */

/* Marks the connection broken and wakes who may care. */
void netfront_break(struct netfront *nf);

#endif
