/* SPDX-License-Identifier: MIT */
/* Finds in the hypervisor's log what it says about one domain. Pure text work. */
#ifndef DOM0_TOOLS_CTL_LOGSCAN_H
#define DOM0_TOOLS_CTL_LOGSCAN_H

#include <stdbool.h>
#include <stddef.h>

/* The lines about domid, oldest first, without marks like "(XEN) " and time stamps: those that name
 * it ("d5v0 ...", "(d5) ...", "Domain 5 ...") and the register report that follows a crash. At most
 * max_lines, the youngest. malloc'ed text, empty when there are none, NULL: no memory. */
char *logscan_domain(const char *log, unsigned int domid, unsigned int max_lines);

/* What ended the domain, in words, from such lines: a sentence without its full stop in out. False
 * when they name no fault. */
bool logscan_cause(const char *report, char *out, size_t size);

#endif
