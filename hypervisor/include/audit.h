/* SPDX-License-Identifier: MIT */
/* The audit of the frame table: mm/audit.c, and its part about grants, mm/audit_grants.c. */
#ifndef HV_AUDIT_H
#define HV_AUDIT_H

#include "frame.h"

/* domctl_lock held. Prints each disagreement (20 at most) and a closing line "audit: N frames, M tables, K errors".
 */
void audit_run(void);

/* --- between the two files --- */
/* Handles of a domain for entries that map a frame, less the entries found. */
struct audit_left {
	uint32_t rw, ro;
};
/* left: zeroed, one for each frame. */
void audit_grants(struct audit_left *left);
void audit_grant_wrong(mfn_t table, unsigned slot, pte_t e);
void audit_each_domain(void (*fn)(struct domain *d));

#endif
