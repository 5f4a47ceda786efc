/* SPDX-License-Identifier: MIT */
/*
 * Network interface of a guest: netfront, on the kit and its os.h alone. A system opens an interface, runs
 * netfront_serve and netfront_follow in a thread each, sends frames, and is called with those that come.
 *
 * Errors: 0 or a negative error of <xen/errno.h>. The backend is another domain and not trusted: what it says is
 * checked, a frame is handed over only when the backend cannot change it any more, and a backend that breaks
 * the protocol loses the connection, nothing else.
 */
#ifndef FRONTEND_NET_NETFRONT_H
#define FRONTEND_NET_NETFRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NETFRONT_PIECES 18		/* of a frame received: 64 KB in pages */
#define NETFRONT_FRAME_MAX 65535

struct netfront;

/* A frame received. Each piece lies in a page of its own, which is the receiver's now: netfront_page_put gives
 * it back, any time, from any thread. */
struct netfront_frame {
	unsigned int nr_pieces;
	uint32_t len;			/* of all pieces */
	bool sound;			/* its checksum need not be looked at (and may be unfinished) */
	bool csum_blank;		/* it is unfinished: the field holds the pseudo-header's sum */
	uint16_t gso_size;		/* several segments of so much payload in one; 0: one */
	struct netfront_piece {
		void *page;
		uint8_t *data;
		uint16_t len;
	} piece[NETFRONT_PIECES];
};

struct netfront_user {
	void (*receive)(void *arg, const struct netfront_frame *frame);	/* in netfront_serve's thread */
	void (*link)(void *arg, bool up);	/* connected, disconnected; in netfront_follow's. May be NULL */
	void *arg;
};

/* Opens device/vif/ID. -XEN_ENOENT: there is no such interface; -XEN_ENOMEM; -XEN_EINVAL: what the store says of it
 * makes no sense. user stays the caller's, and must stay. */
int netfront_open(struct netfront **nf, unsigned int id, const struct netfront_user *user);

/* The two threads. They return when the interface is taken away for good. */
void netfront_serve(struct netfront *nf);
void netfront_follow(struct netfront *nf);
bool netfront_wait_up(struct netfront *nf, uint64_t deadline_ns);

void netfront_mac(const struct netfront *nf, uint8_t mac[6]);
unsigned int netfront_mtu(const struct netfront *nf);

/* Sends a frame, copied from its pieces. -XEN_EAGAIN: no room now; -XEN_ENODEV: not connected; -XEN_EINVAL: too
 * short, too long, or in more pages than the backend takes. */
struct netfront_out {
	const void *data;
	uint32_t len;
};
#define NETFRONT_CSUM_BLANK 1		/* the checksum field holds the pseudo-header's sum */
#define NETFRONT_MORE 2			/* more follow at once: the backend need not be told yet */
int netfront_send(struct netfront *nf, const struct netfront_out *out, unsigned int n, unsigned int flags);
void netfront_flush(struct netfront *nf);	/* after the last with NETFRONT_MORE */
/* Waits until half of the room is free. False: the deadline passed, or there is no connection. */
bool netfront_wait_room(struct netfront *nf, uint64_t deadline_ns);

void netfront_page_put(struct netfront *nf, void *page);

struct netfront_counters {
	uint64_t tx_frames, tx_bytes, tx_errors, tx_events;	/* events: notifications sent */
	uint64_t rx_frames, rx_bytes, rx_errors, rx_events;	/* events: notifications that came */
};
const struct netfront_counters *netfront_counters(const struct netfront *nf);

#endif
