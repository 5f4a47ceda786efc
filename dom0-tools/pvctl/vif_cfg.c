/* SPDX-License-Identifier: MIT */
/*
 * Reads vif specifications. A key that xl has and that would mean something else here than there (a script, a
 * driver domain) is refused, never silently left out.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "net/rules.h"
#include "pvctl/vif_cfg.h"

static int read_mac(struct vif_config *v, const char *text)
{
	unsigned int b[6];
	int end = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &end) != 6 ||
	    text[end] || strlen(text) != 17 || b[0] & 1)
		return -EINVAL;
	for (int i = 0; i < 6; i++)
		v->mac[i] = (uint8_t)b[i];
	return 0;
}

/* A word for a name in xenstore. */
static int read_bridge(struct vif_config *v, const char *text)
{
	if (!*text || strlen(text) >= sizeof(v->bridge) ||
	    strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != strlen(text))
		return -EINVAL;
	strcpy(v->bridge, text);
	return 0;
}

static int read_ip(struct vif_config *v, const char *text)
{
	char copy[sizeof(v->ip)], *save, *word;
	struct net_address a;
	unsigned int n = 0;

	if (strlen(text) >= sizeof(v->ip))
		return -EINVAL;
	strcpy(copy, text);
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (++n > RULES_OWN_IPS || net_address_parse(&a, word))
			return -EINVAL;
	strcpy(v->ip, text);
	return n ? 0 : -EINVAL;
}

/* A number and one of the words behind it; the words' scale is multiplied in. */
static int quantity(const char **text, const char *const *words, const uint64_t *scale, uint64_t *out)
{
	char *end;
	unsigned long long n = isdigit((unsigned char)**text) ? strtoull(*text, &end, 10) : 0;

	if (!n || n > 1000000)
		return -EINVAL;
	for (int i = 0; words[i]; i++)
		if (!strncmp(end, words[i], strlen(words[i]))) {
			*text = end + strlen(words[i]);
			*out = n * scale[i];
			return 0;
		}
	return -EINVAL;
}

/* "10Mb/s@20ms": bits (b) or bytes (B) a second; after @ how often the account is settled. */
static int read_rate(struct vif_config *v, const char *text)
{
	static const char *const rates[] = { "Gb/s", "Mb/s", "Kb/s", "b/s", "GB/s", "MB/s", "KB/s", "B/s", NULL };
	static const uint64_t bits[] = { 1000000000, 1000000, 1000, 1, 8000000000, 8000000, 8000, 8 };
	static const char *const times[] = { "us", "ms", "s", NULL };
	static const uint64_t us[] = { 1, 1000, 1000000 };
	uint64_t rate, interval = 50000;

	if (quantity(&text, rates, bits, &rate))
		return -EINVAL;
	if (*text == '@' && (text++, quantity(&text, times, us, &interval)))
		return -EINVAL;
	if (*text || interval > 10000000 || rate > 1000000000000)
		return -EINVAL;
	v->rate_bytes = rate / 8 * interval / 1000000;
	v->rate_us = (uint32_t)interval;
	return v->rate_bytes && v->rate_bytes <= UINT32_MAX ? 0 : -EINVAL;
}

static int read_number(const char *text, unsigned long min, unsigned long max, unsigned long *out)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	*out = strtoul(text, &end, 10);
	return *end || *out < min || *out > max ? -EINVAL : 0;
}

static int read_devid(struct vif_config *v, const char *text)
{
	unsigned long n;
	int rc = read_number(text, 0, 63, &n);

	if (!rc)
		v->devid = (int)n;
	return rc;
}

static int read_mtu(struct vif_config *v, const char *text)
{
	unsigned long n;
	int rc = read_number(text, 68, 3900, &n);

	if (!rc)
		v->mtu = (uint16_t)n;
	return rc;
}

static int read_rxmode(struct vif_config *v, const char *text)
{
	if (strcmp(text, "copy") && strcmp(text, "map") && strcmp(text, "flip"))
		return -EINVAL;
	strcpy(v->rxmode, text);
	return 0;
}

static int read_antispoof(struct vif_config *v, const char *text)
{
	unsigned long n;
	int rc = read_number(text, 0, 1, &n);

	if (!rc)
		v->antispoof = n;
	return rc;
}

static int read_type(struct vif_config *v, const char *text)
{
	(void)v;
	return strcmp(text, "vif") && strcmp(text, "netfront") ? -EINVAL : 0;
}

static int read_backend(struct vif_config *v, const char *text)
{
	(void)v;
	return strcmp(text, "0") && strcmp(text, "Domain-0") ? -EINVAL : 0;
}

static const struct {
	const char *key;
	int (*read)(struct vif_config *v, const char *text);
	const char *expected;
} keys[] = {
	{ "mac", read_mac, "six pairs of hexadecimal digits, not a group address" },
	{ "bridge", read_bridge, "a name of at most 15 letters, digits and -_." },
	{ "ip", read_ip, "at most 8 addresses, with /PREFIX or not, between blanks" },
	{ "rate", read_rate, "a rate like 10Mb/s@20ms" },
	{ "devid", read_devid, "0 to 63" },
	{ "mtu", read_mtu, "68 to 3900" },
	{ "rxmode", read_rxmode, "copy, map or flip" },
	{ "antispoof", read_antispoof, "0 or 1" },
	{ "type", read_type, "vif: there is no emulated card here" },
	{ "model", read_type, "netfront: there is no emulated card here" },
	{ "backend", read_backend, "domain 0: there is no other backend" },
};

static int read_key(struct vif_config *v, const char *key, const char *value, struct err *err)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(keys[i].key, key))
			return keys[i].read(v, value) ?
			       err_set(err, ERR_CONFIG, "%s: expected %s, found \"%s\"", key, keys[i].expected, value) :
			       0;
	return err_set(err, ERR_CONFIG, "unknown or unsupported key \"%s\"", key);
}

int vif_cfg_parse(struct vif_config *v, const char *spec, struct err *err)
{
	char copy[512], *save, *word, *value;
	int rc = 0;

	*v = (struct vif_config){ .devid = VIF_DEVID_NONE, .mtu = 1500 };
	if (strlen(spec) >= sizeof(copy))
		return err_set(err, ERR_CONFIG, "expected at most %zu bytes, found %zu", sizeof(copy) - 1, strlen(spec));
	strcpy(copy, spec);
	for (word = strtok_r(copy, ",", &save); word && !rc; word = strtok_r(NULL, ",", &save)) {
		while (*word == ' ')
			word++;
		value = strchr(word, '=');
		if (!value)
			return err_set(err, ERR_CONFIG, "expected KEY=VALUE, found \"%s\"", word);
		*value++ = '\0';
		rc = read_key(v, word, value, err);
	}
	return rc;
}
