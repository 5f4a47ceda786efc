/* SPDX-License-Identifier: MIT */
/*
 * The port interface of dom0's switch: what a network device (a vif's backend, virtio-net, dom0's own
 * TCP/IP) is to the switch, and what a packet is between them.
 *
 * All of the data path runs in one thread, the switch's, in rounds: it polls the ports that asked for it, each
 * with the same budget (this is the fairness between them), decides where each packet goes, hands every port
 * what is for it as one batch, and lets every port end its round (push, notify once). So poll, transmit,
 * round_end and release need no locks against each other; they must not sleep for long. Only the functions
 * marked "any thread" may be called from elsewhere.
 *
 * A packet is frozen once it was received into the switch: nobody changes its bytes or fragments. It has one
 * holder at a time, who gives it up with net_packet_put; where it must go to several ports, each gets a clone
 * of its own, which shares the fragments. When the last is given up, `release` gives back the memory, in the
 * switch's thread.
 *
 * Who may hold a packet how long: a port that gives it to hardware of dom0's may hold it until that is
 * done. A port that waits for a guest may not, for the memory is another's (a buffer of virtio-net's, another guest's
 * granted page): it takes a private copy with net_packet_copy first. No packet is held across
 * transmit with granted fragments.
 */
#ifndef DOM0_TOOLS_NET_NETDEV_H
#define DOM0_TOOLS_NET_NETDEV_H

#include <stdbool.h>
#include <stdint.h>
#include <kit/types.h>
#include <xen/grant_table.h>

/* --- Packets ---------------------------------------------------------------------------------- */

/* A header of that many bytes, or the whole packet if it is shorter, lies in the first fragment, and that one
 * is local. What the switch and its rules look at is there. */
#define NET_HEADER 192
#define NET_FRAGS_MAX 20		/* a header and 64 KB in pages, begun anywhere in the first */
#define NET_PACKET_MAX (65535 + 18)
#define NET_SEGMENTS_MAX 256		/* that one may be cut into: 64 KB by 256 bytes */

/* A piece of a packet. It never crosses a page boundary: it is contiguous for a device, too. */
struct net_frag {
	void *va;			/* NULL: granted by a guest, and `gref` counts */
	union {
		maddr_t maddr;		/* local: the machine address of va */
		struct {		/* granted: `offset` bytes into the page that domid granted */
			grant_ref_t gref;
			domid_t domid;
			uint16_t offset;
		};
	};
	uint32_t len;
};

/* What is known of the checksum of TCP or UDP. Neither: nothing, it is there and may be wrong. */
#define NET_CSUM_BLANK	0x01	/* the field holds the sum of the pseudo-header: to be completed; data is sound */
#define NET_CSUM_VALID	0x02	/* complete, and known to be right */

enum net_gso { NET_GSO_NONE, NET_GSO_TCP4, NET_GSO_TCP6 };

struct net_packet {
	struct net_packet *next;	/* the holder's, in whatever queue it has */
	struct net_port *from;		/* set by net_receive; not to be followed by who holds the packet */
	uint32_t len;			/* bytes, of all fragments, from the Ethernet header on, no FCS */
	uint8_t flags;			/* NET_CSUM_* */
	uint8_t gso;			/* enum net_gso: to be cut into segments; then NET_CSUM_BLANK too */
	uint16_t gso_size;		/* payload of a segment, bytes */
	/* Set by net_receive from the packet itself: where headers begin (0: there is none that we know).
	 * The checksum field is at l4 + csum_offset. */
	uint16_t l3, l4, payload;
	uint8_t l4_protocol;		/* as in the IP header */
	uint8_t csum_offset;		/* 0: the protocol has none that we fill in */
	uint8_t nr_frags;
	struct net_frag frag[NET_FRAGS_MAX];
	/* The device that made the packet sets these three (`owner` is only for it). */
	void (*release)(struct net_packet *p);	/* its memory is free again; also calls net_packet_free */
	void *owner;
	uint64_t tag;
	/* Private to packet.c. */
	struct net_packet *parent;
	unsigned int refs;
	bool pooled;
};

struct net_queue {
	struct net_packet *first, **end;
	unsigned int count;
};

static inline void net_queue_init(struct net_queue *q)
{
	q->first = NULL;
	q->end = &q->first;
	q->count = 0;
}

static inline void net_queue_push(struct net_queue *q, struct net_packet *p)
{
	p->next = NULL;
	*q->end = p;
	q->end = &p->next;
	q->count++;
}

static inline struct net_packet *net_queue_pop(struct net_queue *q)
{
	struct net_packet *p = q->first;

	if (!p)
		return NULL;
	q->first = p->next;
	if (!q->first)
		q->end = &q->first;
	q->count--;
	return p;
}

/* An empty packet with one reference, for the caller to fill in and net_receive; NULL: no memory. The switch's
 * thread. */
struct net_packet *net_packet_alloc(void);
void net_packet_free(struct net_packet *p);	/* the structure only: for `release`, or one never received */

/* Gives a packet up. Any thread; release follows in the switch's. */
void net_packet_put(struct net_packet *p);

/* A copy in memory of its own, local, that the caller may hold as long as it likes and gives up like any other.
 * NULL: no memory. p stays the caller's. The switch's thread, within transmit. */
struct net_packet *net_packet_copy(struct net_packet *p);

/* --- Ports ------------------------------------------------------------------------------------ */

/* What transmit can take; what it cannot is done in software before. */
#define NET_PORT_CSUM	0x01	/* packets with NET_CSUM_BLANK */
#define NET_PORT_TSO4	0x02	/* packets with a gso of that kind */
#define NET_PORT_TSO6	0x04
#define NET_PORT_SG	0x08	/* packets of more than one fragment */
#define NET_PORT_GRANTS	0x10	/* fragments that a guest granted */
/* `mac` is the one address behind this port, and nobody behind another port may claim it. */
#define NET_PORT_PINNED	0x20
/* What comes from it is a guest's, granted or in memory that goes with the guest (backends only). */
#define NET_PORT_GUEST	0x40

struct net_port;

struct net_port_ops {
	/* Takes all packets of the batch, in order; each is the port's from then on, sent or dropped (dropped
	 * ones it counts in tx_dropped), and net_packet_put in the end. */
	void (*transmit)(struct net_port *p, struct net_queue *batch);
	/* Hands at most `budget` packets to net_receive. True: there is more, poll again next round. False:
	 * nothing more now; the port will call net_port_schedule when there is (it must look once more
	 * after asking its device for interrupts). Called only after net_port_schedule. */
	bool (*poll)(struct net_port *p, unsigned int budget);
	/* The round is over: push what was produced and notify the other side, once. May be NULL. */
	void (*round_end)(struct net_port *p);
};

struct net_counters {
	uint64_t packets, bytes, dropped, refused;	/* refused: by a rule of the firewall */
};

struct net_rules;
struct net_rate { uint64_t bytes, interval_ns; };	/* so many bytes an interval; bytes 0: no limit */

struct net_port {
	/* The device sets these before net_port_add. */
	char name[24];			/* "vif3.0", "eth0", "dom0" */
	char bridge[16];		/* ports with the same name here are joined; "" is "br0" */
	uint8_t mac[6];			/* the device's own address, for information */
	uint16_t mtu;			/* payload of Ethernet, 1500 unless it is known to be other */
	uint8_t flags;			/* NET_PORT_*; changed by the switch's thread only */
	const struct net_port_ops *ops;
	void *device;
	struct net_rate rate;		/* of what the port receives into the switch */
	struct net_rules *rules;	/* NULL: none */
	/* rx: what came from the port; tx: what went to it. */
	struct net_counters rx, tx;
	/* Private to switch.c. */
	struct net_port *next;
	struct net_queue out;
	unsigned int bridge_id;
	unsigned int nr_learned;	/* fdb.c */
	int64_t credit;			/* bytes it may still receive; below 0 what it owes */
	uint64_t refill_ns;		/* when the credit was last filled up */
	bool scheduled;
};

/* Joins a port to the switch, or takes it out: after net_port_remove returns none of its functions
 * is called any more (its packets in others' hands are released first). Any thread but the switch's.
 * 0, -EEXIST: a port of that name is there. */
int net_port_add(struct net_port *p);
void net_port_remove(struct net_port *p);

/* Asks for poll. Any thread, and event handlers. */
void net_port_schedule(struct net_port *p);

/* Receives a packet of the port's into the switch. Within poll. The packet's fragments, len, flags, gso and
 * release are set; it is the switch's from here on, whatever becomes of it. */
void net_receive(struct net_port *p, struct net_packet *packet);

/* Runs fn between two rounds, so that what the data path reads may be changed. Any thread but the switch's. */
void net_quiet(void (*fn)(void *arg), void *arg);

#endif
