/* SPDX-License-Identifier: MIT */
/*
 * Reads a domain's configuration from settings, with xl's keys and defaults. What this control
 * domain cannot give (devices, other guest types) is an error, never silently left out.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/cpuset.h"
#include "pvctl/disk_cfg.h"
#include "pvctl/domain_cfg.h"
#include "pvctl/vif_cfg.h"

#define MAX_MEMORY_MB (1LL << 20)
#define MAX_CMDLINE 1023                /* the field in start_info, less its NUL */

static int read_name(struct domain_config *c, struct cfg *cfg, struct err *err)
{
	const char *name;
	int rc = cfg_string(cfg, "name", &name, err);

	if (rc > 0)
		return cfg_wrong(cfg, "name", err, "expected a setting name = \"...\", found none");
	if (rc)
		return rc;
	if (!*name || strlen(name) > DOMAIN_NAME_MAX || isdigit((unsigned char)*name) ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		   "_-.:+") != strlen(name))
		return cfg_wrong(cfg, "name", err, "expected 1 to %d letters, digits and _-.:+ "
			       "that do not begin with a digit, found \"%s\"", DOMAIN_NAME_MAX,
			       name);
	strcpy(c->name, name);
	return 0;
}

/* The setting's text, copied; left alone when it is not there. */
static int read_text(char **out, struct cfg *cfg, const char *key, struct err *err)
{
	const char *text;
	int rc = cfg_string(cfg, key, &text, err);

	if (rc)
		return rc < 0 ? rc : 0;
	*out = strdup(text);
	return *out ? 0 : err_set(err, ERR_NO_MEMORY, "%s: out of memory", key);
}

/* cmdline, or what xl makes of the older root and extra. */
static int read_cmdline(struct domain_config *c, struct cfg *cfg, struct err *err)
{
	const char *root = NULL, *extra = NULL;
	int rc = read_text(&c->cmdline, cfg, "cmdline", err);

	if (rc || (rc = cfg_string(cfg, "root", &root, err)) < 0 ||
	    (rc = cfg_string(cfg, "extra", &extra, err)) < 0)
		return rc;
	if (!c->cmdline && (root || extra) &&
	    asprintf(&c->cmdline, "%s%s%s%s", root ? "root=" : "", root ? root : "",
		     root && extra ? " " : "", extra ? extra : "") < 0) {
		c->cmdline = NULL;
		return err_set(err, ERR_NO_MEMORY, "cmdline: out of memory");
	}
	if (c->cmdline && strlen(c->cmdline) > MAX_CMDLINE)
		return cfg_wrong(cfg, "cmdline", err, "expected at most %d bytes, found %zu",
			       MAX_CMDLINE, strlen(c->cmdline));
	return 0;
}

/* A setting that has one value here. */
static int expect(struct cfg *cfg, const char *key, const char *word, struct err *err)
{
	const char *found = word;
	int rc = cfg_string(cfg, key, &found, err);

	if (rc < 0)
		return rc;
	return strcmp(found, word) ? cfg_wrong(cfg, key, err, "expected \"%s\", found \"%s\"", word, found) : 0;
}

static int read_files(struct domain_config *c, struct cfg *cfg, struct err *err)
{
	int rc = expect(cfg, "type", "pv", err);

	if (!rc)
		rc = expect(cfg, "builder", "generic", err);	/* how xl was told before there was a type */
	if (rc)
		return rc;
	rc = read_text(&c->kernel, cfg, "kernel", err);
	if (!rc && !c->kernel)
		return cfg_wrong(cfg, "kernel", err, "expected a setting kernel = \"FILE\", "
				 "found none");
	if (!rc)
		rc = read_text(&c->ramdisk, cfg, "ramdisk", err);
	return rc ? rc : read_cmdline(c, cfg, err);
}

/* A number with a default; the limits are inclusive. */
static int number(struct cfg *cfg, const char *key, long long min, long long max,
		  long long missing, long long *out, struct err *err)
{
	*out = missing;
	return cfg_number(cfg, key, min, max, out, err) < 0 ? -EINVAL : 0;
}

static int read_sizes(struct domain_config *c, struct cfg *cfg, struct err *err)
{
	long long memory, maxmem, vcpus, maxvcpus;

	if (number(cfg, "memory", 1, MAX_MEMORY_MB, 32, &memory, err) ||
	    number(cfg, "maxmem", 1, MAX_MEMORY_MB, memory, &maxmem, err) ||
	    number(cfg, "vcpus", 1, DOMAIN_MAX_VCPUS, 1, &vcpus, err) ||
	    number(cfg, "maxvcpus", 1, DOMAIN_MAX_VCPUS, vcpus, &maxvcpus, err))
		return -EINVAL;
	if (maxmem < memory)
		return cfg_wrong(cfg, "maxmem", err, "expected at least memory = %lld, found "
				 "%lld", memory, maxmem);
	if (maxvcpus < vcpus)
		return cfg_wrong(cfg, "maxvcpus", err, "expected at least vcpus = %lld, found "
				 "%lld", vcpus, maxvcpus);
	c->memory_kb = (uint64_t)memory << 10;
	c->max_memory_kb = (uint64_t)maxmem << 10;
	c->vcpus = (unsigned int)vcpus;
	c->max_vcpus = (unsigned int)maxvcpus;
	return 0;
}

/* A set for all vcpus, or a list: one for each, from vcpu 0 on. */
static int read_cpus(struct domain_config *c, struct cfg *cfg, const char *key, uint64_t *sets,
		     struct err *err)
{
	const struct cfg_setting *s = cfg_find(cfg, key);
	bool list = s && s->value.kind == CFG_LIST;

	if (list && s->value.nr_items > c->max_vcpus)
		return cfg_wrong(cfg, key, err, "expected a set for each of maxvcpus = %u vcpus, found "
				 "%u", c->max_vcpus, s->value.nr_items);
	for (unsigned int i = 0; s && i < (list ? s->value.nr_items : c->max_vcpus); i++) {
		const struct cfg_value *v = list ? &s->value.items[i] : &s->value;

		if (v->kind == CFG_LIST || cpuset_parse(v->text, &sets[i]))
			return cfg_wrong(cfg, key, err, "expected CPUs like \"all\", \"2\" or "
					 "\"0-3,^1\", found %s", v->kind == CFG_LIST ? "a list" : v->text);
	}
	return 0;
}

static int read_limits(struct domain_config *c, struct cfg *cfg, struct err *err)
{
	long long weight, cap, grants, events;

	if (number(cfg, "cpu_weight", 1, 65535, 0, &weight, err) ||
	    number(cfg, "cap", 0, 100 * DOMAIN_MAX_VCPUS, 0, &cap, err) ||
	    number(cfg, "max_grant_frames", 1, 4096, -1, &grants, err) ||
	    number(cfg, "max_event_channels", 1, 4095, 1023, &events, err))
		return -EINVAL;
	c->weight = (unsigned int)weight;
	c->cap = (unsigned int)cap;
	c->max_grant_frames = (int)grants;
	c->max_event_channels = (unsigned int)events;
	return 0;
}

static int read_actions(struct domain_config *c, struct cfg *cfg, struct err *err)
{
	static const struct {
		const char *key;
		enum domain_end end;
		enum domain_action missing;
	} keys[] = {
		{ "on_poweroff", END_POWEROFF, ACTION_DESTROY },
		{ "on_reboot", END_REBOOT, ACTION_RESTART },
		{ "on_crash", END_CRASH, ACTION_DESTROY },
		{ "on_watchdog", END_WATCHDOG, ACTION_DESTROY },
		{ "on_soft_reset", END_SOFT_RESET, ACTION_DESTROY },
	};
	int rc;

	c->on[END_SUSPEND] = ACTION_PRESERVE;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *word = domain_action_name(keys[i].missing);

		rc = cfg_string(cfg, keys[i].key, &word, err);
		if (rc < 0)
			return rc;
		rc = domain_action_parse(word);
		if (rc < 0)
			return cfg_wrong(cfg, keys[i].key, err, "expected destroy, restart, "
					 "rename-restart or preserve, found \"%s\"", word);
		c->on[keys[i].end] = (enum domain_action)rc;
	}
	return 0;
}

static int hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' :
	       isxdigit((unsigned char)c) ? (c | 32) - 'a' + 10 : -1;
}

static int parse_uuid(uint8_t uuid[16], const char *text)
{
	for (int i = 0; i < 16; i++, text += 2) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			if (*text++ != '-')
				return -EINVAL;
		if (hex(text[0]) < 0 || hex(text[1]) < 0)
			return -EINVAL;
		uuid[i] = (uint8_t)(hex(text[0]) << 4 | hex(text[1]));
	}
	return *text ? -EINVAL : 0;
}

static int read_uuid(struct domain_config *c, struct cfg *cfg, uint64_t seed, struct err *err)
{
	const char *text;
	int rc = cfg_string(cfg, "uuid", &text, err);

	if (!rc && parse_uuid(c->uuid, text))
		return cfg_wrong(cfg, "uuid", err, "expected 8-4-4-4-12 hexadecimal digits, "
				 "found \"%s\"", text);
	if (rc <= 0)
		return rc;
	/* Unique, not secret: a finaliser spreads the seed, the bits of version 4 are set. */
	for (int i = 0; i < 16; i++) {
		seed += 0x9e3779b97f4a7c15ULL;
		c->uuid[i] = (uint8_t)((seed ^ seed >> 29) * 0xbf58476d1ce4e5b9ULL >> 56);
	}
	c->uuid[6] = (c->uuid[6] & 0x0f) | 0x40;
	c->uuid[8] = (c->uuid[8] & 0x3f) | 0x80;
	return 0;
}

/* One string of the list, as the next disk of the configuration. */
static int read_disk(struct domain_config *c, struct cfg *cfg, const struct cfg_value *v, struct err *err)
{
	struct disk_config *d = &c->disks[c->nr_disks];
	struct err why;

	if (v->kind != CFG_STRING)
		return cfg_wrong(cfg, "disk", err, "expected a list of strings");
	if (disk_cfg_parse(d, v->text, &why))
		return cfg_wrong(cfg, "disk", err, "%s", why.text);
	for (unsigned int i = 0; i < c->nr_disks; i++)
		if (c->disks[i].number == d->number)
			return cfg_wrong(cfg, "disk", err, "expected one disk for each vdev, found %s twice",
					 d->vdev);
	c->nr_disks++;
	return 0;
}

static int read_disks(struct domain_config *c, struct cfg *cfg, struct err *err)
{
	const struct cfg_setting *s = cfg_find(cfg, "disk");
	int rc = 0;

	if (!s)
		return 0;
	if (s->value.kind != CFG_LIST || s->value.nr_items > DISK_MAX)
		return cfg_wrong(cfg, "disk", err, "expected a list of at most %u strings", DISK_MAX);
	c->disks = calloc(s->value.nr_items + 1, sizeof(*c->disks));
	if (!c->disks)
		return err_set(err, ERR_NO_MEMORY, "disk: out of memory");
	for (unsigned int i = 0; !rc && i < s->value.nr_items; i++)
		rc = read_disk(c, cfg, &s->value.items[i], err);
	return rc;
}

/* An address that is made up is the domain's, however often it is started anew. */
static int read_vif(struct domain_config *c, struct cfg *cfg, const struct cfg_value *v, uint64_t seed,
		    struct err *err)
{
	struct vif_config *vif = &c->vifs[c->nr_vifs];
	static const uint8_t none[6];
	struct err why;

	if (v->kind != CFG_STRING)
		return cfg_wrong(cfg, "vif", err, "expected a list of strings");
	if (vif_cfg_parse(vif, v->text, &why))
		return cfg_wrong(cfg, "vif", err, "%s", why.text);
	if (vif->devid == VIF_DEVID_NONE)
		vif->devid = (int)c->nr_vifs;
	if (!memcmp(vif->mac, none, sizeof(none)))
		vif_make_up_mac(vif->mac, seed + (uint64_t)vif->devid);
	for (unsigned int i = 0; i < c->nr_vifs; i++)
		if (c->vifs[i].devid == vif->devid)
			return cfg_wrong(cfg, "vif", err, "expected one interface for each devid, found %d twice",
					 vif->devid);
	c->nr_vifs++;
	return 0;
}

static int read_vifs(struct domain_config *c, struct cfg *cfg, uint64_t seed, struct err *err)
{
	const struct cfg_setting *s = cfg_find(cfg, "vif");
	int rc = 0;

	if (!s)
		return 0;
	if (s->value.kind != CFG_LIST || s->value.nr_items > VIFS_MAX)
		return cfg_wrong(cfg, "vif", err, "expected a list of at most %u strings", VIFS_MAX);
	c->vifs = calloc(s->value.nr_items + 1, sizeof(*c->vifs));
	if (!c->vifs)
		return err_set(err, ERR_NO_MEMORY, "vif: out of memory");
	for (unsigned int i = 0; !rc && i < s->value.nr_items; i++)
		rc = read_vif(c, cfg, &s->value.items[i], seed, err);
	return rc;
}

/* Devices that would need a backend, and ways to boot, which this control domain does not have. */
static int refuse_devices(struct cfg *cfg, struct err *err)
{
	static const char *const keys[] = {
		"vfb", "p9", "channel", "pci", "bootloader", "device_tree", "vtpm", "vkb", "vsnd", "vdispl", "usbctrl",
		"usbdev", "dtdev", "ioports", "irqs", "iomem",
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct cfg_setting *s = cfg_find(cfg, keys[i]);

		if (s && !(s->value.kind == CFG_LIST && !s->value.nr_items))
			return cfg_wrong(cfg, keys[i], err, "this control domain does not have "
					 "what it asks for; expected it to be absent or []");
	}
	return 0;
}

int domain_cfg_read(struct domain_config *out, struct cfg *cfg, uint64_t seed,
		    void (*warn)(const char *text), struct err *err)
{
	struct domain_config c = { .kernel = NULL };
	char text[160];
	int rc = read_name(&c, cfg, err);

	if (!rc)
		rc = read_files(&c, cfg, err);
	if (!rc)
		rc = read_sizes(&c, cfg, err);
	if (!rc)
		rc = read_cpus(&c, cfg, "cpus", c.cpus, err);
	if (!rc)
		rc = read_cpus(&c, cfg, "cpus_soft", c.cpus_soft, err);
	if (!rc)
		rc = read_limits(&c, cfg, err);
	if (!rc)
		rc = read_actions(&c, cfg, err);
	if (!rc)
		rc = read_uuid(&c, cfg, seed, err);
	if (!rc)
		rc = read_disks(&c, cfg, err);
	if (!rc)
		rc = read_vifs(&c, cfg, seed, err);
	if (!rc)
		rc = refuse_devices(cfg, err);
	if (rc) {
		domain_config_free(&c);
		return rc;
	}
	for (struct cfg_setting *s = cfg->first; s; s = s->next)
		if (!s->used) {
			snprintf(text, sizeof(text), "%s:%u: unknown setting \"%.64s\" is ignored",
				 s->file, s->line, s->key);
			warn(text);
		}
	*out = c;
	return 0;
}
