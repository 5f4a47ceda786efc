/* SPDX-License-Identifier: MIT */
/*
 * What spares an operator typing: the history, and completion with Tab. One choice is put in,
 * of several their common beginning, and where that is already there they are listed.
 */
#include <stdlib.h>
#include <string.h>
#include "edit_impl.h"

void edit_remember(struct edit *e, const char *line)
{
	size_t size = strlen(line) + 1;
	char *copy;

	if (e->nhistory && !strcmp(e->history[e->nhistory - 1], line))
		return;
	copy = malloc(size);
	if (!copy)
		return;
	memcpy(copy, line, size);
	if (e->nhistory == EDIT_HISTORY) {
		free(e->history[0]);
		memmove(e->history, e->history + 1, --e->nhistory * sizeof(e->history[0]));
	}
	e->history[e->nhistory++] = copy;
}

void edit_free(struct edit *e)
{
	while (e->nhistory)
		free(e->history[--e->nhistory]);
}

static size_t common(const struct edit_choices *c)
{
	size_t len = strlen(c->text[0]);
	unsigned int i;

	for (i = 1; i < c->n; i++) {
		size_t same = 0;

		while (same < len && c->text[i][same] == c->text[0][same])
			same++;
		len = same;
	}
	return len;
}

static void list(struct edit *e)
{
	unsigned int i;

	e->print("\r\n", 2);
	for (i = 0; i < e->choices.n; i++) {
		e->print(e->choices.text[i], strlen(e->choices.text[i]));
		e->print("  ", 2);
	}
	e->print("\r\n", 2);
	edit_repaint(e);
}

void edit_complete(struct edit *e)
{
	struct edit_choices *c = &e->choices;
	size_t have, len;

	c->n = 0;
	e->line[e->len] = '\0';
	e->complete(e->line, e->cursor, c);
	if (!c->n) {
		e->print("\a", 1);
		return;
	}
	have = e->cursor - c->start;
	len = common(c);
	if (c->n > 1 && len == have) {
		list(e);
		return;
	}
	edit_insert(e, c->text[0] + have, len - have);
	if (c->n == 1 && c->text[0][len - 1] != '/')
		edit_insert(e, " ", 1);
}
