/* SPDX-License-Identifier: MIT */
/*
 * What Tab offers: the first word of a command is a command, the second of pvctl a verb, further
 * ones of pvctl are domains or files, anything else a file. Quoted words are left alone.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "../pvctl/pvctl.h"
#include "../xenstore/xs.h"
#include "builtin.h"

static void offer(struct edit_choices *c, const char *word, size_t len, const char *choice)
{
	if (strncmp(choice, word, len) || c->n == EDIT_CHOICES || strlen(choice) >= EDIT_CHOICE)
		return;
	strcpy(c->text[c->n++], choice);
}

static void offer_files(struct edit_choices *c, const char *word, size_t len)
{
	char dir[EDIT_CHOICE], path[2 * EDIT_CHOICE + 2];
	const char *base = word + len;
	struct dirent *entry;
	struct stat st;
	DIR *d;

	while (base > word && base[-1] != '/')
		base--;
	if (len >= sizeof(dir))
		return;
	snprintf(dir, sizeof(dir), "%.*s", (int)(base - word), word);
	d = opendir(dir[0] ? dir : ".");
	while (d && (entry = readdir(d))) {
		if (entry->d_name[0] == '.' || strlen(entry->d_name) >= EDIT_CHOICE)
			continue;
		snprintf(path, sizeof(path), "%s%s", dir, entry->d_name);
		if (!stat(path, &st) && S_ISDIR(st.st_mode))
			strcat(path, "/");
		offer(c, word, len, path);
	}
	if (d)
		closedir(d);
}

/* Names of the domains that there are. */
static void offer_domains(struct edit_choices *c, const char *word, size_t len)
{
	struct xs_handle *h = xs_open(0);
	unsigned int n = 0, i;
	char **ids = h ? xs_directory(h, XBT_NULL, "/local/domain", &n) : NULL;
	char path[64], *name;

	for (i = 0; ids && i < n; i++) {
		snprintf(path, sizeof(path), "/local/domain/%s/name", ids[i]);
		name = xs_read(h, XBT_NULL, path, NULL);
		if (name)
			offer(c, word, len, name);
		free(name);
	}
	free(ids);
	xs_close(h);
}

/* Where the command that the cursor is in begins, and which of its words the cursor is in. */
static size_t command_of(const char *line, size_t cursor, unsigned int *nth)
{
	size_t first = cursor, at;

	while (first && line[first - 1] != ';')
		first--;
	first += strspn(line + first, " ");
	*nth = 0;
	for (at = first; at < cursor; at++)
		*nth += line[at] == ' ' && line[at + 1] != ' ';
	return first;
}

static bool is_pvctl(const char *s)
{
	return !strncmp(s, "pvctl ", 6) || !strncmp(s, "xl ", 3);
}

void shell_complete(const char *line, size_t cursor, struct edit_choices *c)
{
	unsigned int nth, i;
	size_t first = command_of(line, cursor, &nth), len;
	const char *word;

	c->start = cursor;
	while (c->start > first && line[c->start - 1] != ' ')
		c->start--;
	word = line + c->start;
	len = cursor - c->start;
	if (!nth) {
		for (i = 0; builtins[i].name; i++)
			offer(c, word, len, builtins[i].name);
	} else if (nth == 1 && is_pvctl(line + first)) {
		for (i = 0; pvctl_verb(i); i++)
			offer(c, word, len, pvctl_verb(i));
	} else {
		if (is_pvctl(line + first))
			offer_domains(c, word, len);
		offer_files(c, word, len);
	}
}
