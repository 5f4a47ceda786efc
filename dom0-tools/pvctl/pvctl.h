/* SPDX-License-Identifier: MIT */
/* The control command, xl's verbs. Exit status: 0 done, 1 failed (said on stderr), 2 wrong
 * usage. */
#ifndef DOM0_TOOLS_PVCTL_PVCTL_H
#define DOM0_TOOLS_PVCTL_PVCTL_H

/* Registers domain 0 and starts the domain watcher. Call once, after xenstored_start and
 * console_start. 0 or a negative errno. */
int pvctl_start(void);

/* argv[0] is the command's own name. From any thread. */
int pvctl_main(int argc, char **argv);

/* Name of verb number i, NULL behind the last one: for completion. */
const char *pvctl_verb(unsigned int i);

#endif
