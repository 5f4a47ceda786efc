/* SPDX-License-Identifier: MIT */
/*
 * What is remembered about domains: the living ones with their configuration, the last
 * RECORDS_KEPT that died with the reason, and as many creations that failed. All functions may be
 * called from any thread; what they hand out is the caller's copy.
 */
#ifndef DOM0_TOOLS_CTL_RECORDS_H
#define DOM0_TOOLS_CTL_RECORDS_H

#include <stdbool.h>
#include "ctl/domain_config.h"
#include "ctl/err.h"
#include "os/os.h"

#define RECORDS_KEPT 16
#define RECORD_DESTROYED (-1)           /* an end by the operator's hand, no SHUTDOWN_ code */

struct record_living {
	domid_t domid;
	uint64_t started_ns;            /* os_now_ns */
	bool preserved;                 /* shut down, policy applied: stays as it is */
	struct domain_config config;
};

struct record_dead {
	char name[DOMAIN_NAME_MAX + 1];
	domid_t domid;
	int code;                       /* SHUTDOWN_ or RECORD_DESTROYED */
	uint64_t lived_ns, ended_ns;
	char *report;                   /* the hypervisor's lines about it, malloc'ed, maybe NULL */
};

struct record_failed {
	char name[DOMAIN_NAME_MAX + 1];
	uint64_t when_ns;
	struct err err;
};

int records_start(void);
int records_add(domid_t domid, const struct domain_config *config);     /* copies */
/* Forgets a living domain without a trace, for a creation that failed later. */
void records_drop(domid_t domid);
void records_set_preserved(domid_t domid, const char *new_name);        /* NULL: keeps the name */
/* Moves it from the living to the dead; report is taken over. */
void records_died(domid_t domid, int code, char *report);
void records_failed(const char *name, const struct err *err);

/* 0 and a copy (domain_config_free its config), or -ENOENT, -ENOMEM. */
int records_living(domid_t domid, struct record_living *out);
/* The youngest with that name, or that id in text; 0 and a copy (free its report), or -ENOENT. */
int records_dead(const char *who, struct record_dead *out);
int records_last_failure(const char *name, struct record_failed *out);
/* The living one with the next higher id, -1 at first, into *domid; false: there is none. */
bool records_next(int *domid);

#endif
