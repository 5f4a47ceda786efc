/* SPDX-License-Identifier: MIT */
/*
 * The network backend's side of two guests' rings, with the switch and the firewall between them. The first bytes
 * say how packets are delivered and which rules there are; then come steps of six bytes: post requests of either ring
 * with any fields, move an index, grant and revoke, write to the packets' pages, let the switch work, connect anew.
 * While the backend is in a hypercall the guest goes on writing to its ring, as another vcpu of its would.
 *
 * Whatever comes, each request that was taken is answered once (unless the ring was given up), no copy leaves
 * a page (the sanitizers look), and nothing of a guest's is mapped at the end.
 */
#include "world.h"
#include <stdio.h>
#include <stdlib.h>
#include "net/switch.h"
#include "vif.h"

#define PAGES 8			/* of each guest's, granted by the references from FIRST on */
#define FIRST 16
#define TX_RING 8
#define RX_RING 9

static struct guest {
	struct vif v;
	netif_tx_front_ring_t tx;
	netif_rx_front_ring_t rx;
	uint8_t *page[PAGES];
} guests[2];
static const uint8_t *race;	/* what the guest writes meanwhile: NULL or three bytes */

static void connect(struct guest *g)
{
	struct vif_rings rings = { TX_RING, RX_RING, 3 };
	const char *why;

	XEN_FRONT_RING_INIT(&g->tx, (netif_tx_sring_t *)grants[g->v.domid][TX_RING].page, PAGE_SIZE);
	XEN_FRONT_RING_INIT(&g->rx, (netif_rx_sring_t *)grants[g->v.domid][RX_RING].page, PAGE_SIZE);
	if (vif_connect(&g->v, &rings, &why))
		abort();
}

static void start(struct guest *g, domid_t domid, enum vif_mode mode, struct net_rules *rules)
{
	memset(g, 0, sizeof(*g));
	g->v.domid = domid;
	g->v.mode = mode;
	g->v.sg = g->v.rx_notify = true;
	g->v.mcast_control = domid & 1;
	snprintf(g->v.port.name, sizeof(g->v.port.name), "vif%u.0", domid);
	memcpy(g->v.port.mac, (uint8_t[]){ 0, 0x16, 0x3e, 0, 0, (uint8_t)domid }, 6);
	g->v.port.ops = &vif_port_ops;
	g->v.port.device = &g->v;
	g->v.port.rules = rules;
	g->v.port.flags = NET_PORT_GUEST | NET_PORT_SG | NET_PORT_CSUM | (domid & 1 ? NET_PORT_TSO4 : 0) |
			  vif_rx_modes[mode]->port_flags;
	for (unsigned int i = 0; i < PAGES; i++) {
		g->page[i] = world_page();
		make_packet(g->page[i], 64 + i * 500, domid == 1 ? "00:16:3e:00:00:02" : "00:16:3e:00:00:01",
			    domid == 1 ? "00:16:3e:00:00:01" : "00:16:3e:00:00:02", i & 1 ? 6 : 17, 1, 2, 3, 80);
		grants[domid][FIRST + i].page = g->page[i];
	}
	grants[domid][TX_RING].page = world_page();
	grants[domid][RX_RING].page = world_page();
	if (net_port_add(&g->v.port))
		abort();
	connect(g);
}

static void stop(struct guest *g)
{
	vif_disconnect(&g->v);
	net_port_remove(&g->v.port);
}

/* Each of these is a place the guest may write to whenever it likes. */
static void scribble(struct guest *g, const uint8_t *in)
{
	uint8_t *page = grants[g->v.domid][in[0] & 1 ? TX_RING : RX_RING].page;

	page[in[0] >> 1 & 1 ? in[1] % 64 : in[1] * 16 + (in[0] >> 4)] = in[2];
}

static void meanwhile(void)
{
	if (race)
		scribble(&guests[*race >> 3 & 1], race);
}

/* Between two rounds no packet of a guest's is on its way. */
static unsigned int nr_free(const struct vif *v)
{
	unsigned int n = 0;

	for (const struct tx_pending *p = v->tx_free; p; p = p->next)
		n++;
	return n;
}

static void rounds(void)
{
	for (unsigned int i = 0; i < 2; i++)
		net_port_schedule(&guests[i].v.port);
	for (unsigned int i = 0; i < 50 && net_switch_round(); i++)
		;
	for (unsigned int i = 0; i < 2; i++) {
		struct vif *v = &guests[i].v;

		if (v->connected && !v->broken && v->tx.rsp_prod_pvt != v->tx.req_cons)
			abort();
		if (v->connected && nr_free(v) != RING_SLOTS)
			abort();
	}
}

static grant_ref_t ref_of(uint8_t b)
{
	return b < 0xf8 ? FIRST + b % (PAGES + 1) : b < 0xfc ? TX_RING + (b & 1) : 0xffffffffu - (b & 3);
}

static void post_tx(struct guest *g, const uint8_t *in)
{
	netif_tx_request_t *q = RING_GET_REQUEST(&g->tx, g->tx.req_prod_pvt);

	*q = (netif_tx_request_t){ .gref = ref_of(in[1]), .offset = in[2] * 17, .flags = in[3] & 15, .id = in[3] >> 4,
				   .size = in[4] | in[5] << 8 };
	g->tx.req_prod_pvt++;
	g->tx.sring->req_prod = g->tx.req_prod_pvt;
}

static void post_extra(struct guest *g, const uint8_t *in)
{
	struct netif_extra_info e = { .type = in[1] % 6, .flags = in[2] & 1 };

	memcpy(&e.u, in + 3, 3);
	memcpy(RING_GET_REQUEST(&g->tx, g->tx.req_prod_pvt), &e, sizeof(e));
	g->tx.req_prod_pvt++;
	g->tx.sring->req_prod = g->tx.req_prod_pvt;
}

static void post_rx(struct guest *g, const uint8_t *in)
{
	for (unsigned int i = 0; i <= in[2] % 16; i++) {
		netif_rx_request_t *q = RING_GET_REQUEST(&g->rx, g->rx.req_prod_pvt);

		*q = (netif_rx_request_t){ .id = in[3], .gref = ref_of((uint8_t)(in[1] + i)) };
		g->rx.req_prod_pvt++;
	}
	g->rx.sring->req_prod = g->rx.req_prod_pvt;
}

static void step(const uint8_t *in)
{
	struct guest *g = &guests[in[0] >> 7];
	struct grant *page = &grants[g->v.domid][FIRST + in[1] % PAGES];

	switch (in[0] % 16) {
	case 0 ... 3:
		post_tx(g, in);
		break;
	case 4:
		post_extra(g, in);
		break;
	case 5 ... 6:
		post_rx(g, in);
		break;
	case 7:
		page->page = page->page ? NULL : g->page[in[1] % PAGES];
		break;
	case 8:
		page->readonly ^= 1;
		break;
	case 9:
		scribble(g, in + 1);
		break;
	case 10:
		g->page[in[1] % PAGES][in[2]] = in[3];
		break;
	case 11:
		race = in[2] & 1 ? in + 3 : NULL;
		break;
	case 12:
		vif_disconnect(&g->v);
		connect(g);
		break;
	default:
		rounds();
	}
}

static struct net_rules *some_rules(uint8_t which)
{
	static char *const words[][5] = {
		{ "deny", "from", "spoofed-mac" }, { "deny", "from", "spoofed-ip" }, { "deny", "to", "udp", "dport", "80" },
		{ "allow", "tcp", "dport", "80" },
	};
	static const int counts[] = { 3, 3, 5, 4 };
	static struct net_rules rules;
	const char *bad;

	rules.count = 0;
	for (unsigned int i = 0; i < 4; i++)
		if (which >> i & 1 && net_rule_parse(&rules.rule[rules.count++], counts[i], words[i], &bad))
			abort();
	return rules.count ? &rules : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	race = NULL;
	world_meanwhile = meanwhile;
	world_now_ns = 0;
	for (unsigned int i = 0; i < 2; i++)
		start(&guests[i], (domid_t)(i + 1), data[0] >> i & 1 ? VIF_MAP : VIF_COPY, some_rules(data[1] >> i * 4));
	for (data += 2, size -= 2; size >= 6; data += 6, size -= 6)
		step(data);
	rounds();
	for (unsigned int i = 0; i < 2; i++)
		stop(&guests[i]);
	world_reset();
	return 0;
}
