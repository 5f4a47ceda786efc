/* SPDX-License-Identifier: MIT */
/* Words of the xl.cfg language. */
#ifndef DOM0_TOOLS_PVCTL_CFG_LEX_H
#define DOM0_TOOLS_PVCTL_CFG_LEX_H

#include "ctl/err.h"

enum token_kind {
	TOK_END, TOK_SEPARATOR /* newline or ; */, TOK_NAME, TOK_STRING, TOK_NUMBER, TOK_PUNCT
};

struct token {
	enum token_kind kind;
	char *text;                     /* malloc'ed: name, string without quotes, number, sign */
	long long number;
	unsigned int line;
};

struct lexer {
	const char *file, *at;
	unsigned int line;
	int depth;                      /* of brackets: newlines inside them do not count */
	struct token token;             /* the current one, owned */
};

void lex_start(struct lexer *l, const char *file, const char *text);
int lex_next(struct lexer *l, struct err *err);
void lex_end(struct lexer *l);
/* "FILE:LINE: expected WHAT, found ..." */
int lex_expected(const struct lexer *l, const char *what, struct err *err);

#endif
