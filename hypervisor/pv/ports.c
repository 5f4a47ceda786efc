/* SPDX-License-Identifier: MIT */
/* I/O ports: dom0 drives the machine's devices, but those the hypervisor itself lives on. Nobody else has any. */
#include "domain.h"
#include "lib.h"
#include "pv.h"

static const struct { uint16_t first, last; } ours[] = {
	{ 0x20, 0x21 }, { 0xa0, 0xa1 },		/* the old interrupt controllers: masked for good */
	{ 0x40, 0x43 },				/* PIT */
	{ 0x3f8, 0x3ff },			/* COM1: our console */
};

bool pv_port_allowed(const struct domain *d, uint16_t port, unsigned bytes)
{
	unsigned last = port + bytes - 1;

	if (!d->privileged || last > 0xffff)
		return false;
	for (unsigned i = 0; i < ARRAY_SIZE(ours); i++)
		if (port <= ours[i].last && last >= ours[i].first)
			return false;
	return true;
}
