/* SPDX-License-Identifier: MIT */
/*
 * Vifs in xenstore: what the toolstack wrote of a vif (its address, bridge, rate, mode, own addresses), what we
 * offer, and what the guest's driver asks for. The guest's entries are hostile: numbers are
 * checked for range here, references and ports by the hypervisor when they are used.
 */
#include "netback.h"
#include "vif.h"
#include <bus/bus.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse_mac(uint8_t mac[6], const char *text)
{
	unsigned int b[6];
	int end = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &end) != 6 ||
	    text[end] || b[0] & 1)
		return -EINVAL;
	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)b[i];
	return 0;
}

/* "BYTES,MICROSECONDS", as xl writes it. */
static int parse_rate(struct net_rate *rate, const char *text)
{
	unsigned long long bytes, us;
	int end = 0;

	if (sscanf(text, "%llu,%llu%n", &bytes, &us, &end) != 2 || text[end] || !bytes || !us ||
	    bytes > UINT32_MAX || us > UINT32_MAX)
		return -EINVAL;
	*rate = (struct net_rate){ bytes, us * 1000 };
	return 0;
}

static int parse_mode(enum vif_mode *mode, const char *text)
{
	for (int i = 0; i < VIF_MODES; i++)
		if (!strcmp(vif_mode_names[i], text)) {
			*mode = (enum vif_mode)i;
			return 0;
		}
	return -EINVAL;
}

/* The guest's own addresses, blank-separated, and the two rules that hold it to them. */
static int set_ips(struct vif *v, char *text, bool antispoof)
{
	struct net_rules *r = &v->rules;
	char *save, *word;

	for (word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (r->nr_ips == RULES_OWN_IPS || net_address_parse(&r->ip[r->nr_ips++], word))
			return -EINVAL;
	if (!antispoof)
		return 0;
	r->rule[r->count++] = (struct net_rule){ .direction = RULE_FROM, .spoofed_mac = true };
	if (r->nr_ips)
		r->rule[r->count++] = (struct net_rule){ .direction = RULE_FROM, .spoofed_ip = true };
	return 0;
}

static int read_settings(struct bus_device *d, struct vif *v, const char **why)
{
	char text[256];

	*why = "mac";
	if (bus_read(d, false, "mac", text, sizeof(text)) < 0 || parse_mac(v->port.mac, text))
		return -EINVAL;
	*why = "bridge";
	if (bus_read(d, false, "bridge", text, sizeof(text)) > 0) {
		if (strlen(text) >= sizeof(v->port.bridge))
			return -ENAMETOOLONG;
		strcpy(v->port.bridge, text);
	}
	*why = "rate";
	if (bus_read(d, false, "rate", text, sizeof(text)) > 0 && parse_rate(&v->port.rate, text))
		return -EINVAL;
	*why = "rx-mode";
	if (bus_read(d, false, "rx-mode", text, sizeof(text)) > 0 && parse_mode(&v->mode, text))
		return -EINVAL;
	*why = "ip";
	if (bus_read(d, false, "ip", text, sizeof(text)) < 0)
		*text = '\0';
	v->port.mtu = (uint16_t)bus_read_number(d, false, "mtu", 1500);
	return set_ips(v, text, bus_read_number(d, false, "antispoof", 0));
}

/* What does not depend on the guest. */
static uint8_t own_flags(const struct vif *v)
{
	return NET_PORT_GUEST | NET_PORT_PINNED | NET_PORT_SG | vif_rx_modes[v->mode]->port_flags;
}

static int probe(struct bus_device *d, const char **why)
{
	struct vif *v = calloc(1, sizeof(*v));
	int rc;

	if (!v)
		return -ENOMEM;
	v->domid = d->domid;
	v->handle = d->id;
	snprintf(v->port.name, sizeof(v->port.name), "vif%u.%u", d->domid, d->id);
	rc = read_settings(d, v, why);
	if (!rc) {
		v->port.ops = &vif_port_ops;
		v->port.device = v;
		v->port.flags = own_flags(v);
		v->port.rules = &v->rules;
		*why = "joining the switch";
		rc = net_port_add(&v->port);
	}
	if (rc)
		free(v);
	else
		d->driver = v;
	return rc;
}

static void publish(struct bus_device *d)
{
	static const char *const offered[] = {
		"feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6", "feature-ipv6-csum-offload",
		"feature-multicast-control",
	};
	struct vif *v = d->driver;

	for (size_t i = 0; i < sizeof(offered) / sizeof(offered[0]); i++)
		bus_write(d, offered[i], "1");
	bus_write(d, "feature-rx-copy", v->mode == VIF_FLIP ? "0" : "1");
	bus_write(d, "feature-rx-flip", v->mode == VIF_FLIP ? "1" : "0");
	bus_write(d, "feature-split-event-channels", "0");
	bus_write(d, "multi-queue-max-queues", "1");
	bus_write(d, "hotplug-status", "connected");
}

struct offload_change {
	struct vif *v;
	uint8_t flags;
};

static void set_flags(void *arg)
{
	struct offload_change *c = arg;

	c->v->port.flags = c->flags;
}

static void read_features(struct bus_device *d, struct vif *v)
{
	struct offload_change c = { v, own_flags(v) };

	v->sg = bus_read_number(d, true, "feature-sg", 0);
	v->rx_notify = bus_read_number(d, true, "feature-rx-notify", 0);
	v->mcast_control = bus_read_number(d, true, "request-multicast-control", 0);
	if (!bus_read_number(d, true, "feature-no-csum-offload", 0))
		c.flags |= NET_PORT_CSUM;
	if (v->sg && bus_read_number(d, true, "feature-gso-tcpv4", 0))
		c.flags |= NET_PORT_TSO4;
	if (v->sg && bus_read_number(d, true, "feature-gso-tcpv6", 0))
		c.flags |= NET_PORT_TSO6;
	net_quiet(set_flags, &c);
}

static int connect(struct bus_device *d, const char **why)
{
	struct vif *v = d->driver;
	uint64_t tx = bus_read_number(d, true, "tx-ring-ref", UINT64_MAX);
	uint64_t rx = bus_read_number(d, true, "rx-ring-ref", UINT64_MAX);
	uint64_t port = bus_read_number(d, true, "event-channel", UINT64_MAX);
	struct vif_rings rings = { (grant_ref_t)tx, (grant_ref_t)rx, (evtchn_port_t)port };

	*why = "reading tx-ring-ref, rx-ring-ref and event-channel";
	if (tx > UINT32_MAX || rx > UINT32_MAX || port > UINT32_MAX)
		return -EINVAL;
	*why = v->mode == VIF_FLIP ? "request-rx-copy: this vif flips pages" :
				     "request-rx-copy: the driver wants pages flipped, this vif copies";
	if (bus_read_number(d, true, "request-rx-copy", 0) != (v->mode != VIF_FLIP))
		return -EOPNOTSUPP;
	read_features(d, v);
	return vif_connect(v, &rings, why);
}

static void disconnect(struct bus_device *d)
{
	vif_disconnect(d->driver);
}

static void take_away(struct bus_device *d)
{
	struct vif *v = d->driver;

	net_port_remove(&v->port);
	free(v);
}

int netback_start(void)
{
	static const struct bus_kind vifs = {
		.name = "vif", .probe = probe, .publish = publish, .connect = connect,
		.disconnect = disconnect, .remove = take_away,
	};

	return bus_start(&vifs);
}
