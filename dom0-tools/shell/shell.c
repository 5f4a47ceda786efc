/* SPDX-License-Identifier: MIT */
/*
 * The shell's loops: over what is typed, and over the lines of a file. One operator, one
 * terminal, one thread: what is static here needs no lock.
 */
#include "shell.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../os/os.h"
#include "builtin.h"
#include "parse.h"

#define PROMPT "dom0# "
#define SOURCE_DEPTH 8          /* files that run files */

static int last_status;
static unsigned int ran, failed;        /* commands */
static bool telling;                    /* a script's reader wants to know what failed */

static void print(const char *s, size_t n)
{
	os_term_write(s, n);
}

struct edit shell_editor = { .print = print, .complete = shell_complete, .prompt = PROMPT };

static void ended(int status)
{
	last_status = status;
	ran++;
	failed += status != 0;
	if (status && telling)
		printf("exit status %d\n", status);
}

static void run_line(const char *line)
{
	struct parse *p = malloc(sizeof(*p));
	int got = p ? 0 : -1;

	while (p && (got = parse_command(p, &line, last_status)) > 0) {
		if (p->argc)
			ended(builtin_run(p->argc, p->argv));
	}
	if (got < 0) {
		fprintf(stderr, "shell: %s\n", p ? p->error : "no memory");
		ended(2);
	}
	free(p);
}

void shell_run(void)
{
	char key;

	for (;;) {
		edit_begin(&shell_editor);
		do
			while (os_term_read(&key, 1, -1) != 1)
				;
		while (!edit_key(&shell_editor, key));
		run_line(shell_editor.line);
	}
}

/* Reads a line without its end. False at the end of the file, or, having said so, when a line is
 * too long to be a command. */
static bool read_line(FILE *f, char *line, const char *path)
{
	if (!fgets(line, EDIT_LINE, f))
		return false;
	if (!strchr(line, '\n') && !feof(f)) {
		fprintf(stderr, "shell: %s: a line is longer than %d letters\n", path,
			EDIT_LINE - 2);
		ended(2);
		return false;
	}
	line[strcspn(line, "\r\n")] = '\0';
	return true;
}

/* Runs the lines of a file; with `echo` each is shown at a prompt first. 0, or -errno if it cannot
 * be opened; what goes wrong later is a command that failed. */
static int run_file(const char *path, bool echo)
{
	static unsigned int depth;
	char line[EDIT_LINE];
	FILE *f;

	if (depth == SOURCE_DEPTH) {
		fprintf(stderr, "shell: %s: files run files %u deep\n", path, depth);
		ended(2);
		return 0;
	}
	f = fopen(path, "r");
	if (!f)
		return -errno;
	depth++;
	while (read_line(f, line, path)) {
		if (echo) {
			printf(PROMPT "%s\n", line);
			fflush(stdout);
		}
		run_line(line);
	}
	depth--;
	fclose(f);
	return 0;
}

int shell_source(const char *path)
{
	int ret = run_file(path, false);

	return ret ? ret : last_status;
}

int shell_script(const char *path)
{
	int ret;

	telling = true;
	ret = run_file(path, true);
	if (!ret)
		printf("%s: %u commands, %u failed\n", path, ran, failed);
	fflush(stdout);
	return ret ? ret : failed != 0;
}
