/* SPDX-License-Identifier: MIT */
/*
 * A line belongs to a domain when it names it. A crash is reported as one such line and a register
 * and stack report that does not: those lines are recognised by their first word and taken until
 * one has another shape. Guests can write into the log too: such a line begins with the guest's mark, "(dN)",
 * where the hypervisor's own begin with its name, and is never taken.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/logscan.h"

/* "(dN)", the mark of a domain's own lines. */
static bool is_domain_mark(const char *p, const char *end)
{
	return end - p > 2 && p[0] == '(' && p[1] == 'd' && isdigit((unsigned char)p[2]);
}

/* Behind the hypervisor's own marks, "(XEN) " and the like, and "[ 12.345678] ", in any order. */
static const char *skip_marks(const char *p, const char *end)
{
	for (;;) {
		const char *close;

		while (p < end && *p == ' ')
			p++;
		if (p == end || is_domain_mark(p, end))
			return p;
		if (*p == '(')
			close = memchr(p, ')', (size_t)(end - p));
		else if (*p == '[' && end - p > 1 && memchr("0123456789 ", p[1], 11))
			close = memchr(p, ']', (size_t)(end - p));
		else
			return p;
		if (!close)
			return p;
		p = close + 1;
	}
}

/* text is at p, and what follows is no further digit or letter. */
static bool begins(const char *p, const char *end, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(end - p) >= n && !strncmp(p, text, n) &&
	       (p + n == end || !isalnum((unsigned char)p[n]) ||
		!isdigit((unsigned char)text[n - 1]));
}

static bool mentions(const char *p, const char *end, unsigned int domid)
{
	static const char *const forms[] = { "d%uv", "d%u", "dom%u", "domain %u", "Domain %u" };
	char name[24];

	snprintf(name, sizeof(name), "(d%u)", domid);
	if (is_domain_mark(p, end))
		return begins(p, end, name);
	for (const char *at = p; at < end; at++) {
		if (at > p && isalnum((unsigned char)at[-1]))
			continue;
		for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
			snprintf(name, sizeof(name), forms[i], domid);
			if (begins(at, end, name))
				return true;
		}
	}
	return false;
}

/* A line of the register and stack report. */
static bool is_report(const char *p, const char *end)
{
	static const char *const heads[] = {
		"----", "CPU:", "RIP:", "RFLAGS:", "rax:", "rbx:", "rcx:", "rdx:", "rsi:", "rdi:", "rbp:",
		"rsp:", "r8:", "r9:", "r10:", "r11:", "r12:", "r13:", "r14:", "r15:", "cr0:", "cr2:",
		"cr3:", "fsb:", "ds:", "cs:", "Guest", "Fault", "Pagetable", "L4[", "L3[", "L2[", "L1[",
	};

	while (p < end && *p == ' ')
		p++;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if ((size_t)(end - p) >= strlen(heads[i]) &&
		    !strncmp(p, heads[i], strlen(heads[i])))
			return true;
	for (int i = 0; i < 16; i++)    /* a line of the stack: words of 16 hexadecimal digits */
		if (p + i >= end || !isxdigit((unsigned char)p[i]))
			return false;
	return true;
}

/* Moves the text behind its first line. */
static void drop_line(char *text, size_t *len)
{
	char *next = strchr(text, '\n');
	size_t n = next ? (size_t)(next - text) + 1 : *len;

	memmove(text, text + n, *len - n + 1);
	*len -= n;
}

char *logscan_domain(const char *log, unsigned int domid, unsigned int max_lines)
{
	char *out = malloc(strlen(log) + 2);
	size_t len = 0;
	unsigned int lines = 0;
	bool report = false;

	if (!out)
		return NULL;
	out[0] = 0;
	for (const char *line = log, *next; *line; line = next) {
		const char *end = line + strcspn(line, "\n"), *p = skip_marks(line, end);

		next = *end ? end + 1 : end;
		if (is_domain_mark(line, end))
			continue;
		while (end > p && end[-1] == '\r')
			end--;
		if (mentions(p, end, domid))
			report = true;
		else if (!report || !is_report(p, end)) {
			report = false;
			continue;
		}
		memcpy(out + len, p, (size_t)(end - p));
		len += (size_t)(end - p);
		out[len++] = '\n';
		out[len] = 0;
		if (++lines > max_lines) {
			drop_line(out, &len);
			lines--;
		}
	}
	return out;
}
