/* SPDX-License-Identifier: MIT */
/*
 * The line editor: keys to edits.
 *
 * Invariant: between keys the screen shows prompt and line with its cursor at `cursor`, and
 * cursor <= len < EDIT_LINE. Edits at the end of the line print only what is typed.
 */
#include "edit.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "edit_impl.h"

#define CTRL(c) ((c) & 0x1f)
#define ESC 0x1b

static void say(struct edit *e, const char *s)
{
	e->print(s, strlen(s));
}

static void back(struct edit *e, size_t n)
{
	while (n--)
		say(e, "\b");
}

/* Prints the line from `from` on, rubs out what may follow, and returns to the cursor. */
static void repaint_from(struct edit *e, size_t from)
{
	e->print(e->line + from, e->len - from);
	say(e, "\x1b[K");
	back(e, e->len - e->cursor);
}

void edit_move(struct edit *e, size_t to)
{
	if (to < e->cursor)
		back(e, e->cursor - to);
	else
		e->print(e->line + e->cursor, to - e->cursor);
	e->cursor = to;
}

void edit_insert(struct edit *e, const char *s, size_t n)
{
	size_t from = e->cursor;

	if (n > EDIT_LINE - 1 - e->len) {
		say(e, "\a");
		return;
	}
	memmove(e->line + from + n, e->line + from, e->len - from);
	memcpy(e->line + from, s, n);
	e->len += n;
	e->cursor += n;
	if (e->cursor == e->len)
		e->print(s, n);
	else
		repaint_from(e, from);
}

/* Deletes [from, to), leaving the cursor there. */
static void cut(struct edit *e, size_t from, size_t to)
{
	if (from >= to)
		return;
	edit_move(e, from);
	memmove(e->line + from, e->line + to, e->len - to);
	e->len -= to - from;
	repaint_from(e, from);
}

static void kill_text(struct edit *e, size_t from, size_t to)
{
	memcpy(e->killed, e->line + from, to - from);
	e->killed[to - from] = '\0';
	cut(e, from, to);
}

static void kill_word(struct edit *e)
{
	size_t from = e->cursor;

	while (from && e->line[from - 1] == ' ')
		from--;
	while (from && e->line[from - 1] != ' ')
		from--;
	kill_text(e, from, e->cursor);
}

void edit_repaint(struct edit *e)
{
	say(e, e->prompt);
	repaint_from(e, 0);
}

static void set_line(struct edit *e, const char *s)
{
	edit_move(e, 0);
	e->len = e->cursor = strlen(s);
	memcpy(e->line, s, e->len);
	repaint_from(e, 0);
}

static void browse(struct edit *e, int step)
{
	unsigned int to = e->browse + step;

	if (to > e->nhistory)   /* below zero as well */
		return;
	e->line[e->len] = '\0';
	if (e->browse == e->nhistory)
		strcpy(e->draft, e->line);
	e->browse = to;
	set_line(e, to == e->nhistory ? e->draft : e->history[to]);
}

void edit_begin(struct edit *e)
{
	e->len = e->cursor = e->nescape = 0;
	e->browse = e->nhistory;
	say(e, e->prompt);
}

static bool finish(struct edit *e)
{
	edit_move(e, e->len);
	e->line[e->len] = '\0';
	say(e, "\r\n");
	if (strspn(e->line, " ") < e->len)
		edit_remember(e, e->line);
	return true;
}

static bool control(struct edit *e, char key)
{
	switch (key) {
	case CTRL('A'): edit_move(e, 0); break;
	case CTRL('E'): edit_move(e, e->len); break;
	case CTRL('B'): edit_move(e, e->cursor - !!e->cursor); break;
	case CTRL('F'): edit_move(e, e->cursor + (e->cursor < e->len)); break;
	case CTRL('P'): browse(e, -1); break;
	case CTRL('N'): browse(e, 1); break;
	case CTRL('K'): kill_text(e, e->cursor, e->len); break;
	case CTRL('U'): kill_text(e, 0, e->cursor); break;
	case CTRL('W'): kill_word(e); break;
	case CTRL('Y'): edit_insert(e, e->killed, strlen(e->killed)); break;
	case CTRL('D'): cut(e, e->cursor, e->cursor + (e->cursor < e->len)); break;
	case CTRL('H'):
	case 0x7f: cut(e, e->cursor - !!e->cursor, e->cursor); break;
	case '\t': edit_complete(e); break;
	case CTRL('L'):
		say(e, "\x1b[H\x1b[2J");
		edit_repaint(e);
		break;
	case CTRL('C'):
		say(e, "^C");
		e->len = e->cursor = 0;
		return finish(e);
	case '\r':
	case '\n':
		return finish(e);
	}
	return false;
}

/* Escape sequences and the control keys that do the same. */
static const struct {
	const char *sequence;
	char key;
} keys[] = {
	{ "[A", CTRL('P') }, { "[B", CTRL('N') }, { "[C", CTRL('F') }, { "[D", CTRL('B') },
	{ "OA", CTRL('P') }, { "OB", CTRL('N') }, { "OC", CTRL('F') }, { "OD", CTRL('B') },
	{ "[H", CTRL('A') }, { "[F", CTRL('E') }, { "OH", CTRL('A') }, { "OF", CTRL('E') },
	{ "[1~", CTRL('A') }, { "[7~", CTRL('A') }, { "[4~", CTRL('E') }, { "[8~", CTRL('E') },
	{ "[3~", CTRL('D') },
};

/* A sequence ends with a letter or '~' behind its first character. */
static void escaped(struct edit *e, char key)
{
	size_t i;

	if (e->nescape < sizeof(e->escape) - 1)
		e->escape[e->nescape++] = key;
	if (e->nescape < 3 || !(isalpha((unsigned char)key) || key == '~')) {
		if (e->nescape == 2 && key != '[' && key != 'O')
			e->nescape = 0;
		return;
	}
	e->escape[e->nescape] = '\0';
	e->nescape = 0;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(keys[i].sequence, e->escape + 1))
			control(e, keys[i].key);
}

bool edit_key(struct edit *e, char key)
{
	bool same_key = e->after_cr && key == '\n';

	e->after_cr = key == '\r';
	if (same_key)
		return false;
	if (e->nescape || key == ESC)
		escaped(e, key);
	else if ((unsigned char)key < ' ' || key == 0x7f)
		return control(e, key);
	else
		edit_insert(e, &key, 1);
	return false;
}
