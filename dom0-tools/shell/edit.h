/* SPDX-License-Identifier: MIT */
/*
 * A line editor for a terminal that understands backspace and erase-to-end (any). It is fed the
 * bytes typed, one at a time, and says what to print: no terminal, clock or file is touched here.
 * It does not know the terminal's width, so a line that wraps can be typed but not edited across
 * the wrap; Ctrl-L shows it as it is.
 *
 * Keys: arrows, Home, End, Delete, Backspace; Ctrl-A E B F begin, end, back, forward; Ctrl-P N
 * history; Ctrl-K U W kill to the end, to the begin, the word before; Ctrl-Y brings it back;
 * Ctrl-L clears the screen; Ctrl-C drops the line; Ctrl-D deletes; Tab completes.
 */
#ifndef SHELL_EDIT_H
#define SHELL_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#define EDIT_LINE 1024          /* longest line, with its NUL */
#define EDIT_HISTORY 64         /* lines remembered */
#define EDIT_CHOICES 64         /* completions considered */
#define EDIT_CHOICE 256         /* longest completion, with its NUL */

/* What could stand where the cursor is. */
struct edit_choices {
	size_t start;                   /* where in the line the word begins */
	unsigned int n;
	char text[EDIT_CHOICES][EDIT_CHOICE];   /* whole words; "dir/" is not followed by a space */
};

struct edit {
	void (*print)(const char *s, size_t n);
	void (*complete)(const char *line, size_t cursor, struct edit_choices *out);
	const char *prompt;
	char line[EDIT_LINE];           /* NUL-terminated when done */
	size_t len, cursor;
	char killed[EDIT_LINE];
	char *history[EDIT_HISTORY];    /* oldest first */
	unsigned int nhistory, browse;  /* browse == nhistory: the line being written */
	char draft[EDIT_LINE];          /* that line, while an older one is shown */
	char escape[8];                 /* an escape sequence, as far as it has come */
	size_t nescape;
	bool after_cr;                  /* a newline now would be the same key */
	struct edit_choices choices;
};

/* Prints the prompt and begins an empty line. */
void edit_begin(struct edit *e);

/* Takes one byte. True: the line in e->line is complete, and is in the history if not blank.
 * Ctrl-C completes an empty line. */
bool edit_key(struct edit *e, char key);

void edit_remember(struct edit *e, const char *line);   /* to the history, if new there */
void edit_free(struct edit *e);                         /* the history */

#endif
