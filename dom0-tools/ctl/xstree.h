/* SPDX-License-Identifier: MIT */
/* What the toolstack writes about a domain into xenstore, and reads back. */
#ifndef DOM0_TOOLS_CTL_XSTREE_H
#define DOM0_TOOLS_CTL_XSTREE_H

#include "builder/builder.h"
#include "ctl/domain_config.h"
#include "xenstore/xs.h"

/* The one handle of the control library. */
int xstree_open(void);
struct xs_handle *xstree_handle(void);

/* /local/domain/N and /vm/UUID of a new domain, in one transaction. */
int xstree_create(const struct domain_config *c, const struct builder_domain *d, struct err *err);
/* The domain is about to end: from here on it gets no devices and no orders. Its name stays until all else is gone. */
void xstree_close(domid_t domid);
void xstree_remove(domid_t domid, const uint8_t uuid[16]);
int xstree_rename(domid_t domid, const char *name);
/* cpu/N/availability: the first n of max vcpus are to be online. */
int xstree_set_cpus(domid_t domid, unsigned int n, unsigned int max);
/* Domain 0's own entries. */
int xstree_domain0(void);

/* "/local/domain/N/KEY": value from malloc, or NULL. A write gives -ENOENT where there is no such domain. */
char *xstree_read(domid_t domid, const char *key);
int xstree_write(domid_t domid, const char *key, const char *value);
/* The domain's name, or "(null)" as xl shows it. */
void xstree_name(domid_t domid, char name[DOMAIN_NAME_MAX + 1]);

#endif
