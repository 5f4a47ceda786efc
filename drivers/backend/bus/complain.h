/* SPDX-License-Identifier: MIT */
/*
 * What a guest did wrong, told on the control domain's console: of each device the first few, for its guest may give
 * cause for as long as it lives.
 */
#ifndef BACKEND_COMPLAIN_H
#define BACKEND_COMPLAIN_H

struct complaints {
	unsigned int told;		/* zero at first */
};

void complain(struct complaints *c, const char *who, const char *what);

#endif
