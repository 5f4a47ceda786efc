/* SPDX-License-Identifier: MIT */
/*
 * TCP/IP (lwIP) in the library OS. A link is an Ethernet device under it: in guests a netfront (net.h does
 * it all), in the control domain a port of the switch. Sockets then work as everywhere (sys/socket.h); read,
 * write and close take them too.
 */
#ifndef NET_STACK_H
#define NET_STACK_H

#include <stdbool.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>

struct net_link {
	uint8_t mac[6];
	uint16_t mtu;
	/* Takes a frame (and a reference of its own, if it keeps it); called with lwIP's lock. csum_blank: the TCP or
	 * UDP checksum field holds the sum of the pseudo-header. 0 or negative errno: the frame is dropped. */
	int (*send)(struct net_link *l, struct pbuf *frame, bool csum_blank);
	void *device;
	struct netif netif;		/* the rest is set by net_link_add */
};

int net_stack_start(void);		/* once, before all others; 0 or negative errno */

/* ip: "dhcp", or "ADDRESS/PREFIX[,GATEWAY[,NAMESERVER]]", or NULL: no address. -EINVAL: none of these. */
int net_link_add(struct net_link *l, const char *ip);
int net_link_set_ip(struct net_link *l, const char *ip);	/* the same, later */
void net_link_set_up(struct net_link *l, bool up);

/* A frame came; the pbuf is taken. sound: its TCP or UDP checksum need not be looked at. Any thread. */
void net_link_receive(struct net_link *l, struct pbuf *frame, bool sound);

/* "10.0.0.1/24 gateway 10.0.0.254"; "no address" until there is one. */
void net_link_text(struct net_link *l, char *out, size_t size);
/* Waits until there is an address. False: the deadline passed. */
bool net_link_wait(struct net_link *l, uint64_t deadline_ns);

#endif
