/* SPDX-License-Identifier: MIT */
/*
 * Parses what xl's manual calls a disk specification. Words without "=" are positional; a keyed one may stand
 * anywhere; "target=" takes all the rest, commas too. What domain 0 cannot do (other formats, scripts, another
 * backend domain) is an error that says so.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pvctl/disk_cfg.h"

enum position { TARGET, FORMAT, VDEV, ACCESS, END };

struct parse {
	struct disk_config *disk;
	const char *spec;
	struct err *err;
	enum position next;
	bool typed;             /* phy or file was said */
};

static int wrong(struct parse *p, const char *what, const char *expected, const char *found)
{
	return err_set(p->err, ERR_CONFIG, "disk \"%s\": %s: expected %s, found \"%s\"", p->spec, what,
		       expected, found);
}

static int set_type(struct parse *p, bool file)
{
	p->disk->file = file;
	p->typed = true;
	return 0;
}

/* phy: disks are named as domain 0 names them, with or without /dev/. */
static int set_target(struct parse *p, const char *text)
{
	if (!strncmp(text, "phy:", 4)) {
		set_type(p, false);
		text += 4;
		p->next = VDEV;
	} else if (!strncmp(text, "file:", 5)) {
		set_type(p, true);
		text += 5;
		p->next = VDEV;
	} else if (!strncmp(text, "raw:", 4)) {
		text += 4;
		p->next = VDEV;
	}
	if (strlen(text) > DISK_TARGET_MAX)
		return wrong(p, "target", "a shorter name", text);
	strcpy(p->disk->target, text);
	return 0;
}

static int set_format(struct parse *p, const char *text)
{
	return !*text || !strcmp(text, "raw") ? 0 : wrong(p, "format", "raw", text);
}

static int set_vdev(struct parse *p, const char *text)
{
	struct disk_config *d = p->disk;
	char *cdrom = strstr(text, ":cdrom");

	if (cdrom && !cdrom[6]) {
		*cdrom = 0;
		d->cdrom = true;
	}
	if (disk_vdev_parse(text, &d->number))
		return wrong(p, "vdev", "a name like xvda, xvda1 or d0p1", text);
	disk_vdev_name(d->number, d->vdev);
	return 0;
}

static int set_access(struct parse *p, const char *text)
{
	bool write = !strcmp(text, "w") || !strcmp(text, "rw");

	if (!write && strcmp(text, "r") && strcmp(text, "ro"))
		return wrong(p, "access", "r, ro, w or rw", text);
	p->disk->write = write;
	return 0;
}

static int set_devtype(struct parse *p, const char *text)
{
	p->disk->cdrom = !strcmp(text, "cdrom");
	return p->disk->cdrom || !strcmp(text, "disk") ? 0 : wrong(p, "devtype", "disk or cdrom", text);
}

static int set_backend(struct parse *p, const char *text)
{
	return !strcmp(text, "0") || !strcmp(text, "Domain-0") ? 0 :
	       wrong(p, "backend", "0, the only one there is", text);
}

static int set_backendtype(struct parse *p, const char *text)
{
	if (strcmp(text, "phy") && strcmp(text, "qdisk"))
		return wrong(p, "backendtype", "phy or qdisk (a file)", text);
	return set_type(p, *text == 'q');
}

static int set_grants(struct parse *p, const char *text)
{
	int grants = disk_grants_parse(text);

	if (grants < 0)
		return wrong(p, "grants", "best, map, persistent or copy", text);
	p->disk->grants = (enum disk_grants)grants;
	return 0;
}

static const struct {
	const char *key;
	int (*set)(struct parse *p, const char *text);
} keys[] = {
	{ "format", set_format }, { "vdev", set_vdev }, { "access", set_access },
	{ "devtype", set_devtype }, { "backend", set_backend }, { "backendtype", set_backendtype },
	{ "grants", set_grants }, { "target", set_target },
};

static int set_keyed(struct parse *p, const char *word, const char *value)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strncmp(keys[i].key, word, (size_t)(value - word)) &&
		    !keys[i].key[value - word])
			return keys[i].set(p, value + 1);
	return wrong(p, "key", "one of format, vdev, access, devtype, backend, backendtype, discard, "
		     "no-discard, grants, target", word);
}

/* A word by its place. The older form has no format; a word there that names one is taken as such. */
static int set_positional(struct parse *p, const char *word)
{
	enum position at = p->next++;

	switch (at) {
	case TARGET:
		return set_target(p, word);
	case FORMAT:
		return set_format(p, word);
	case VDEV:
		if (!*word || !strcmp(word, "raw"))
			return p->next--, 0;
		return set_vdev(p, word);
	case ACCESS:
		return *word ? set_access(p, word) : 0;
	default:
		return wrong(p, "word", "at most target, format, vdev and access without a key", word);
	}
}

static int set_word(struct parse *p, char *word)
{
	char *value = strchr(word, '=');

	if (!strcmp(word, "discard") || !strcmp(word, "no-discard")) {
		p->disk->discard = *word == 'd';
		return 0;
	}
	if (!strcmp(word, "cdrom"))
		return set_devtype(p, word);
	return value ? set_keyed(p, word, value) : set_positional(p, word);
}

/* Cuts the next word off; all of the rest if it is the target's key. */
static char *next_word(char **rest)
{
	char *word = *rest, *end;

	while (*word == ' ')
		word++;
	end = strncmp(word, "target=", 7) ? strchr(word, ',') : NULL;
	*rest = end ? end + 1 : NULL;
	if (!end)
		end = word + strlen(word);
	while (end > word && end[-1] == ' ')
		end--;
	*end = 0;
	return word;
}

/* A file is known by its path: under two of them it would be two disks, each with a writer of its own. */
static bool has_detour(const char *path)
{
	for (size_t n; *path; path += n) {
		n = strcspn(++path, "/");
		if (!n || (n <= 2 && !strncmp(path, "..", n)))
			return true;
	}
	return false;
}

static int finish(struct parse *p)
{
	struct disk_config *d = p->disk;

	if (!*d->target)
		return wrong(p, "target", "a disk of domain 0's or a file", "");
	if (!*d->vdev)
		return wrong(p, "vdev", "a name like xvda", "");
	if (!p->typed)
		d->file = *d->target == '/' && strncmp(d->target, "/dev/", 5);
	if (!d->file && !strncmp(d->target, "/dev/", 5))
		memmove(d->target, d->target + 5, strlen(d->target + 5) + 1);
	if (d->file && *d->target != '/')
		return wrong(p, "target", "the absolute path of a file", d->target);
	if (d->file && has_detour(d->target))
		return wrong(p, "target", "a path without empty parts, . and ..", d->target);
	if (d->cdrom)
		d->write = false;
	return 0;
}

int disk_cfg_parse(struct disk_config *disk, const char *spec, struct err *err)
{
	struct parse p = { .disk = disk, .spec = spec, .err = err };
	char *text = strdup(spec), *rest = text;
	int rc = text ? 0 : err_set(err, ERR_NO_MEMORY, "disk: out of memory");

	*disk = (struct disk_config){ .write = true, .discard = true };
	while (!rc && rest)
		rc = set_word(&p, next_word(&rest));
	free(text);
	return rc ? rc : finish(&p);
}
