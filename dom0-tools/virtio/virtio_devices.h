/* SPDX-License-Identifier: MIT */
/* The machine's virtio devices, found on the PCI bus at boot. Errors are negative errno of the C library. */
#ifndef DOM0_TOOLS_VIRTIO_DEVICES_H
#define DOM0_TOOLS_VIRTIO_DEVICES_H

#include <stdint.h>

/* Brings up what there is. A device that does not work is named on the console, and is no error. */
int devices_start(void);

/* One function each: registers a disk with the block layer, or a port with the switch. */
int virtio_blk_found(uint16_t bdf);
int virtio_net_found(uint16_t bdf);

#endif
