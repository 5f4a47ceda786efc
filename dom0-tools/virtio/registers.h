/* SPDX-License-Identifier: MIT */
/* What the transport and the queues share: the common registers and the layout of a queue's memory. Private. */
#ifndef VIRTIO_REGISTERS_H
#define VIRTIO_REGISTERS_H

#include "virtio.h"

#define VIRTIO_NO_VECTOR 0xffff
#define VIRTQ_PAGES 2			/* descriptors; both rings */

struct virtio_common {
	uint32_t device_feature_select, device_feature;
	uint32_t driver_feature_select, driver_feature;
	uint16_t config_vector, num_queues;
	uint8_t device_status, config_generation;
	/* of the queue selected */
	uint16_t queue_select, queue_size, queue_vector, queue_enable, queue_notify_off;
	uint32_t queue_desc[2], queue_driver[2], queue_device[2];	/* low, high */
};
_Static_assert(sizeof(struct virtio_common) == 56, "as the specification lays it out");

static inline volatile struct virtio_common *common_of(const struct virtio_device *d)
{
	return d->common.va;
}

/* An empty queue of that many descriptors, not yet any device's. -XEN_ENOMEM. */
int virtq_init(struct virtq *q, unsigned int size);
maddr_t virtq_maddr(const volatile void *ring);

#endif
