/* SPDX-License-Identifier: MIT */
/* Sets of up to 64 CPUs, a bit each, in xl's notation: "all", "3", "0-3,5,^2". Pure text. */
#ifndef DOM0_TOOLS_CTL_CPUSET_H
#define DOM0_TOOLS_CTL_CPUSET_H

#include <stddef.h>
#include <stdint.h>

#define CPUSET_ALL UINT64_MAX
#define CPUSET_MAX 64
#define CPUSET_TEXT 192                 /* room for any set as text */

/* Parts are taken from left to right, ^ takes away. -EINVAL: malformed, or no CPU is left. */
int cpuset_parse(const char *text, uint64_t *set);
/* "all" if it holds the first nr_cpus, "none" if none of them, else ranges. */
void cpuset_format(char out[CPUSET_TEXT], uint64_t set, unsigned int nr_cpus);

#endif
