/* SPDX-License-Identifier: MIT */
/*
 * dom0's network, started: what its command line asks for, and `ip` and `net` to look at it.
 *
 *	ip=10.0.0.1/24[,GATEWAY[,NAMESERVER]] or ip=dhcp	dom0's own address; none without it
 *	http=PORT						a status page there
 *	remote=PORT,PASSWORD					pvctl there (remote.c says what that means)
 */
#include "net/net.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <net/netback.h>
#include "net/dom0.h"
#include "net/service.h"
#include "net/switch.h"

static const char *ip, *http, *remote;

bool net_option(const char *word)
{
	if (!strncmp(word, "ip=", 3))
		ip = word + 3;
	else if (!strncmp(word, "http=", 5))
		http = word + 5;
	else if (!strncmp(word, "remote=", 7))
		remote = word + 7;
	else
		return false;
	return true;
}

/* A port number, and what follows it in *rest; 0: none. */
static uint16_t read_port(const char *text, const char **rest)
{
	char *end;
	unsigned long n = *text >= '1' && *text <= '9' ? strtoul(text, &end, 10) : 0;

	*rest = n ? end : text;
	return n <= 65535 ? (uint16_t)n : 0;
}

/* What is wrong with a service is said, and the rest of the system comes up. */
static void start_services(void)
{
	const char *rest;
	uint16_t port;
	int rc;

	if (http) {
		port = read_port(http, &rest);
		rc = port && !*rest ? http_start(port) : -EINVAL;
		if (rc)
			printf("http=%s: %s\n", http, rc == -EINVAL ? "expected a port" : strerror(-rc));
	}
	if (remote) {
		port = read_port(remote, &rest);
		rc = port && *rest == ',' ? remote_start(port, rest + 1) : -EINVAL;
		if (rc)
			printf("remote=: %s\n", rc == -EINVAL ? "expected PORT,PASSWORD with a password of 8 to 63 letters" :
			       strerror(-rc));
	}
}

int net_start(void)
{
	int rc = net_dom0_start(ip);

	if (rc == -EINVAL) {
		printf("ip=%s: expected dhcp or ADDRESS/PREFIX[,GATEWAY[,NAMESERVER]]; dom0 has no address\n", ip);
		rc = net_dom0_set_ip(NULL);
	}
	if (!rc)
		rc = netback_start();
	if (!rc)
		start_services();
	return rc;
}

int net_run_ip(int argc, char **argv)
{
	char text[64];

	if (argc > 2 || (argc == 2 && net_dom0_set_ip(argv[1]))) {
		fprintf(stderr, "usage: ip [dhcp | ADDRESS/PREFIX[,GATEWAY[,NAMESERVER]]]\n");
		return 2;
	}
	if (argc == 1) {
		net_dom0_text(text, sizeof(text));
		printf("%s\n", text);
	}
	return 0;
}

static bool print_port(struct net_port *p, void *arg)
{
	(void)arg;
	printf("%-12s %-10s %02x:%02x:%02x:%02x:%02x:%02x %10" PRIu64 " %12" PRIu64 " %8" PRIu64 " %8" PRIu64
	       " %10" PRIu64 " %12" PRIu64 " %8" PRIu64 " %8" PRIu64 "\n", p->name, p->bridge,
	       p->mac[0], p->mac[1], p->mac[2], p->mac[3], p->mac[4], p->mac[5],
	       p->rx.packets, p->rx.bytes, p->rx.dropped, p->rx.refused,
	       p->tx.packets, p->tx.bytes, p->tx.dropped, p->tx.refused);
	return true;
}

/* From the switch's side: in is what a port sent. */
int net_run_switch(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		fprintf(stderr, "usage: net\n");
		return 2;
	}
	printf("%-12s %-10s %-17s %10s %12s %8s %8s %10s %12s %8s %8s\n", "Port", "Bridge", "MAC", "In", "Bytes",
	       "Dropped", "Refused", "Out", "Bytes", "Dropped", "Refused");
	net_ports_each(print_port, NULL);
	return 0;
}
