/* SPDX-License-Identifier: MIT */
/*
 * Links to lwIP. Checksums of TCP and UDP are left to whoever can do them better: outgoing ones are never computed here
 * (the field gets the pseudo-header's sum, as checksum offload has it), incoming ones are checked only
 * where the link does not know them to be sound.
 */
#include "stack.h"
#include "../libos/files.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <libos.h>
#include <lwip/dhcp.h>
#include <lwip/dns.h>
#include <lwip/etharp.h>
#include <lwip/inet_chksum.h>
#include <lwip/ip.h>
#include <lwip/sockets.h>
#include <lwip/tcpip.h>
#include <netif/ethernet.h>

#define OFFLOADED_GEN (NETIF_CHECKSUM_GEN_TCP | NETIF_CHECKSUM_GEN_UDP)
#define OFFLOADED_CHECK (NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP)
#define ETHER 14

_Static_assert(FD_MAX == LWIP_SOCKET_OFFSET, "sockets come behind files");

static long read_socket(int fd, void *p, size_t n)
{
	return lwip_read(fd, p, n);
}

static long write_socket(int fd, const void *p, size_t n)
{
	return lwip_write(fd, p, n);
}

int net_stack_start(void)
{
	static const struct fd_ops ops = { read_socket, write_socket, lwip_close };

	tcpip_init(NULL, NULL);
	fd_sockets = &ops;
	return 0;
}

/* The sum of addresses, protocol and length where the checksum goes; true if the frame has such a field. Pieces
 * of a large datagram have none: theirs was left out, which UDP allows. */
static bool blank_checksum(struct pbuf *p)
{
	uint8_t *ip = (uint8_t *)p->payload + ETHER, *field;
	unsigned int header, size;
	uint8_t pseudo[4];
	uint32_t sum;
	uint16_t folded;

	if (p->len < ETHER + 20 || ip[-2] != 8 || ip[-1] != 0 || (ip[6] & 0x3f) || ip[7])
		return false;
	header = (ip[0] & 15) * 4;
	if ((ip[9] != IP_PROTO_TCP && ip[9] != IP_PROTO_UDP) || p->len < ETHER + header + 20 - 12 * (ip[9] == IP_PROTO_UDP))
		return false;
	field = ip + header + (ip[9] == IP_PROTO_TCP ? 16 : 6);
	size = p->tot_len - ETHER - header;
	pseudo[0] = 0;
	pseudo[1] = ip[9];
	pseudo[2] = size >> 8;
	pseudo[3] = size;
	sum = (uint16_t)~inet_chksum(ip + 12, 8) + (uint32_t)(uint16_t)~inet_chksum(pseudo, 4);
	folded = (sum & 0xffff) + (sum >> 16);
	memcpy(field, &folded, 2);
	return true;
}

static err_t output(struct netif *netif, struct pbuf *p)
{
	struct net_link *l = netif->state;

	return (l->send)(l, p, blank_checksum(p)) ? ERR_IF : ERR_OK;
}

static err_t init(struct netif *netif)
{
	struct net_link *l = netif->state;

	netif->name[0] = 'e';
	netif->name[1] = 't';
	netif->output = etharp_output;
	netif->linkoutput = output;
	netif->mtu = l->mtu;
	netif->hwaddr_len = 6;
	memcpy(netif->hwaddr, l->mac, 6);
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
	NETIF_SET_CHECKSUM_CTRL(netif, NETIF_CHECKSUM_ENABLE_ALL & ~OFFLOADED_GEN);
	return ERR_OK;
}

/* --- Receiving: the two run in lwIP's thread, one frame at a time ----------------------------- */

static err_t input_checked(struct pbuf *p, struct netif *netif)
{
	NETIF_SET_CHECKSUM_CTRL(netif, NETIF_CHECKSUM_ENABLE_ALL & ~OFFLOADED_GEN);
	return ethernet_input(p, netif);
}

static err_t input_sound(struct pbuf *p, struct netif *netif)
{
	NETIF_SET_CHECKSUM_CTRL(netif, NETIF_CHECKSUM_ENABLE_ALL & ~OFFLOADED_GEN & ~OFFLOADED_CHECK);
	return ethernet_input(p, netif);
}

void net_link_receive(struct net_link *l, struct pbuf *frame, bool sound)
{
	if (tcpip_inpkt(frame, &l->netif, sound ? input_sound : input_checked) != ERR_OK)
		pbuf_free(frame);
}

/* --- Addresses -------------------------------------------------------------------------------- */

struct plan {
	bool dhcp;
	ip4_addr_t ip, mask, gateway;
	ip_addr_t dns;
};

/* The part up to the next comma, moved past it. */
static bool word(const char **text, char *out, size_t size)
{
	size_t n = strcspn(*text, ",");

	if (!n || n >= size)
		return false;
	memcpy(out, *text, n);
	out[n] = '\0';
	*text += n + ((*text)[n] == ',');
	return true;
}

static int parse(struct plan *p, const char *text)
{
	char part[32], *slash;
	unsigned int bits;
	int end = 0;

	memset(p, 0, sizeof(*p));
	p->dhcp = text && !strcmp(text, "dhcp");
	if (!text || p->dhcp)
		return 0;
	if (!word(&text, part, sizeof(part)) || !(slash = strchr(part, '/')))
		return -EINVAL;
	*slash = '\0';
	if (!ip4addr_aton(part, &p->ip) || sscanf(slash + 1, "%u%n", &bits, &end) != 1 || slash[1 + end] ||
	    bits < 1 || bits > 32)
		return -EINVAL;
	p->mask.addr = lwip_htonl(~0u << (32 - bits));
	if (*text && (!word(&text, part, sizeof(part)) || !ip4addr_aton(part, &p->gateway)))
		return -EINVAL;
	if (*text && (!word(&text, part, sizeof(part)) || !ipaddr_aton(part, &p->dns)))
		return -EINVAL;
	return *text ? -EINVAL : 0;
}

static int set_ip(struct net_link *l, const struct plan *p)
{
	dhcp_release_and_stop(&l->netif);
	netif_set_addr(&l->netif, &p->ip, &p->mask, &p->gateway);
	if (!ip_addr_isany(&p->dns))
		dns_setserver(0, &p->dns);
	return p->dhcp && dhcp_start(&l->netif) != ERR_OK ? -ENOMEM : 0;
}

int net_link_set_ip(struct net_link *l, const char *ip)
{
	struct plan p;
	int rc = parse(&p, ip);

	if (rc)
		return rc;
	LOCK_TCPIP_CORE();
	rc = set_ip(l, &p);
	UNLOCK_TCPIP_CORE();
	return rc;
}

int net_link_add(struct net_link *l, const char *ip)
{
	struct plan p;
	int rc = parse(&p, ip);

	if (rc)
		return rc;
	LOCK_TCPIP_CORE();
	if (netif_add(&l->netif, NULL, NULL, NULL, l, init, tcpip_input)) {
		netif_set_default(&l->netif);
		netif_set_up(&l->netif);
		rc = set_ip(l, &p);
	} else {
		rc = -ENOMEM;
	}
	UNLOCK_TCPIP_CORE();
	return rc;
}

void net_link_set_up(struct net_link *l, bool up)
{
	LOCK_TCPIP_CORE();
	if (up)
		netif_set_link_up(&l->netif);
	else
		netif_set_link_down(&l->netif);
	UNLOCK_TCPIP_CORE();
}

void net_link_text(struct net_link *l, char *out, size_t size)
{
	const struct netif *n = &l->netif;
	char ip[16], gateway[16];

	LOCK_TCPIP_CORE();
	ip4addr_ntoa_r(netif_ip4_addr(n), ip, sizeof(ip));
	ip4addr_ntoa_r(netif_ip4_gw(n), gateway, sizeof(gateway));
	if (ip4_addr_isany_val(*netif_ip4_addr(n)))
		snprintf(out, size, "no address");
	else
		snprintf(out, size, "%s/%d%s%s", ip, __builtin_popcount(netif_ip4_netmask(n)->addr),
			 ip4_addr_isany_val(*netif_ip4_gw(n)) ? "" : " gateway ",
			 ip4_addr_isany_val(*netif_ip4_gw(n)) ? "" : gateway);
	UNLOCK_TCPIP_CORE();
}

#define POLL_NS 20000000

bool net_link_wait(struct net_link *l, uint64_t deadline_ns)
{
	while (ip4_addr_isany_val(*netif_ip4_addr(&l->netif))) {
		if (time_now_ns() >= deadline_ns)
			return false;
		thread_sleep_ns(POLL_NS);
	}
	return true;
}
