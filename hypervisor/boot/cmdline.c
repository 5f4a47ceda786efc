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
#define LIST_WORD_MAX 24

struct boot_options opt = {
	.console = "com1",
	.loglvl = LOG_INFO,
	.guest_loglvl = LOG_WARN,
	.smp = true,
	.timer_slop = 50000,
	.smep = true,
	.smap = true,
	.xpti = { -1, -1 },
	.pv_l1tf = { -1, -1 },
	.spec = { [0 ... NR_SPEC_WORDS - 1] = -1 },
};

/* Of a list, the word that made it be refused. */
static char refused[LIST_WORD_MAX];

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

static bool refuse(const char *name, const char *flag)
{
	snprintf(refused, sizeof(refused), flag ? "%s=%s" : "%s", name, flag);
	return false;
}

/* A word that is a negation by itself. */
static bool set_off(void *to, const char *value)
{
	if (!value)
		*(bool *)to = false;
	return !value;
}

/* The next of the words with commas between, into word, cut if it is longer than any known; false: there is none. */
static bool next_word(const char **p, char word[LIST_WORD_MAX])
{
	const char *end;

	if (!*p)
		return false;
	end = strchr(*p, ',');
	strlcpy(word, *p, MIN(end ? (size_t)(end - *p) + 1 : strlen(*p) + 1, (size_t)LIST_WORD_MAX));
	*p = end ? end + 1 : NULL;
	return true;
}

static bool set_console(void *to, const char *value)
{
	const char *p = value;
	char word[LIST_WORD_MAX];

	if (!value || strlen(value) >= sizeof(opt.console))
		return false;
	while (next_word(&p, word))
		if (strcmp(word, "com1") && strcmp(word, "vga") && strcmp(word, "none"))
			return refuse(word, NULL);
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

/* Nanoseconds, up to a millisecond. */
static bool set_slop(void *to, const char *value)
{
	const char *end = value;
	uint64_t v = value ? strtoull(value, &end) : 0;

	if (end == value || *end || v > 1000000)
		return false;
	*(unsigned *)to = v;
	return true;
}

/* "default", a flag for all domains, or dom0 and domU by name. */
static bool set_domains(void *to, const char *value)
{
	struct opt_domains *out = to, all = *out;
	const char *p = value ? value : "on";
	char word[LIST_WORD_MAX];

	while (next_word(&p, word)) {
		char *flag = strchr(word, '=');
		bool on = true, dom0, domu;

		if (!strcmp(word, "default")) {
			all = (struct opt_domains){ -1, -1 };
			continue;
		}
		if (flag)
			*flag++ = 0;
		domu = strcmp(word, "dom0");
		dom0 = strcmp(word, "domu");
		if (!set_flag(&on, dom0 && domu ? word : flag))
			return refuse(word, flag);
		all.dom0 = dom0 ? on : all.dom0;
		all.domu = domu ? on : all.domu;
	}
	*out = all;
	return true;
}

static int off_if_default(int choice) { return choice < 0 ? 0 : choice; }

/* A flag for all of it (off includes what other options have left to the CPU), then "name", "name=flag" or
 * "no-name" of single ones. */
static bool set_spec(void *to, const char *value)
{
	const char *p = value ? value : "on";
	int8_t all[NR_SPEC_WORDS];
	bool off = false;
	char word[LIST_WORD_MAX];

	memcpy(all, to, sizeof(all));
	while (next_word(&p, word)) {
		char *flag = strchr(word, '='), *name = word;
		bool on = true, known = false;

		if (flag)
			*flag++ = 0;
		else if (set_flag(&on, word)) {
			memset(all, on ? -1 : 0, sizeof(all));
			off = !on;
			continue;
		} else if (!strncmp(word, "no-", 3)) {
			name += 3;
			flag = "off";
		}
		for (unsigned i = 0; i < NR_SPEC_WORDS; i++)
			if (!strcmp(name, spec_names[i])) {
				known = set_flag(&on, flag);
				all[i] = on;
			}
		if (!known)
			return refuse(word, flag);
	}
	memcpy(to, all, sizeof(all));
	if (off) {
		opt.xpti = (struct opt_domains){ off_if_default(opt.xpti.dom0), off_if_default(opt.xpti.domu) };
		opt.pv_l1tf = (struct opt_domains){ off_if_default(opt.pv_l1tf.dom0), off_if_default(opt.pv_l1tf.domu) };
	}
	return true;
}

#define DOMAINS_EXPECTED "default, on, off, dom0=on or off, domu=on or off, with commas between"

static const struct option options[] = {
	{ "console", opt.console, set_console, "com1, vga or none, with commas between" },
	{ "com1", &opt.com1_baud, set_baud, "a baud rate up to 115200" },
	{ "loglvl", &opt.loglvl, set_level, "none, error, warning, info, debug or all" },
	{ "guest_loglvl", &opt.guest_loglvl, set_level, "none, error, warning, info, debug or all" },
	{ "dom0_mem", &opt.dom0_mem, set_mem, "a size such as 128M" },
	{ "dom0_max_vcpus", &opt.dom0_max_vcpus, set_vcpus, "1 to 64" },
	{ "maxcpus", &opt.maxcpus, set_vcpus, "1 to 64" },
	{ "smp", &opt.smp, set_flag, "on or off" },
	{ "nosmp", &opt.smp, set_off, "no value" },
	{ "timer_slop", &opt.timer_slop, set_slop, "0 to 1000000 (ns)" },
	{ "noreboot", &opt.noreboot, set_flag, "on or off" },
	{ "smep", &opt.smep, set_flag, "on or off" },
	{ "smap", &opt.smap, set_flag, "on or off" },
	{ "xpti", &opt.xpti, set_domains, DOMAINS_EXPECTED },
	{ "pv-l1tf", &opt.pv_l1tf, set_domains, DOMAINS_EXPECTED },
	{ "spec-ctrl", opt.spec, set_spec, "on, off, or clear-regs, ibrs, stibp, ibpb, ssbd, md-clear, rsb, each =on or =off, "
	  "with commas between" },
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
	refused[0] = 0;
	o = find(word);
	if (!o && !value && !strncmp(word, "no-", 3)) {
		o = find(word + 3);
		o = o && (o->set == set_flag || o->set == set_domains || o->set == set_spec) ? o : NULL;
		value = "off";
	}
	if (!o)
		printk(LOG_WARN, "command line: unknown option '%s' ignored", word);
	else if (!o->set(o->to, value))
		printk(LOG_WARN, "command line: %s='%s' ignored%s%s, expected %s", o->name, value ? value : "",
		       refused[0] ? " because of " : "", refused, o->expected);
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
