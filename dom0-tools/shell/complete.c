/* SPDX-License-Identifier: MIT */
/*
 * What Tab offers: the first word of a command is a command, anything else a file. Words with quotes in them are left alone.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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

void shell_complete(const char *line, size_t cursor, struct edit_choices *c)
{
	size_t begin = cursor, first = cursor;
	const char *word;
	unsigned int i;

	while (first && line[first - 1] != ';')
		first--;
	first += strspn(line + first, " ");
	while (begin > first && line[begin - 1] != ' ')
		begin--;
	c->start = begin;
	word = line + begin;
	if (first >= begin) {
		for (i = 0; builtins[i].name; i++)
			offer(c, word, cursor - begin, builtins[i].name);
		return;
	}
	offer_files(c, word, cursor - begin);
}
