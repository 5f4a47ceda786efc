/* SPDX-License-Identifier: MIT */
/*
 * Split devices as the toolstack sees them: two directories in xenstore, one for each end, which it makes and
 * removes; what happens between is the drivers' handshake. The same for disks and networks.
 */
#ifndef DOM0_TOOLS_CTL_DEVICE_H
#define DOM0_TOOLS_CTL_DEVICE_H

#include "ctl/err.h"
#include "os/os.h"

struct device_key {
	const char *key, *value;
};

/* Makes both ends of device `id` of a kind ("vbd", "vif"), in state Initialising: the keys of every device, and
 * those in the lists, which end with a NULL key. The backend is domain 0's. Returns when it is ready for the guest, or
 * has refused (its words are then in err) and nothing is left of the device. -EEXIST: there is one; -ENOENT: the
 * domain has ended. */
int device_attach(domid_t domid, const char *kind, unsigned int id, const struct device_key *back,
		  const struct device_key *front, struct err *err);

/* Asks both ends to close, waits for that, and removes them. With `force`, or when a guest does not answer in
 * ten seconds and force is what the operator then asks for, it is taken away from the guest. What the backend had
 * open for it is free again on return. */
int device_remove(domid_t domid, const char *kind, unsigned int id, bool force, struct err *err);

/* All devices of a domain, which gets none any more after xstree_close; returns when the backends have let go of
 * them. */
void device_remove_all(domid_t domid);

/* Ids of the devices of a kind that a domain has, rising; returns how many were stored. */
unsigned int device_ids(domid_t domid, const char *kind, unsigned int *ids, unsigned int max);

/* Reads a key of the backend's or the frontend's end; malloc'ed or NULL. The frontend's may say anything. */
char *device_read_back(domid_t domid, const char *kind, unsigned int id, const char *key);
char *device_read_front(domid_t domid, const char *kind, unsigned int id, const char *key);

#endif
