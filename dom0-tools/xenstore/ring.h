/* SPDX-License-Identifier: MIT */
/*
 * A guest's connection over the ring page of xen/io/xs_wire.h: bytes in and out of the page,
 * messages to and from a struct conn. Pure: it is given the page and tells when to notify.
 */
#ifndef XENSTORE_RING_H
#define XENSTORE_RING_H

#include "store.h"

struct ring {
	struct xenstore_domain_interface *page; /* shared with the guest, hostile */
	struct conn *conn;
	bool broken;                    /* the guest broke the protocol; served no more */
	struct {
		struct xsd_sockmsg hdr;
		char body[XENSTORE_PAYLOAD_MAX];
	} in;                           /* a request, as far as it has come */
	size_t in_used;
	struct msg *out;                /* a message, as far as it has gone */
	size_t out_used;
};

void ring_init(struct ring *r, struct xenstore_domain_interface *page, struct conn *conn);
void ring_fini(struct ring *r);         /* leaves page and conn to the caller */

#define RING_NOTIFY 1                   /* the guest must be told */
#define RING_AGAIN 2                    /* there may be more to do: call again, others first */

/* Moves what can be moved and handles one request at most. RING_ bits. */
int ring_pump(struct ring *r);

#endif
