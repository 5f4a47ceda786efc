/* SPDX-License-Identifier: MIT */
/*
 * Parses settings and answers questions about them. All or nothing for one text: on error nothing
 * of it stays. Lists nest to a bounded depth, because nesting is recursion here.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pvctl/cfg.h"
#include "pvctl/cfg_lex.h"

#define MAX_DEPTH 8

static void value_free(struct cfg_value *v)
{
	for (unsigned int i = 0; i < v->nr_items; i++)
		value_free(&v->items[i]);
	free(v->items);
	free(v->text);
}

static void setting_free(struct cfg_setting *s)
{
	value_free(&s->value);
	free(s->key);
	free(s->file);
	free(s);
}

static void list_free(struct cfg_setting *s)
{
	while (s) {
		struct cfg_setting *next = s->next;

		setting_free(s);
		s = next;
	}
}

void cfg_free(struct cfg *cfg)
{
	list_free(cfg->first);
	free(cfg->file);
	cfg->first = NULL;
	cfg->file = NULL;
}

static bool is_punct(const struct lexer *l, char c)
{
	return l->token.kind == TOK_PUNCT && *l->token.text == c;
}

static int parse_value(struct lexer *l, struct cfg_value *v, int depth, struct err *err);

static int add_item(struct lexer *l, struct cfg_value *list, int depth, struct err *err)
{
	struct cfg_value *items;

	items = realloc(list->items, (list->nr_items + 1) * sizeof(*items));
	if (!items)
		return err_set(err, ERR_NO_MEMORY, "%s:%u: out of memory", l->file, l->line);
	list->items = items;
	memset(&items[list->nr_items], 0, sizeof(*items));
	return parse_value(l, &items[list->nr_items++], depth, err);
}

static int parse_list(struct lexer *l, struct cfg_value *v, int depth, struct err *err)
{
	int rc = lex_next(l, err);

	v->kind = CFG_LIST;
	if (!rc && depth >= MAX_DEPTH)
		return lex_expected(l, "a list nested less deeply", err);
	while (!rc && !is_punct(l, ']')) {
		rc = add_item(l, v, depth + 1, err);
		if (rc || is_punct(l, ']'))
			break;
		if (!is_punct(l, ','))
			return lex_expected(l, "\",\" or \"]\" in the list", err);
		rc = lex_next(l, err);
	}
	return rc ? rc : lex_next(l, err);
}

/* Leaves the lexer behind the value. */
static int parse_value(struct lexer *l, struct cfg_value *v, int depth, struct err *err)
{
	if (is_punct(l, '['))
		return parse_list(l, v, depth, err);
	if (l->token.kind != TOK_STRING && l->token.kind != TOK_NUMBER)
		return lex_expected(l, "a number, a quoted string or a list", err);
	v->kind = l->token.kind == TOK_STRING ? CFG_STRING : CFG_NUMBER;
	v->number = l->token.number;
	v->text = l->token.text;
	l->token.text = NULL;
	return lex_next(l, err);
}

static struct cfg_setting *setting_new(const struct lexer *l, const char *key)
{
	struct cfg_setting *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->line = l->token.line;
	s->key = strdup(key);
	s->file = strdup(l->file);
	if (s->key && s->file)
		return s;
	setting_free(s);
	return NULL;
}

static int parse_setting(struct lexer *l, struct cfg_setting **out, struct err *err)
{
	struct cfg_setting *s;
	int rc;

	if (l->token.kind != TOK_NAME)
		return lex_expected(l, "the name of a setting", err);
	s = *out = setting_new(l, l->token.text);
	if (!s)
		return err_set(err, ERR_NO_MEMORY, "%s:%u: out of memory", l->file, l->line);
	rc = lex_next(l, err);
	if (!rc && !is_punct(l, '='))
		return lex_expected(l, "\"=\" after the name", err);
	if (!rc)
		rc = lex_next(l, err);
	if (!rc)
		rc = parse_value(l, &s->value, 0, err);
	if (!rc && l->token.kind != TOK_SEPARATOR && l->token.kind != TOK_END)
		return lex_expected(l, "the end of the line or \";\" after the value", err);
	return rc;
}

/* Puts s at the end, in place of an earlier setting of the same key. */
static void insert(struct cfg *cfg, struct cfg_setting *s)
{
	struct cfg_setting **link = &cfg->first;

	while (*link) {
		struct cfg_setting *old = *link;

		if (strcmp(old->key, s->key)) {
			link = &old->next;
			continue;
		}
		*link = old->next;
		setting_free(old);
	}
	*link = s;
}

int cfg_parse(struct cfg *cfg, const char *file, const char *text, struct err *err)
{
	struct cfg_setting *all = NULL, **tail = &all, *next;
	struct lexer l;
	int rc;

	if (!cfg->file)
		cfg->file = strdup(file);
	lex_start(&l, file, text);
	rc = lex_next(&l, err);
	while (!rc && l.token.kind != TOK_END) {
		if (l.token.kind == TOK_SEPARATOR) {
			rc = lex_next(&l, err);
			continue;
		}
		rc = parse_setting(&l, tail, err);
		if (*tail)
			tail = &(*tail)->next;
	}
	lex_end(&l);
	if (rc) {
		list_free(all);
		return rc;
	}
	for (; all; all = next) {
		next = all->next;
		all->next = NULL;
		insert(cfg, all);
	}
	return 0;
}

static char *quote(const char *key, size_t key_len, const char *value)
{
	char *text = malloc(key_len + 2 * strlen(value) + 3), *p = text;

	if (!text)
		return NULL;
	memcpy(p, key, key_len);
	p += key_len;
	*p++ = '"';
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			*p++ = '\\';
		*p++ = *value;
	}
	strcpy(p, "\"");
	return text;
}

/* A bare word is what is left of the quotes that a shell removed. */
int cfg_override(struct cfg *cfg, const char *text, struct err *err)
{
	const char *value = strchr(text, '=');
	char *quoted, *end;
	int rc;

	if (!value)
		return err_set(err, ERR_CONFIG, "command line: expected key=value, found \"%s\"",
			       text);
	value++;
	(void)strtoll(value, &end, 0);
	if (strchr("\"'[", *value) || (end != value && !*end))
		return cfg_parse(cfg, "command line", text, err);
	quoted = quote(text, (size_t)(value - text), value);
	if (!quoted)
		return err_set(err, ERR_NO_MEMORY, "command line: out of memory");
	rc = cfg_parse(cfg, "command line", quoted, err);
	free(quoted);
	return rc;
}

struct cfg_setting *cfg_find(struct cfg *cfg, const char *key)
{
	struct cfg_setting *s;

	for (s = cfg->first; s && strcmp(s->key, key); s = s->next)
		;
	if (s)
		s->used = true;
	return s;
}

int cfg_wrong(struct cfg *cfg, const char *key, struct err *err, const char *fmt, ...)
{
	struct cfg_setting *s = cfg_find(cfg, key);
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!s)
		return err_set(err, ERR_CONFIG, "%s: %s: %s", cfg->file ? cfg->file :
			       "configuration", key, text);
	return err_set(err, ERR_CONFIG, "%s:%u: %s: %s", s->file, s->line, key, text);
}

int cfg_string(struct cfg *cfg, const char *key, const char **out, struct err *err)
{
	struct cfg_setting *s = cfg_find(cfg, key);

	if (!s)
		return 1;
	if (s->value.kind == CFG_LIST)
		return cfg_wrong(cfg, key, err, "expected a string, found a list");
	*out = s->value.text;
	return 0;
}

int cfg_number(struct cfg *cfg, const char *key, long long min, long long max, long long *out,
	       struct err *err)
{
	struct cfg_setting *s = cfg_find(cfg, key);
	long long n;
	char *end;

	if (!s)
		return 1;
	if (s->value.kind == CFG_LIST)
		return cfg_wrong(cfg, key, err, "expected a number, found a list");
	/* As xl does, a quoted number will do. */
	errno = 0;
	n = strtoll(s->value.text, &end, 0);
	if (end == s->value.text || *end || errno)
		return cfg_wrong(cfg, key, err, "expected a number, found \"%s\"", s->value.text);
	if (n < min || n > max)
		return cfg_wrong(cfg, key, err, "expected %lld to %lld, found %lld", min, max, n);
	*out = n;
	return 0;
}
