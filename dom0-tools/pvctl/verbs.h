/* SPDX-License-Identifier: MIT */
/* Private to pvctl: its verbs and what they share. A verb gets its own name as argv[0]. */
#ifndef DOM0_TOOLS_PVCTL_VERBS_H
#define DOM0_TOOLS_PVCTL_VERBS_H

#include <stdbool.h>
#include "ctl/err.h"
#include "os/os.h"

#define EXIT_DONE 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2

int verb_create(int argc, char **argv);
int verb_list(int argc, char **argv);
int verb_console(int argc, char **argv);
int verb_destroy(int argc, char **argv);
int verb_shutdown(int argc, char **argv);
int verb_reboot(int argc, char **argv);
int verb_pause(int argc, char **argv);
int verb_unpause(int argc, char **argv);
int verb_info(int argc, char **argv);
int verb_dmesg(int argc, char **argv);
int verb_debug_keys(int argc, char **argv);
int verb_domid(int argc, char **argv);
int verb_domname(int argc, char **argv);
int verb_uptime(int argc, char **argv);
int verb_sysrq(int argc, char **argv);
int verb_mem_set(int argc, char **argv);
int verb_mem_max(int argc, char **argv);
int verb_vcpu_list(int argc, char **argv);
int verb_vcpu_pin(int argc, char **argv);
int verb_vcpu_set(int argc, char **argv);
int verb_block_attach(int argc, char **argv);
int verb_block_detach(int argc, char **argv);
int verb_block_list(int argc, char **argv);
int verb_network_attach(int argc, char **argv);
int verb_network_detach(int argc, char **argv);
int verb_network_list(int argc, char **argv);
int verb_vif_rule(int argc, char **argv);
int verb_why(int argc, char **argv);
int verb_xenstore(int argc, char **argv);
int verb_help(int argc, char **argv);

/* Prints how the verb is used on stderr; EXIT_USAGE. */
int verb_usage(const char *verb);
/* Prints the sentence on stderr; EXIT_FAILED. */
int verb_failed(const struct err *err);
/* Finds the domain or says on stderr, in xl's words, that there is none. */
bool verb_domain(const char *who, domid_t *domid);

/* Whether the operator typed Ctrl-C; for verbs that wait. What else was typed is lost. */
bool verb_interrupted(void);

/* Options, one letter each, first in the arguments; reentrant, unlike getopt. */
struct opts {
	int argc, at;
	char **argv;
	const char *rest;               /* of a group like -cp */
};

/* The next letter, 0 when the options are over, '?' for one not in letters. names gives long
 * forms: "long=l,verbose=v". */
int opt_next(struct opts *o, const char *letters, const char *names);

#endif
