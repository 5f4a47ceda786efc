/* SPDX-License-Identifier: MIT */
/* Made-up Ethernet addresses. Pure. */
#include <string.h>
#include "ctl/vif.h"

void vif_make_up_mac(uint8_t mac[6], uint64_t seed)
{
	seed = (seed ^ seed >> 29) * 0xbf58476d1ce4e5b9ULL;
	seed ^= seed >> 32;
	memcpy(mac, "\x00\x16\x3e", 3);
	mac[3] = seed & 0x7f;
	mac[4] = (uint8_t)(seed >> 8);
	mac[5] = (uint8_t)(seed >> 16);
}
