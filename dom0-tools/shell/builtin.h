/* SPDX-License-Identifier: MIT */
/* The shell's own commands. */
#ifndef SHELL_BUILTIN_H
#define SHELL_BUILTIN_H

#include "edit.h"

struct builtin {
	const char *name;
	const char *args;               /* for help */
	const char *about;
	int (*run)(int argc, char **argv);      /* exit status */
};

extern const struct builtin builtins[];         /* ends with a NULL name */

/* Runs one command, of whatever kind; its exit status. 127: there is no such command. */
int builtin_run(int argc, char **argv);

extern struct edit shell_editor;                /* for `history` and `clear` */

/* Runs the commands of a text, one line after another; the status of the last one. */
int shell_source(const char *path);

/* The completer for shell_editor: commands, pvctl's subcommands, file names. */
void shell_complete(const char *line, size_t cursor, struct edit_choices *out);

#endif
