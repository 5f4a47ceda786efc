/* SPDX-License-Identifier: MIT */
/* The output formats that people and scripts know from xl. Pure: text in buffers. */
#ifndef DOM0_TOOLS_PVCTL_FORMAT_H
#define DOM0_TOOLS_PVCTL_FORMAT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "ctl/domain_config.h"
#include "ctl/hyper.h"

/* The header and the rows of list, with the newline. */
extern const char format_list_header[];
void format_list_row(char *out, size_t size, const char *name, const ctl_info *info);
/* "rb-psd": six characters and a NUL. */
void format_state(char out[7], const ctl_info *info);
/* The same of vcpu-list; affinities are sets of CPUs (ctl/cpuset.h). */
extern const char format_vcpu_header[];
void format_vcpu_row(char *out, size_t size, const char *name, domid_t domid,
		     const struct xen_domctl_getvcpuinfo *info, const char *hard, const char *soft);
/* " 1:02:03" or "2 days,  1:02:03". */
void format_uptime(char *out, size_t size, uint64_t seconds);
/* One domain as xl -l prints it, indented, without a newline at the end. config may be NULL when it
 * is not known; info may be NULL when there is no domain (a dry run). */
void format_json(FILE *out, const char *name, const ctl_info *info,
		 const struct domain_config *config);

#endif
