/* SPDX-License-Identifier: MIT */
/*
 * Errors with a cause: a kind that code can test, and a sentence that the operator reads.
 * The sentence names the object (file, key, note, domain), what was found and what was expected.
 */
#ifndef DOM0_TOOLS_CTL_ERR_H
#define DOM0_TOOLS_CTL_ERR_H

enum err_kind {
	ERR_NONE,
	ERR_MISSING,            /* no such file, domain, key */
	ERR_IO,                 /* a file could not be read */
	ERR_TRUNCATED,          /* the image ends before its headers say */
	ERR_NOT_ELF,
	ERR_WRONG_ARCH,         /* an ELF image of another machine or class */
	ERR_BAD_IMAGE,          /* headers that contradict each other */
	ERR_COMPRESSION,        /* a damaged or unknown compressed stream */
	ERR_NOTE,               /* a Xen note that is missing or that cannot be honoured */
	ERR_NO_MEMORY,          /* too little memory: the domain's, the machine's or ours */
	ERR_CONFIG,             /* a malformed or contradictory configuration */
	ERR_EXISTS,             /* the name is taken */
	ERR_HELD,               /* destroyed, but its memory is mapped by others */
	ERR_HYPERVISOR,         /* the hypervisor refused */
	ERR_XENSTORE,           /* xenstored refused */
	ERR_KINDS
};

struct err {
	enum err_kind kind;
	char text[320];
};

/* Fills e (which may be NULL) and returns the negative errno that stands for the kind. */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts "prefix: " before the text that is there. */
void err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *err_kind_name(enum err_kind kind);

#endif
