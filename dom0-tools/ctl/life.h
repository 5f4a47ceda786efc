/* SPDX-License-Identifier: MIT */
/*
 * The life of domains: creation from files to a running guest, destruction without remains, and the
 * requests in between. Creation and destruction are serialised by one lock; each is all or nothing.
 */
#ifndef DOM0_TOOLS_CTL_LIFE_H
#define DOM0_TOOLS_CTL_LIFE_H

#include <stdbool.h>
#include "ctl/domain_config.h"
#include "ctl/err.h"
#include "os/os.h"

int life_start(void);

/* Leaves the domain paused. A failure is kept in the records under the name. */
int life_create(const struct domain_config *config, domid_t *domid, struct err *err);
int life_unpause(domid_t domid, struct err *err);
/* code: SHUTDOWN_ that ended it, or RECORD_DESTROYED. Drains the console, keeps the record. ERR_HELD: all is done, but
 * others keep the domain's memory, and with it its id, from coming back. */
int life_destroy(domid_t domid, int code, struct err *err);
/* Asks the guest: "poweroff", "reboot" or "halt". */
int life_request(domid_t domid, const char *what, struct err *err);

/* A name or a number in text to the id of a domain that exists; -ENOENT. */
int life_find(const char *who, domid_t *domid);

#endif
