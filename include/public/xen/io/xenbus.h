/* SPDX-License-Identifier: MIT */
/* States of a split device's two ends, written as decimal text to their xenstore node "state". */
#ifndef _XEN_PUBLIC_IO_XENBUS_H
#define _XEN_PUBLIC_IO_XENBUS_H

#ifndef __ASSEMBLY__
enum xenbus_state {
	XenbusStateUnknown = 0,		/* no node */
	XenbusStateInitialising = 1,
	XenbusStateInitWait = 2,	/* waits for the peer's details */
	XenbusStateInitialised = 3,	/* own details published */
	XenbusStateConnected = 4,
	XenbusStateClosing = 5,
	XenbusStateClosed = 6,
	XenbusStateReconfiguring = 7,
	XenbusStateReconfigured = 8
};
typedef enum xenbus_state XenbusState;
#endif

#endif
