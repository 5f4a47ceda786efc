/* SPDX-License-Identifier: MIT */
/* Rules and addresses in words, both ways. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "net/rules.h"
#include "net/rules_kinds.h"

const struct rule_kind rule_kinds[] = {
	{ "any", 0, 0 },
	{ "arp", ETHER_ARP, 0 },
	{ "ip", ETHER_IP4, 0 },
	{ "ip6", ETHER_IP6, 0 },
	{ "icmp", ETHER_IP4, PROTO_ICMP },
	{ "icmp6", ETHER_IP6, PROTO_ICMP6 },
	{ "tcp", 0, PROTO_TCP },
	{ "udp", 0, PROTO_UDP },
	{ NULL, 0, 0 },
};

/* A decimal number up to max at *text, which is moved behind it. */
static int number(const char **text, unsigned int max, unsigned int *out)
{
	const char *p = *text;
	unsigned int n = 0;

	while (*p >= '0' && *p <= '9' && n <= max)
		n = n * 10 + (unsigned int)(*p++ - '0');
	if (p == *text || n > max)
		return -EINVAL;
	*text = p;
	*out = n;
	return 0;
}

static int parse_ip4(struct net_address *a, const char **text)
{
	unsigned int n;

	for (int i = 0; i < 4; i++) {
		if ((i && *(*text)++ != '.') || number(text, 255, &n))
			return -EINVAL;
		a->bytes[i] = (uint8_t)n;
	}
	a->family = 4;
	return 0;
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* Groups of up to four digits; "::" once stands for as many zero groups as are missing. */
static int parse_ip6(struct net_address *a, const char **text)
{
	uint8_t bytes[16] = { 0 };
	int n = 0, gap = -1;
	const char *p = *text;

	if (p[0] == ':' && p[1] == ':') {
		gap = 0;
		p += 2;
	}
	while (n < 8 && hex(*p) >= 0) {
		unsigned int v = 0, digits = 0;

		for (; hex(*p) >= 0; p++, digits++)
			v = (v << 4 | (unsigned int)hex(*p)) & 0xfffff;
		if (digits > 4)
			return -EINVAL;
		net_put16(bytes + 2 * n++, (uint16_t)v);
		if (p[0] == ':' && p[1] == ':' && gap < 0) {
			gap = n;
			p += 2;
		} else if (p[0] == ':' && hex(p[1]) >= 0) {
			p++;
		} else {
			break;
		}
	}
	if (gap < 0 ? n != 8 : n == 8)
		return -EINVAL;
	if (gap >= 0) {
		memmove(bytes + 16 - 2 * (n - gap), bytes + 2 * gap, (size_t)(2 * (n - gap)));
		memset(bytes + 2 * gap, 0, (size_t)(16 - 2 * n));
	}
	memcpy(a->bytes, bytes, 16);
	a->family = 6;
	*text = p;
	return 0;
}

int net_address_parse(struct net_address *a, const char *text)
{
	unsigned int bits;

	memset(a, 0, sizeof(*a));
	if (strchr(text, ':') ? parse_ip6(a, &text) : parse_ip4(a, &text))
		return -EINVAL;
	bits = a->family == 4 ? 32 : 128;
	if (*text == '/' && (text++, number(&text, bits, &bits)))
		return -EINVAL;
	a->prefix = (uint8_t)bits;
	return *text ? -EINVAL : 0;
}

void net_address_text(const struct net_address *a, char *out, size_t size)
{
	const uint8_t *b = a->bytes;
	int n = 0;

	if (a->family == 4)
		n = snprintf(out, size, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
	else
		for (int i = 0; i < 16 && n < (int)size; i += 2)
			n += snprintf(out + n, size - (size_t)n, "%s%x", i ? ":" : "", net_get16(b + i));
	if (n < (int)size && a->prefix < (a->family == 4 ? 32 : 128))
		snprintf(out + n, size - (size_t)n, "/%u", a->prefix);
}

static int parse_ports(uint16_t range[2], const char *text)
{
	unsigned int first, last;

	if (number(&text, 65535, &first) || !first)
		return -EINVAL;
	last = first;
	if (*text == '-' && (text++, number(&text, 65535, &last)))
		return -EINVAL;
	range[0] = (uint16_t)first;
	range[1] = (uint16_t)last;
	return *text || last < first ? -EINVAL : 0;
}

/* A word that stands alone; false if it is none of these. */
static bool parse_flag(struct net_rule *r, const char *word)
{
	if (!strcmp(word, "from"))
		r->direction = RULE_FROM;
	else if (!strcmp(word, "to"))
		r->direction = RULE_TO;
	else if (!strcmp(word, "spoofed-mac"))
		r->spoofed_mac = true;
	else if (!strcmp(word, "spoofed-ip"))
		r->spoofed_ip = true;
	else
		for (uint8_t i = 1; rule_kinds[i].word; i++)
			if (!strcmp(word, rule_kinds[i].word)) {
				r->kind = i;
				return true;
			}
	return r->direction != (RULE_FROM | RULE_TO) || r->spoofed_mac || r->spoofed_ip;
}

static bool is_flag(const char *word)
{
	struct net_rule r = { .direction = RULE_FROM | RULE_TO };

	return parse_flag(&r, word);
}

static int parse_pair(struct net_rule *r, const char *word, const char *value)
{
	if (!strcmp(word, "src"))
		return net_address_parse(&r->source, value);
	if (!strcmp(word, "dst"))
		return net_address_parse(&r->target, value);
	if (!strcmp(word, "sport"))
		return parse_ports(r->source_port, value);
	if (!strcmp(word, "dport"))
		return parse_ports(r->target_port, value);
	return -ENOENT;
}

int net_rule_parse(struct net_rule *r, int argc, char *const *argv, const char **bad)
{
	*r = (struct net_rule){ .direction = RULE_FROM | RULE_TO };
	*bad = argc > 0 ? argv[0] : "";
	if (argc < 1 || (strcmp(argv[0], "allow") && strcmp(argv[0], "deny")))
		return -EINVAL;
	r->allow = !strcmp(argv[0], "allow");
	for (int i = 1; i < argc; i++) {
		int rc;

		*bad = argv[i];
		if (is_flag(argv[i])) {
			parse_flag(r, argv[i]);
			continue;
		}
		rc = parse_pair(r, argv[i], i + 1 < argc ? argv[i + 1] : "");
		if (rc == -EINVAL && i + 1 < argc)
			*bad = argv[i + 1];
		if (rc)
			return -EINVAL;
		i++;
	}
	return 0;
}

static void put_ports(char *out, size_t size, const char *word, const uint16_t range[2])
{
	if (range[1] && range[0] == range[1])
		snprintf(out, size, " %s %u", word, range[0]);
	else if (range[1])
		snprintf(out, size, " %s %u-%u", word, range[0], range[1]);
	else
		*out = '\0';
}

static void put_address(char *out, size_t size, const char *word, const struct net_address *a)
{
	char text[64];

	*out = '\0';
	if (!a->family)
		return;
	net_address_text(a, text, sizeof(text));
	snprintf(out, size, " %s %s", word, text);
}

void net_rule_text(const struct net_rule *r, char *out, size_t size)
{
	static const char *const directions[] = { "", " from", " to", "" };
	char source[72], target[72], sport[24], dport[24];

	put_address(source, sizeof(source), "src", &r->source);
	put_address(target, sizeof(target), "dst", &r->target);
	put_ports(sport, sizeof(sport), "sport", r->source_port);
	put_ports(dport, sizeof(dport), "dport", r->target_port);
	snprintf(out, size, "%s%s%s%s%s%s%s%s%s%s", r->allow ? "allow" : "deny", directions[r->direction],
		 r->kind ? " " : "", r->kind ? rule_kinds[r->kind].word : "", source, target, sport, dport,
		 r->spoofed_mac ? " spoofed-mac" : "", r->spoofed_ip ? " spoofed-ip" : "");
}
