/* SPDX-License-Identifier: MIT */
/* Splits configuration text into words. The text is the operator's: any bytes, but NUL-
 * terminated. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "pvctl/cfg_lex.h"

void lex_start(struct lexer *l, const char *file, const char *text)
{
	memset(l, 0, sizeof(*l));
	l->file = file;
	l->at = text;
	l->line = 1;
}

void lex_end(struct lexer *l)
{
	free(l->token.text);
	l->token.text = NULL;
}

int lex_expected(const struct lexer *l, const char *what, struct err *err)
{
	const struct token *t = &l->token;

	if (t->kind == TOK_END)
		return err_set(err, ERR_CONFIG, "%s:%u: expected %s, found the end of the file",
			       l->file, t->line, what);
	if (t->kind == TOK_SEPARATOR)
		return err_set(err, ERR_CONFIG, "%s:%u: expected %s, found the end of the %s",
			       l->file, t->line, what, *t->text == ';' ? "setting" : "line");
	return err_set(err, ERR_CONFIG, "%s:%u: expected %s, found %s\"%s\"", l->file, t->line,
		       what, t->kind == TOK_STRING ? "string " : "", t->text);
}

static int emit(struct lexer *l, enum token_kind kind, const char *start, size_t len,
		struct err *err)
{
	l->token.kind = kind;
	l->token.line = l->line;
	l->token.text = strndup(start, len);
	if (!l->token.text)
		return err_set(err, ERR_NO_MEMORY, "%s:%u: out of memory", l->file, l->line);
	return 0;
}

static void skip_blank(struct lexer *l)
{
	for (;; l->at++) {
		if (*l->at == '#')
			while (l->at[1] && l->at[1] != '\n')
				l->at++;
		else if (*l->at == '\n' && l->depth > 0)
			l->line++;
		else if (*l->at == '\\' && l->at[1] == '\n')
			l->line++, l->at++;
		else if (*l->at != ' ' && *l->at != '\t' && *l->at != '\r')
			return;
	}
}

static int hex(int c)
{
	return isdigit(c) ? c - '0' : isxdigit(c) ? (c | 32) - 'a' + 10 : -1;
}

/* One escape after the backslash at *p; moves p to its last character; -1: not an escape. */
static int escape(const char **p)
{
	static const char names[] = "abfnrtv\\\"'", values[] = "\a\b\f\n\r\t\v\\\"'";
	const char *name = **p ? strchr(names, **p) : NULL;
	int high, low;

	if (name)
		return values[name - names];
	if (**p != 'x' || (high = hex((unsigned char)(*p)[1])) < 0 ||
	    (low = hex((unsigned char)(*p)[2])) < 0)
		return -1;
	*p += 2;
	return high << 4 | low;
}

static int lex_string(struct lexer *l, struct err *err)
{
	char quote = *l->at;
	const char *p = l->at + 1;
	char *out;
	size_t n = 0;
	int c;

	if (emit(l, TOK_STRING, p, strlen(p), err))
		return -ENOMEM;
	out = l->token.text;            /* what stands there is never shorter than what it means */
	for (; *p && *p != quote && *p != '\n'; p++) {
		c = (unsigned char)*p;
		if (c == '\\') {
			p++;
			c = escape(&p);
			if (c <= 0)
				return err_set(err, ERR_CONFIG, "%s:%u: expected an escape like "
					       "\\n, \\\" or \\x41 in the string, found \"\\%.1s\"",
					       l->file, l->line, p);
		}
		out[n++] = (char)c;
	}
	out[n] = 0;
	if (*p != quote)
		return err_set(err, ERR_CONFIG, "%s:%u: expected a closing %c, found the end of "
			       "the %s", l->file, l->line, quote, *p ? "line" : "file");
	l->at = p + 1;
	return 0;
}

static int lex_number(struct lexer *l, struct err *err)
{
	const char *start = l->at;
	char *end;
	long long n;
	int rc;

	errno = 0;
	n = strtoll(start, &end, 0);
	if (end == start || isalnum((unsigned char)*end) || *end == '_' || errno) {
		while (isalnum((unsigned char)*l->at) || *l->at == '_' || l->at == start)
			l->at++;
		return err_set(err, ERR_CONFIG, "%s:%u: expected a number that fits 64 bits, found "
			       "\"%.*s\"", l->file, l->line, (int)(l->at - start), start);
	}
	l->at = end;
	rc = emit(l, TOK_NUMBER, start, (size_t)(end - start), err);
	l->token.number = n;
	return rc;
}

static int lex_name(struct lexer *l, struct err *err)
{
	const char *start = l->at;

	while (isalnum((unsigned char)*l->at) || *l->at == '_' || *l->at == '-')
		l->at++;
	return emit(l, TOK_NAME, start, (size_t)(l->at - start), err);
}

static int lex_separator(struct lexer *l, struct err *err)
{
	int rc = emit(l, TOK_SEPARATOR, l->at, 1, err);

	l->line += *l->at == '\n';
	l->at++;
	return rc;
}

int lex_next(struct lexer *l, struct err *err)
{
	unsigned char c;

	lex_end(l);
	skip_blank(l);
	c = (unsigned char)*l->at;
	if (!c)
		return emit(l, TOK_END, "", 0, err);
	if (c == '\n' || c == ';')
		return lex_separator(l, err);
	if (c == '"' || c == '\'')
		return lex_string(l, err);
	if (isdigit(c) || (c == '-' && isdigit((unsigned char)l->at[1])))
		return lex_number(l, err);
	if (isalpha(c) || c == '_')
		return lex_name(l, err);
	l->depth += c == '[';
	l->depth -= c == ']' && l->depth > 0;
	return emit(l, TOK_PUNCT, l->at++, 1, err);
}
