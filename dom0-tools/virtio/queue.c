/* SPDX-License-Identifier: MIT */
/*
 * Split virtqueues. The rings are shared with the device; all that we rely on is in our own memory: which
 * descriptors are free, which chain belongs to which cookie, how far the rings are known. The device's used
 * entries are taken once and compared with that; an impossible one breaks the queue.
 *
 * Layout: descriptors in the first page; in the second the available ring (flags, index, entries, used_event), then at
 * USED the used ring (flags, index, entries of two words, avail_event).
 */
#include "virtio.h"
#include <kit/os.h>
#include <kit/pt.h>
#include <xen/errno.h>
#include "registers.h"

#define DESC_NEXT 1
#define DESC_INDIRECT 4
#define USED 1024			/* bytes into the second page */
#define NO_NOTIFY 1
#define NO_INTERRUPT 1

enum { RING_FLAGS, RING_INDEX, RING_ENTRIES };	/* of 16 bits each */

_Static_assert(6 + 2 * VIRTQ_MAX <= USED && USED + 6 + 8 * VIRTQ_MAX <= PAGE_SIZE, "both rings fit a page");

static volatile uint16_t *used_event(struct virtq *q) { return &q->avail[RING_ENTRIES + q->size]; }
static volatile uint16_t *avail_event(struct virtq *q) { return &q->used[RING_ENTRIES + 4 * q->size]; }
static bool by_index(const struct virtq *q) { return q->dev->features & VIRTIO_F_EVENT_IDX; }

maddr_t virtq_maddr(const volatile void *ring)
{
	return virt_to_maddr((const void *)ring);
}

int virtq_init(struct virtq *q, unsigned int size)
{
	char *pages = os_pages_alloc(VIRTQ_PAGES);

	*q = (struct virtq){ .size = size, .nr_free = size };
	if (!pages)
		return -XEN_ENOMEM;
	q->desc = (void *)pages;
	q->avail = (void *)(pages + PAGE_SIZE);
	q->used = (void *)(pages + PAGE_SIZE + USED);
	for (unsigned int i = 0; i < size; i++)
		q->slot[i].next = i + 1;
	return 0;
}

static uint16_t take(struct virtq *q)
{
	uint16_t i = q->first_free;

	q->first_free = q->slot[i].next;
	q->nr_free--;
	return i;
}

bool virtq_add(struct virtq *q, struct virtq_desc *chain, unsigned int n, maddr_t table, void *cookie)
{
	unsigned int count = table ? 1 : n, i;
	uint16_t head = q->first_free, at = head;
	uint64_t writable = 0;

	if (q->broken || q->nr_free < count)
		return false;
	for (i = 0; i < n; i++) {
		writable += chain[i].flags & VIRTQ_WRITE ? chain[i].len : 0;
		chain[i].flags = (chain[i].flags & VIRTQ_WRITE) | (i + 1 < n ? DESC_NEXT : 0);
		chain[i].next = i + 1;
	}
	if (table)
		q->desc[take(q)] = (struct virtq_desc){ table, n * sizeof(*chain), DESC_INDIRECT, 0 };
	for (i = 0; i < n && !table; i++) {
		at = take(q);
		q->desc[at] = chain[i];
		q->desc[at].next = q->slot[at].next;
	}
	q->slot[head].cookie = cookie;
	q->slot[head].writable = writable < UINT32_MAX ? writable : UINT32_MAX;
	q->slot[head].last = at;
	q->slot[head].count = count;
	q->avail[RING_ENTRIES + q->avail_idx++ % q->size] = head;
	return true;
}

void virtq_kick(struct virtq *q)
{
	uint16_t old = q->told_idx, new = q->avail_idx;
	bool wanted;

	if (old == new || q->broken)
		return;
	q->told_idx = new;
	__atomic_store_n(&q->avail[RING_INDEX], new, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);	/* the device looks for more before it asks to be told */
	if (by_index(q))
		wanted = (uint16_t)(new - *avail_event(q) - 1) < (uint16_t)(new - old);
	else
		wanted = !(q->used[RING_FLAGS] & NO_NOTIFY);
	if (wanted)
		*q->doorbell = q->index;
}

static void *give_back(struct virtq *q, unsigned int head)
{
	void *cookie = q->slot[head].cookie;

	q->slot[head].cookie = NULL;
	q->slot[q->slot[head].last].next = q->first_free;
	q->first_free = head;
	q->nr_free += q->slot[head].count;
	return cookie;
}

void *virtq_get(struct virtq *q, uint32_t *written)
{
	uint16_t ready = __atomic_load_n(&q->used[RING_INDEX], __ATOMIC_ACQUIRE) - q->used_idx;
	volatile uint32_t *entry = (volatile uint32_t *)&q->used[RING_ENTRIES] + 2 * (q->used_idx % q->size);
	uint32_t id, len;

	if (!ready || q->broken)
		return NULL;
	id = entry[0];
	len = entry[1];
	if (ready > (uint16_t)(q->told_idx - q->used_idx) || id >= q->size || !q->slot[id].cookie || len > q->slot[id].writable) {
		q->broken = true;
		return NULL;
	}
	q->used_idx++;
	*written = len;
	return give_back(q, id);
}

bool virtq_arm(struct virtq *q, unsigned int more)
{
	if (by_index(q))
		*used_event(q) = q->used_idx + more - 1;
	else
		q->avail[RING_FLAGS] = more ? 0 : NO_INTERRUPT;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return more && (uint16_t)(q->used[RING_INDEX] - q->used_idx) >= more;
}

void *virtq_abandon(struct virtq *q)
{
	for (unsigned int i = 0; i < q->size; i++)
		if (q->slot[i].cookie)
			return give_back(q, i);
	return NULL;
}
