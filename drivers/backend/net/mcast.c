/* SPDX-License-Identifier: MIT */
/* The multicast addresses a guest asked for, if it said that it would: others are not brought to it. */
#include "vif.h"
#include <string.h>

static int find(const struct vif *v, const uint8_t mac[6])
{
	for (unsigned int i = 0; i < v->nr_mcast; i++)
		if (!memcmp(v->mcast[i], mac, 6))
			return (int)i;
	return -1;
}

bool vif_mcast_add(struct vif *v, const uint8_t mac[6])
{
	if (find(v, mac) >= 0)
		return true;
	if (v->nr_mcast == VIF_MCAST_MAX)
		return false;
	memcpy(v->mcast[v->nr_mcast++], mac, 6);
	return true;
}

void vif_mcast_del(struct vif *v, const uint8_t mac[6])
{
	int i = find(v, mac);

	if (i >= 0)
		memcpy(v->mcast[i], v->mcast[--v->nr_mcast], 6);
}

bool vif_mcast_wants(const struct vif *v, const uint8_t mac[6])
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	return !v->mcast_control || !(mac[0] & 1) || !memcmp(mac, broadcast, 6) || find(v, mac) >= 0;
}
