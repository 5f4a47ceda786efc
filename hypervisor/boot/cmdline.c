/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's command line: words "name", "name=value" or "no-name", each a row of one table. An
 * unknown word or a bad value is reported by name and otherwise ignored: a typo must not cost the boot.
 * The line comes from the boot loader; it is cut, never trusted for length. Boot only, no lock.
 */
#include "boot.h"
#include "lib.h"
#include "printk.h"

#define WORD_MAX 128

struct boot_options opt = {
	.console = "com1",
	.loglvl = LOG_INFO,
	.guest_loglvl = LOG_WARN,
	.smp = true,
	.smep = true,
	.smap = true,
	.xpti_dom0 = -1,
	.xpti_domu = -1,
};

struct option {
	const char *name;
	void *to;
	bool (*set)(void *to, const char *value);	/* value NULL: the word stood alone */
	const char *expected;
};

static bool set_flag(void *to, const char *value)
{
	static const struct { const char *word; bool on; } words[] = {
		{ "1", true }, { "on", true }, { "yes", true }, { "true", true },
		{ "0", false }, { "off", false }, { "no", false }, { "false", false },
	};

	for (unsigned i = 0; value && i < ARRAY_SIZE(words); i++) {
		if (!strcmp(value, words[i].word)) {
			*(bool *)to = words[i].on;
			return true;
		}
	}
	if (!value)
		*(bool *)to = true;
	return !value;
}

/* A word that is a negation by itself. */
static bool set_off(void *to, const char *value)
{
	if (!value)
		*(bool *)to = false;
	return !value;
}

static bool set_console(void *to, const char *value)
{
	if (!value || strlen(value) >= sizeof(opt.console))
		return false;
	strlcpy(to, value, sizeof(opt.console));
	return true;
}

/* "115200" with anything behind a comma (",8n1") taken as read. */
static bool set_baud(void *to, const char *value)
{
	const char *end;
	uint64_t v = value ? strtoull(value, &end) : 0;

	if (!v || v > 115200 || 115200 % v || (*end && *end != ','))
		return false;
	*(unsigned *)to = v;
	return true;
}

/* "warning", or "warning/all" of which the first part counts. */
static bool set_level(void *to, const char *value)
{
	static const struct { const char *word; int level; } words[] = {
		{ "none", LOG_ERR - 1 }, { "error", LOG_ERR }, { "warning", LOG_WARN },
		{ "info", LOG_INFO }, { "debug", LOG_DEBUG }, { "all", LOG_DEBUG },
	};

	for (unsigned i = 0; value && i < ARRAY_SIZE(words); i++) {
		size_t n = strlen(words[i].word);

		if (!strncmp(value, words[i].word, n) && (!value[n] || value[n] == '/')) {
			*(int *)to = words[i].level;
			return true;
		}
	}
	return false;
}

/* "128M", or Xen's "min:..,max:.." forms of which the last number counts; without suffix: KiB. */
static bool set_mem(void *to, const char *value)
{
	const char *p, *end;
	uint64_t v;

	if (!value)
		return false;
	for (p = value; strchr(p, ',');)
		p = strchr(p, ',') + 1;
	if (!strncmp(p, "max:", 4) || !strncmp(p, "min:", 4))
		p += 4;
	v = parse_size(p, &end);
	if (end == p || *end || !v)
		return false;
	if (end[-1] >= '0' && end[-1] <= '9') {
		if (v >> 54)
			return false;
		v <<= 10;
	}
	*(uint64_t *)to = v;
	return true;
}

static bool set_vcpus(void *to, const char *value)
{
	const char *end;
	uint64_t v = value ? strtoull(value, &end) : 0;

	if (!v || v > 64 || *end)
		return false;
	*(unsigned *)to = v;
	return true;
}

/* Words with commas between: "default", a flag for all domains, or dom0 and domU by name. */
static bool set_xpti(void *to, const char *value)
{
	char word[16];

	(void)to;
	for (const char *p = value ? value : "on", *end; p; p = *end ? end + 1 : NULL) {
		bool on = true, dom0 = true, domu = true;
		char *flag;

		end = strchr(p, ',') ? strchr(p, ',') : p + strlen(p);
		if ((size_t)(end - p) >= sizeof(word))
			return false;
		strlcpy(word, p, end - p + 1);
		flag = strchr(word, '=');
		if (flag)
			*flag++ = 0;
		if (!strcmp(word, "default")) {
			opt.xpti_dom0 = opt.xpti_domu = -1;
			continue;
		}
		domu = strcmp(word, "dom0");
		dom0 = strcmp(word, "domu");
		if (!set_flag(&on, dom0 && domu ? word : flag))
			return false;
		opt.xpti_dom0 = dom0 ? on : opt.xpti_dom0;
		opt.xpti_domu = domu ? on : opt.xpti_domu;
	}
	return true;
}

static const struct option options[] = {
	{ "console", opt.console, set_console, "com1, vga or none" },
	{ "com1", &opt.com1_baud, set_baud, "a baud rate up to 115200" },
	{ "loglvl", &opt.loglvl, set_level, "none, error, warning, info, debug or all" },
	{ "guest_loglvl", &opt.guest_loglvl, set_level, "none, error, warning, info, debug or all" },
	{ "dom0_mem", &opt.dom0_mem, set_mem, "a size such as 128M" },
	{ "dom0_max_vcpus", &opt.dom0_max_vcpus, set_vcpus, "1 to 64" },
	{ "maxcpus", &opt.maxcpus, set_vcpus, "1 to 64" },
	{ "smp", &opt.smp, set_flag, "on or off" },
	{ "nosmp", &opt.smp, set_off, "no value" },
	{ "noreboot", &opt.noreboot, set_flag, "on or off" },
	{ "smep", &opt.smep, set_flag, "on or off" },
	{ "smap", &opt.smap, set_flag, "on or off" },
	{ "xpti", NULL, set_xpti, "default, on, off, dom0=on or off, domu=on or off, with commas between" },
};

static const struct option *find(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(options); i++)
		if (!strcmp(options[i].name, name))
			return &options[i];
	return NULL;
}

static void parse_word(char *word)
{
	char *value = strchr(word, '=');
	const struct option *o;

	if (value)
		*value++ = 0;
	o = find(word);
	if (!o && !value && !strncmp(word, "no-", 3)) {
		o = find(word + 3);
		o = o && (o->set == set_flag || o->set == set_xpti) ? o : NULL;
		value = "off";
	}
	if (!o)
		printk(LOG_WARN, "command line: unknown option '%s' ignored", word);
	else if (!o->set(o->to, value))
		printk(LOG_WARN, "command line: %s='%s' ignored, expected %s", o->name,
		       value ? value : "", o->expected);
}

void cmdline_parse(const char *line)
{
	char word[WORD_MAX];

	while (*line) {
		size_t n = 0;

		for (; *line && *line != ' ' && *line != '\t'; line++)
			if (n < WORD_MAX - 1)
				word[n++] = *line;
		word[n] = 0;
		if (n)
			parse_word(word);
		line += *line != 0;
	}
}
