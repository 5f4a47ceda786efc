/* SPDX-License-Identifier: MIT */
/* dom0's network as a part of its boot, and the shell's commands about it. */
#ifndef DOM0_TOOLS_NET_NET_H
#define DOM0_TOOLS_NET_NET_H

#include <stdbool.h>

/* Takes a word of dom0's command line: ip=, http=, remote=. False: it is none of these. */
bool net_option(const char *word);

/* The backend for guests' interfaces, dom0's own TCP/IP, and the services that were asked for. Needs the switch and
 * the store. 0 or negative errno. */
int net_start(void);

/* Shell commands: exit status as theirs. */
int net_run_ip(int argc, char **argv);
int net_run_ping(int argc, char **argv);
int net_run_switch(int argc, char **argv);

#endif
