/* SPDX-License-Identifier: MIT */
/*
 * Command lines to words: blanks separate, ';' and newline end a command, '#' at the begin of a
 * word starts a comment. 'single' quotes keep all, "double" quotes keep all but \" \\ \$ and $?,
 * a backslash keeps the next character. $? is the status of the last command.
 */
#ifndef SHELL_PARSE_H
#define SHELL_PARSE_H

#include <stddef.h>

#define PARSE_WORDS 64          /* most words of a command, with the NULL behind them */
#define PARSE_TEXT 2048         /* their letters and NULs */

struct parse {
	int argc;
	char *argv[PARSE_WORDS];        /* ends with NULL */
	char text[PARSE_TEXT];
	const char *error;              /* why the line is no command */
};

/* Takes the first command off *line and moves *line behind it. 1: a command is in p (argc may be
 * 0: nothing between two ends); 0: the line is used up; -1: p->error says what is wrong. */
int parse_command(struct parse *p, const char **line, int status);

#endif
