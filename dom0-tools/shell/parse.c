/* SPDX-License-Identifier: MIT */
/* The shell's command parser. No state but its argument; it never looks behind the NUL. */
#include "parse.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct out {
	char *p, *end;
	bool overflow;
};

static void put(struct out *o, char c)
{
	if (o->p == o->end)
		o->overflow = true;
	else
		*o->p++ = c;
}

static void put_number(struct out *o, int n)
{
	char digits[12];
	const char *p = digits;

	snprintf(digits, sizeof(digits), "%d", n);
	while (*p)
		put(o, *p++);
}

/* Handles what means the same inside and outside double quotes; how many letters it used. */
static int expand(struct out *o, const char *s, int status)
{
	if (s[0] != '$' || s[1] != '?')
		return 0;
	put_number(o, status);
	return 2;
}

/* A quoted part, from its opening quote; a pointer behind the closing one, or NULL. */
static const char *quoted(struct out *o, const char *s, int status)
{
	char quote = *s++;
	int used;

	while (*s && *s != quote) {
		if (quote == '"' && (used = expand(o, s, status))) {
			s += used;
			continue;
		}
		if (quote == '"' && *s == '\\' && s[1] && strchr("\"\\$", s[1]))
			s++;
		put(o, *s++);
	}
	return *s ? s + 1 : NULL;
}

static bool ends_word(char c)
{
	return !c || strchr(" \t\r\n;", c);
}

static const char *word(struct parse *p, struct out *o, const char *s, int status)
{
	int used;

	while (s && !ends_word(*s)) {
		if (*s == '\'' || *s == '"') {
			s = quoted(o, s, status);
		} else if ((used = expand(o, s, status))) {
			s += used;
		} else {
			if (*s == '\\' && s[1])
				s++;
			put(o, *s++);
		}
	}
	if (!s)
		p->error = "a quote is not closed";
	put(o, '\0');
	return s;
}

int parse_command(struct parse *p, const char **line, int status)
{
	struct out o = { p->text, p->text + sizeof(p->text), false };
	const char *s = *line;

	p->argc = 0;
	p->argv[0] = NULL;
	p->error = NULL;
	if (!*s)
		return 0;
	for (;;) {
		s += strspn(s, " \t\r");
		if (*s == '#')
			s += strcspn(s, "\n");
		if (ends_word(*s))
			break;
		if (p->argc == PARSE_WORDS - 1) {
			p->error = "too many words";
			return -1;
		}
		p->argv[p->argc++] = o.p;
		s = word(p, &o, s, status);
		if (o.overflow)
			p->error = "the command is too long";
		if (p->error)
			return -1;
	}
	p->argv[p->argc] = NULL;
	*line = *s ? s + 1 : s;
	return 1;
}
