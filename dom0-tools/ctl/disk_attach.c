/* SPDX-License-Identifier: MIT */
/* What the toolstack says in xenstore about a disk. */
#include <stdio.h>
#include "ctl/device.h"
#include "ctl/disk.h"

int disk_attach(domid_t domid, const struct disk_config *d, struct err *err)
{
	char number[12];
	const char *device_type = d->cdrom ? "cdrom" : "disk";
	const struct device_key back[] = {
		{ "params", d->target }, { "type", d->file ? "file" : "phy" }, { "dev", d->vdev },
		{ "mode", d->write ? "w" : "r" }, { "device-type", device_type },
		{ "removable", d->cdrom ? "1" : "0" }, { "bootable", "1" },
		{ "discard-enable", d->discard ? "1" : "0" }, { "specification", "xen" },
		{ "script", "" }, { "grants", disk_grants_name(d->grants) }, { NULL, NULL },
	}, front[] = {
		{ "virtual-device", number }, { "device-type", device_type }, { NULL, NULL },
	};
	int rc;

	snprintf(number, sizeof(number), "%u", d->number);
	rc = device_attach(domid, DISK_KIND, d->number, back, front, err);
	if (rc)
		err_prefix(err, "disk %s (%s)", d->vdev, d->target);
	return rc;
}
