/* SPDX-License-Identifier: MIT */
/* Which of the machine's PCI functions are devices that we drive. Boot, one thread. */
#include "virtio_devices.h"

#include <stdio.h>
#include <string.h>
#include "virtio.h"

static const struct {
	const char *name;
	uint16_t old_id, id;
	int (*found)(uint16_t bdf);
} drivers[] = {
	{ "network card", 0x1000, 0x1041, virtio_net_found },
	{ "disk", 0x1001, 0x1042, virtio_blk_found },
};

static void found(const struct pci_function *f, void *arg)
{
	int rc;

	(void)arg;
	for (unsigned int i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		if (f->vendor != VIRTIO_VENDOR || (f->device != drivers[i].old_id && f->device != drivers[i].id))
			continue;
		rc = drivers[i].found(f->bdf);
		if (rc)
			printf("virtio %s at %02x:%02x.%u is not usable: %s\n", drivers[i].name, f->bdf >> 8,
			       f->bdf >> 3 & 31, f->bdf & 7, strerror(-rc));
	}
}

int devices_start(void)
{
	pci_scan(found, NULL);
	return 0;
}
