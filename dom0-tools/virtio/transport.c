/* SPDX-License-Identifier: MIT */
/*
 * Virtio over PCI: the structures that vendor capabilities point to, the handshake of status and features, and
 * interrupts by MSI-X or, if there is none, by the pin. (Virtual I/O Device specification 1.1, chapter 4.1.)
 */
#include "virtio.h"
#include <kit/os.h>
#include <kit/time.h>
#include <xen/errno.h>
#include "registers.h"

#define CAP_TYPE 3
#define CAP_BAR 4
#define CAP_OFFSET 8
#define CAP_LENGTH 12
#define CAP_MULTIPLIER 16
enum { WINDOW_COMMON = 1, WINDOW_NOTIFY, WINDOW_ISR, WINDOW_CONFIG };
#define WINDOW_MAX 65536		/* no device's notify area or configuration is larger */

#define RESET_NS 1000000000UL		/* a reset is over when the status reads 0, which takes no second */

#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER 2
#define STATUS_DRIVER_OK 4
#define STATUS_FEATURES_OK 8
#define STATUS_NEEDS_RESET 64

static int map_window(uint16_t bdf, unsigned int cap, struct virtio_window *w)
{
	uint32_t len = pci_read(bdf, cap + CAP_LENGTH, 4);
	int rc;

	if (w->va)
		return 0;		/* the first of a kind is the one to use */
	if (len > WINDOW_MAX)
		len = WINDOW_MAX;
	rc = pci_map(bdf, pci_read(bdf, cap + CAP_BAR, 1), pci_read(bdf, cap + CAP_OFFSET, 4), len, &w->va);
	if (rc == 0)
		w->len = len;
	else
		w->va = NULL;
	return rc;
}

/* A window that cannot be mapped is as good as none: the device may offer others. */
static void map_windows(struct virtio_device *d)
{
	struct virtio_window *const windows[] = { [WINDOW_COMMON] = &d->common, [WINDOW_NOTIFY] = &d->notify,
						  [WINDOW_ISR] = &d->isr, [WINDOW_CONFIG] = &d->config };
	unsigned int cap = 0;

	while ((cap = pci_capability(d->bdf, PCI_CAP_VENDOR, cap))) {
		unsigned int type = pci_read(d->bdf, cap + CAP_TYPE, 1);

		if (type < WINDOW_COMMON || type > WINDOW_CONFIG || cap + CAP_MULTIPLIER + 4 > 256)
			continue;
		if (type == WINDOW_NOTIFY && !d->notify.va)
			d->notify_multiplier = pci_read(d->bdf, cap + CAP_MULTIPLIER, 4);
		map_window(d->bdf, cap, windows[type]);
	}
}

static void set_status(struct virtio_device *d, uint8_t bits)
{
	common_of(d)->device_status |= bits;
}

/* One that does not come to rest is at least cut off from memory. */
void virtio_stop(struct virtio_device *d)
{
	uint64_t end = time_now_ns() + RESET_NS;

	pci_enable(d->bdf, false);
	common_of(d)->device_status = 0;
	while (common_of(d)->device_status && time_now_ns() < end)
		__builtin_ia32_pause();
}

static int agree(struct virtio_device *d, uint64_t wanted)
{
	volatile struct virtio_common *c = common_of(d);
	uint64_t offered;

	c->device_feature_select = 0;
	offered = c->device_feature;
	c->device_feature_select = 1;
	offered |= (uint64_t)c->device_feature << 32;
	if (!(offered & VIRTIO_F_VERSION_1))
		return -XEN_ENODEV;
	d->features = offered & (wanted | VIRTIO_F_VERSION_1);
	c->driver_feature_select = 0;
	c->driver_feature = d->features;
	c->driver_feature_select = 1;
	c->driver_feature = d->features >> 32;
	set_status(d, STATUS_FEATURES_OK);
	return c->device_status & STATUS_FEATURES_OK ? 0 : -XEN_EINVAL;
}

int virtio_open(struct virtio_device *d, uint16_t bdf, uint64_t wanted)
{
	int rc;

	*d = (struct virtio_device){ .bdf = bdf };
	pci_enable(bdf, true);
	map_windows(d);
	if (d->common.len < sizeof(struct virtio_common) || !d->notify.va || !d->isr.va)
		rc = -XEN_ENODEV;
	else {
		virtio_stop(d);
		pci_enable(bdf, true);
		d->messages = pci_capability(bdf, PCI_CAP_MSIX, 0);
		common_of(d)->config_vector = VIRTIO_NO_VECTOR;
		set_status(d, STATUS_ACKNOWLEDGE);
		set_status(d, STATUS_DRIVER);
		rc = agree(d, wanted);
	}
	if (rc)
		virtio_close(d);
	return rc;
}

void virtio_start(struct virtio_device *d)
{
	set_status(d, STATUS_DRIVER_OK);
}

bool virtio_failed(const struct virtio_device *d)
{
	return common_of(d)->device_status & STATUS_NEEDS_RESET;
}

static void unmap_window(struct virtio_window *w)
{
	pci_unmap(w->va, w->len);
	*w = (struct virtio_window){ 0 };
}

void virtio_close(struct virtio_device *d)
{
	if (d->common.len >= sizeof(struct virtio_common))
		virtio_stop(d);
	while (d->queues) {
		struct virtq *q = d->queues;

		d->queues = q->next;
		pci_irq_free(&q->irq);
		os_pages_free(q->desc, VIRTQ_PAGES);
	}
	pci_irq_free(&d->pin);
	if (d->messages)
		pci_messages_off(d->bdf);
	unmap_window(&d->common);
	unmap_window(&d->notify);
	unmap_window(&d->isr);
	unmap_window(&d->config);
}

/* A field of several bytes may change under our eyes: the generation tells. */
uint64_t virtio_config(const struct virtio_device *d, unsigned int offset, unsigned int bytes)
{
	volatile uint8_t *at = (volatile uint8_t *)d->config.va + offset;
	uint64_t value = 0;
	uint8_t generation;

	if (bytes > d->config.len || offset > d->config.len - bytes)
		return 0;
	do {
		generation = common_of(d)->config_generation;
		if (bytes == 1)
			value = *at;
		else if (bytes == 2)
			value = *(volatile uint16_t *)at;
		else
			value = *(volatile uint32_t *)at;
		if (bytes == 8)
			value |= (uint64_t)((volatile uint32_t *)at)[1] << 32;
	} while (generation != common_of(d)->config_generation);
	return value;
}

/* Reading what the pin stands for also lowers it. */
static void pin_raised(void *arg)
{
	struct virtio_device *d = arg;

	if (*(volatile uint8_t *)d->isr.va)
		for (struct virtq *q = d->queues; q; q = q->next)
			q->fn(q->arg);
}

/* Vector n is queue n's, and the first one also the device's own. The first queue decides for the device, should a
 * message not be had. */
static int connect(struct virtq *q, struct virtio_device *d)
{
	volatile struct virtio_common *c = common_of(d);

	if (d->messages && pci_irq_message(&q->irq, d->bdf, q->index, q->fn, q->arg)) {
		if (d->queues)
			return -XEN_ENOSPC;
		d->messages = false;
	}
	if (!d->messages) {
		c->queue_vector = VIRTIO_NO_VECTOR;
		return d->pin.port ? 0 : pci_irq_pin(&d->pin, d->bdf, pin_raised, d);
	}
	pci_messages_on(d->bdf, true);
	c->queue_vector = q->index;
	if (!d->queues)
		c->config_vector = q->index;
	return c->queue_vector == q->index ? 0 : -XEN_ENOSPC;
}

static void set_address(volatile uint32_t reg[2], const volatile void *ring)
{
	maddr_t at = virtq_maddr(ring);

	reg[0] = at;
	reg[1] = at >> 32;
}

int virtq_open(struct virtq *q, struct virtio_device *d, unsigned int index, unsigned int limit,
	       void (*fn)(void *arg), void *arg)
{
	volatile struct virtio_common *c = common_of(d);
	uint64_t bell;
	uint16_t size;
	int rc;

	c->queue_select = index;
	size = c->queue_size;
	if (index >= c->num_queues || !size || size & (size - 1))
		return -XEN_ENODEV;
	bell = (uint64_t)c->queue_notify_off * d->notify_multiplier;
	if (bell + 2 > d->notify.len || bell & 1)
		return -XEN_EINVAL;
	rc = virtq_init(q, size < limit ? size : limit);
	if (rc)
		return rc;
	q->dev = d;
	q->index = index;
	q->fn = fn;
	q->arg = arg;
	q->doorbell = (volatile uint16_t *)((volatile char *)d->notify.va + bell);
	rc = connect(q, d);
	if (rc) {
		pci_irq_free(&q->irq);
		os_pages_free(q->desc, VIRTQ_PAGES);
		return rc;
	}
	c->queue_size = q->size;
	set_address(c->queue_desc, q->desc);
	set_address(c->queue_driver, q->avail);
	set_address(c->queue_device, q->used);
	c->queue_enable = 1;
	q->next = d->queues;
	d->queues = q;
	return 0;
}
