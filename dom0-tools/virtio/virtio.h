/* SPDX-License-Identifier: MIT */
/*
 * Virtio 1.x devices over PCI: bringing one up, and its split virtqueues. The device is not trusted: what it writes
 * into a used ring is checked against what it was given, and a queue that lied is broken for good. Functions
 * returning int give 0 or a negative error of <xen/errno.h>. Kit only, as pci.h. A queue has no lock: its
 * user has one.
 */
#ifndef DOM0_TOOLS_VIRTIO_H
#define DOM0_TOOLS_VIRTIO_H

#include <kit/types.h>
#include <pci/pci.h>

#define VIRTIO_VENDOR 0x1af4

#define VIRTIO_F_INDIRECT	(1UL << 28)
#define VIRTIO_F_EVENT_IDX	(1UL << 29)
#define VIRTIO_F_VERSION_1	(1UL << 32)

struct virtio_common;
struct virtq;

struct virtio_window { volatile void *va; size_t len; };	/* mapped registers */

struct virtio_device {
	uint16_t bdf;
	uint64_t features;		/* agreed on */
	struct virtio_window common, isr, notify, config;
	uint32_t notify_multiplier;
	bool messages;			/* interrupts by MSI-X, else by the pin */
	struct pci_irq pin;
	struct virtq *queues;
};

/* Resets the device and agrees on those of the wanted features that it offers. -XEN_ENODEV: it is no virtio 1.x
 * device; -XEN_EINVAL: it describes itself wrongly, or does not want to. */
int virtio_open(struct virtio_device *d, uint16_t bdf, uint64_t wanted);
/* The queues are there: the device may work. */
void virtio_start(struct virtio_device *d);
/* After this the device touches no memory of ours. Its queues stay, for what is in them. */
void virtio_stop(struct virtio_device *d);
/* Stops, and gives everything back, queues included. Fine for a device that virtio_open refused. */
void virtio_close(struct virtio_device *d);
/* Says that it cannot go on. */
bool virtio_failed(const struct virtio_device *d);
/* A field of 1, 2, 4 or 8 bytes, aligned, of the device's own configuration; 0 beyond its end. */
uint64_t virtio_config(const struct virtio_device *d, unsigned int offset, unsigned int bytes);

/* --- Queues -------------------------------------------------------------------------------------- */

#define VIRTQ_MAX 256			/* descriptors, so many in a page */
#define VIRTQ_WRITE 2			/* flags: the device writes */

struct virtq_desc {
	uint64_t addr;			/* machine address */
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

struct virtq {
	struct virtio_device *dev;
	struct virtq *next;		/* of the device */
	uint16_t index, size;
	struct virtq_desc *desc;	/* three rings in two pages */
	volatile uint16_t *avail, *used;
	volatile uint16_t *doorbell;
	struct pci_irq irq;
	void (*fn)(void *arg);
	void *arg;
	uint16_t nr_free, first_free;
	uint16_t avail_idx, told_idx, used_idx;	/* added, made visible, taken */
	bool broken;
	struct {			/* by first descriptor; `next` by any */
		void *cookie;		/* NULL: not in use */
		uint32_t writable;	/* bytes the device may have written */
		uint16_t next, last;
		uint16_t count;
	} slot[VIRTQ_MAX];
};

/* Queue `index` with at most `limit` descriptors (a power of 2). fn is called when the device used some, or (the first
 * queue's) changed or failed, as an event handler. -XEN_ENODEV: there is no such queue; -XEN_ENOMEM. */
int virtq_open(struct virtq *q, struct virtio_device *d, unsigned int index, unsigned int limit,
	       void (*fn)(void *arg), void *arg);

/* Adds a chain of n descriptors, of which addr, len and VIRTQ_WRITE count; those that the device reads come first.
 * table: the machine address of the array itself, to pass it by reference (VIRTIO_F_INDIRECT), or 0. False: there
 * is no room, or the queue is broken. cookie is not NULL. */
bool virtq_add(struct virtq *q, struct virtq_desc *chain, unsigned int n, maddr_t table, void *cookie);
/* Makes what was added visible, and tells the device if it wants to know. */
void virtq_kick(struct virtq *q);
/* The cookie of the next chain the device is done with, and the bytes it says it wrote; NULL: none now. */
void *virtq_get(struct virtq *q, uint32_t *written);
/* Asks for an interrupt when the device will have used `more` chains than were taken so far. True: it has already. */
bool virtq_arm(struct virtq *q, unsigned int more);
/* Any chain that is still in the queue, which leaves it. For a device that was stopped. */
void *virtq_abandon(struct virtq *q);

#endif
