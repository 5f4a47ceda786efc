/* SPDX-License-Identifier: MIT */
/* See fake.h. One thread: locks are bookkeeping that is checked. */
#include "fake.h"
#include <kit/os.h>
#include <kit/pt.h>
#include "os/os.h"
#include "virtio/registers.h"

struct fake fake;
long fake_pages;
static void (*thread)(void *);
static void *thread_arg;
static jmp_buf waits;
static int locks;

void fake_reset(uint64_t offers)
{
	fake = (struct fake){ .offers = offers | VIRTIO_F_VERSION_1, .queue_size = 256,
			      .bell = { FAKE_SILENT, FAKE_SILENT } };
	thread = NULL;
}

/* --- transport.c's part ------------------------------------------------------------------------------ */

int virtio_open(struct virtio_device *d, uint16_t bdf, uint64_t wanted)
{
	*d = (struct virtio_device){ .bdf = bdf, .features = fake.offers & (wanted | VIRTIO_F_VERSION_1) };
	return 0;
}

void virtio_start(struct virtio_device *d)
{
	(void)d;
	fake.working = true;
}

void virtio_stop(struct virtio_device *d)
{
	(void)d;
	fake.working = false;
	fake.stops++;
}

void virtio_close(struct virtio_device *d)
{
	virtio_stop(d);
	for (unsigned int i = 0; i < 2; i++)
		if (fake.queue[i])
			os_pages_free(fake.queue[i]->desc, VIRTQ_PAGES);
	memset(fake.queue, 0, sizeof(fake.queue));
}

bool virtio_failed(const struct virtio_device *d)
{
	(void)d;
	return fake.failed;
}

uint64_t virtio_config(const struct virtio_device *d, unsigned int offset, unsigned int bytes)
{
	uint64_t value = 0;

	(void)d;
	memcpy(&value, fake.config + offset, bytes);
	return value;
}

int virtq_open(struct virtq *q, struct virtio_device *d, unsigned int index, unsigned int limit,
	       void (*fn)(void *arg), void *arg)
{
	assert_false(fake.working);
	assert_int_equal(virtq_init(q, fake.queue_size < limit ? fake.queue_size : limit), 0);
	q->dev = d;
	q->index = index;
	q->fn = fn;
	q->arg = arg;
	q->doorbell = &fake.bell[index];
	fake.queue[index] = q;
	return 0;
}

/* --- The device ---------------------------------------------------------------------------------------- */

bool fake_take(unsigned int queue, struct fake_chain *c)
{
	struct virtq *q = fake.queue[queue];
	const struct virtq_desc *d;

	assert_true(fake.working);
	if (q->avail[1] == fake.seen[queue])
		return false;
	c->head = q->avail[2 + fake.seen[queue]++ % q->size];
	assert_true(c->head < q->size);
	d = &q->desc[c->head];
	if (d->flags & 4) {
		c->n = d->len / sizeof(*d);
		memcpy(c->desc, (void *)d->addr, d->len);
		return true;
	}
	for (c->n = 0; ; d = &q->desc[d->next]) {
		c->desc[c->n++] = *d;
		assert_true(c->n <= q->size);
		if (!(d->flags & 1))
			return true;
	}
}

void fake_use(unsigned int queue, uint32_t id, uint32_t len)
{
	struct virtq *q = fake.queue[queue];
	volatile uint32_t *entry = (volatile uint32_t *)&q->used[2] + 2 * (q->used[1] % q->size);

	entry[0] = id;
	entry[1] = len;
	fake_used_index(queue, 1);
}

void fake_used_index(unsigned int queue, uint16_t by)
{
	fake.queue[queue]->used[1] += by;
}

void fake_interrupt(unsigned int queue)
{
	fake.queue[queue]->fn(fake.queue[queue]->arg);
}

/* --- The system ------------------------------------------------------------------------------------------ */

void *os_pages_alloc(size_t n)
{
	void *p = aligned_alloc(PAGE_SIZE, n * PAGE_SIZE);

	assert_non_null(p);
	fake_pages += n;
	return memset(p, 0, n * PAGE_SIZE);
}

void os_pages_free(void *va, size_t n)
{
	fake_pages -= n;
	free(va);
}

maddr_t virt_to_maddr(const void *va) { return (uintptr_t)va; }

void os_lock_init(struct os_lock *l) { (void)l; }
void os_wait_init(struct os_wait *w) { (void)w; }
void os_wake(struct os_wait *w) { (void)w; }

void os_lock(struct os_lock *l)
{
	(void)l;
	assert_int_equal(locks++, 0);
}

void os_unlock(struct os_lock *l)
{
	(void)l;
	assert_int_equal(--locks, 0);
}

bool os_wait_until(struct os_wait *w, bool (*pred)(void *arg), void *arg, uint64_t deadline)
{
	(void)w;
	(void)deadline;
	assert_int_equal(locks, 0);
	if (!pred(arg))
		longjmp(waits, 1);
	return true;
}

int os_thread_start(const char *name, void (*fn)(void *), void *arg)
{
	(void)name;
	thread = fn;
	thread_arg = arg;
	return 0;
}

void fake_run_thread(void)
{
	assert_non_null(thread);
	if (setjmp(waits) == 0) {
		thread(thread_arg);
		thread = NULL;
	}
}
