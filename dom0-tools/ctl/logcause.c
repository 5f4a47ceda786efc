/* SPDX-License-Identifier: MIT */
/*
 * Puts a fault that the hypervisor logged into words. Two kinds of line name the cause: Parvus's
 * own "crashed: WHY", and the other's "Unhandled: vec N, #XX[EC]". The last of them counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/logscan.h"

static const char *const exceptions[] = {
	"a divide error", "a debug exception", "an NMI", "a breakpoint", "an overflow",
	"an exceeded bound", "an invalid opcode", "a missing FPU", "a double fault",
	"a coprocessor overrun", "an invalid TSS", "a missing segment", "a stack fault",
	"a general protection fault", "a page fault", "a spurious interrupt", "an FPU error",
	"an alignment check", "a machine check", "a SIMD error",
};

static const char *exception(const char *number)
{
	char *end;
	unsigned long n = strtoul(number, &end, 10);

	return end != number && n < sizeof(exceptions) / sizeof(exceptions[0]) ? exceptions[n] :
	       "an exception";
}

/* The last place where text holds what; NULL if there is none. */
static const char *last(const char *text, const char *what)
{
	const char *found = NULL;

	for (const char *p = strstr(text, what); p; p = strstr(p + 1, what))
		found = p;
	return found;
}

bool logscan_cause(const char *report, char *out, size_t size)
{
	static const char crashed[] = "crashed: ", vector[] = "exception ",
			  unhandled[] = "Unhandled: vec ";
	const char *p = last(report, crashed);
	int len;

	if (p) {
		p += sizeof(crashed) - 1;
		len = (int)strcspn(p, "\n");
		if (strncmp(p, vector, sizeof(vector) - 1))
			snprintf(out, size, "%.*s", len, p);
		else
			snprintf(out, size, "%s (%.*s)", exception(p + sizeof(vector) - 1), len, p);
		return true;
	}
	p = last(report, unhandled);
	if (!p)
		return false;
	p += sizeof(unhandled) - 1;
	snprintf(out, size, "%s that its kernel had no handler for (vector %.*s)", exception(p),
		 (int)strcspn(p, "\n"), p);
	return true;
}
