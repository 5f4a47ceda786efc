/* SPDX-License-Identifier: MIT */
/* One counter a device, which only the thread that serves the device touches. */
#include "complain.h"
#include <stdio.h>

#define MOST 5

void complain(struct complaints *c, const char *who, const char *what)
{
	if (c->told == MOST)
		return;
	c->told++;
	printf("%s: %s%s\n", who, what, c->told == MOST ? "; no more is told of this device" : "");
}
