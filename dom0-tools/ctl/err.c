/* SPDX-License-Identifier: MIT */
/* The error record: kinds, their names and their errno. Pure, no lock: the record is the
 * caller's. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "ctl/err.h"

static const struct {
	int code;
	const char *name;
} kinds[ERR_KINDS] = {
	[ERR_NONE]        = { 0,        "no error" },
	[ERR_MISSING]     = { -ENOENT,  "missing" },
	[ERR_IO]          = { -EIO,     "unreadable" },
	[ERR_TRUNCATED]   = { -ENOEXEC, "truncated image" },
	[ERR_NOT_ELF]     = { -ENOEXEC, "not an ELF image" },
	[ERR_WRONG_ARCH]  = { -ENOEXEC, "wrong architecture" },
	[ERR_BAD_IMAGE]   = { -ENOEXEC, "inconsistent image" },
	[ERR_COMPRESSION] = { -ENOEXEC, "bad compressed image" },
	[ERR_NOTE]        = { -ENOEXEC, "unsuitable Xen notes" },
	[ERR_NO_MEMORY]   = { -ENOMEM,  "too little memory" },
	[ERR_CONFIG]      = { -EINVAL,  "bad configuration" },
	[ERR_EXISTS]      = { -EEXIST,  "name in use" },
	[ERR_HELD]        = { -EBUSY,   "held by others" },
	[ERR_HYPERVISOR]  = { -EPERM,   "refused by the hypervisor" },
	[ERR_XENSTORE]    = { -EIO,     "refused by xenstored" },
};

int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	if (e) {
		e->kind = kind;
		va_start(ap, fmt);
		vsnprintf(e->text, sizeof(e->text), fmt, ap);
		va_end(ap);
	}
	return kinds[kind].code;
}

void err_prefix(struct err *e, const char *fmt, ...)
{
	char old[sizeof(e->text)];
	va_list ap;

	if (!e)
		return;
	memcpy(old, e->text, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	strncat(e->text, ": ", sizeof(e->text) - strlen(e->text) - 1);
	strncat(e->text, old, sizeof(e->text) - strlen(e->text) - 1);
}

const char *err_kind_name(enum err_kind kind)
{
	return kind < ERR_KINDS ? kinds[kind].name : "unknown error";
}
