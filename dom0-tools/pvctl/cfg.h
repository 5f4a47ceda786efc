/* SPDX-License-Identifier: MIT */
/*
 * The xl.cfg language: settings `key = value` ended by a newline or ';', values are numbers, quoted
 * strings and lists in brackets; # starts a comment. A later setting of a key replaces the earlier.
 */
#ifndef DOM0_TOOLS_PVCTL_CFG_H
#define DOM0_TOOLS_PVCTL_CFG_H

#include <stdbool.h>
#include "ctl/err.h"

enum cfg_kind { CFG_STRING, CFG_NUMBER, CFG_LIST };

struct cfg_value {
	enum cfg_kind kind;
	char *text;                     /* string, or the number as written; NULL for a list */
	long long number;               /* CFG_NUMBER */
	struct cfg_value *items;        /* CFG_LIST */
	unsigned int nr_items;
};

struct cfg_setting {
	struct cfg_setting *next;       /* in the order of the file */
	char *key;
	struct cfg_value value;
	char *file;
	unsigned int line;
	bool used;                      /* somebody asked for it */
};

struct cfg {
	struct cfg_setting *first;
	char *file;                     /* of the first text, for errors about what is not there */
};

/* Adds the settings in text. file names it in errors: "FILE:LINE: expected X, found Y". */
int cfg_parse(struct cfg *cfg, const char *file, const char *text, struct err *err);
/* Adds one setting from the command line, where a string needs no quotes. */
int cfg_override(struct cfg *cfg, const char *text, struct err *err);
void cfg_free(struct cfg *cfg);

/* Found settings are marked used. 0 found, 1 not there, negative: there but of another kind. */
int cfg_string(struct cfg *cfg, const char *key, const char **out, struct err *err);
int cfg_number(struct cfg *cfg, const char *key, long long min, long long max, long long *out,
	       struct err *err);
struct cfg_setting *cfg_find(struct cfg *cfg, const char *key);
/* An ERR_CONFIG about a key: "FILE:LINE: KEY: ..." or, where it is not set, "FILE: KEY: ...". */
int cfg_wrong(struct cfg *cfg, const char *key, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
