/* SPDX-License-Identifier: MIT */
/* Attaches network interfaces: what xl writes of them, in xl's words. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "ctl/device.h"
#include "ctl/vif.h"

static int first_free(domid_t domid)
{
	unsigned int ids[VIFS_MAX], n = device_ids(domid, "vif", ids, VIFS_MAX), i;

	for (i = 0; i < n && ids[i] == i; i++)
		;
	return (int)i;
}

int vif_attach(domid_t domid, const struct vif_config *vif, struct err *err)
{
	int devid = vif->devid == VIF_DEVID_NONE ? first_free(domid) : vif->devid;
	char mac[20], handle[12], mtu[8], rate[48];
	const struct device_key back[] = {
		{ "handle", handle }, { "mac", mac }, { "bridge", *vif->bridge ? vif->bridge : "br0" },
		{ "ip", vif->ip }, { "mtu", mtu }, { "rx-mode", *vif->rxmode ? vif->rxmode : "copy" },
		{ "antispoof", vif->antispoof ? "1" : "0" }, { "script", "" }, { "type", "vif" },
		{ vif->rate_bytes ? "rate" : NULL, rate }, { NULL, NULL },
	};
	const struct device_key front[] = { { "handle", handle }, { "mac", mac }, { "mtu", mtu }, { NULL, NULL } };
	static const uint8_t none[6];
	uint8_t bytes[6];

	if (devid >= VIFS_MAX)
		return err_set(err, ERR_CONFIG, "domain %u has all %d network interfaces already", domid, VIFS_MAX);
	memcpy(bytes, vif->mac, 6);
	if (!memcmp(bytes, none, 6))
		vif_make_up_mac(bytes, os_now_ns() + (uint64_t)domid * 0x10001 + (uint64_t)devid);
	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2], bytes[3],
		 bytes[4], bytes[5]);
	snprintf(handle, sizeof(handle), "%d", devid);
	snprintf(mtu, sizeof(mtu), "%u", vif->mtu);
	snprintf(rate, sizeof(rate), "%" PRIu64 ",%" PRIu32, vif->rate_bytes, vif->rate_us);
	return device_attach(domid, "vif", (unsigned int)devid, back, front, err);
}
