/* SPDX-License-Identifier: MIT */
/*
 * The page allocator: a binary buddy system over all RAM. A free block of 2^order frames is aligned
 * to its size and represented by its first frame, whose state is FRAME_FREE and which is linked
 * into free_list[order] by frame numbers.
 *
 * Invariant: two free buddies never stay apart. Frames leave here with state 0 and owner NULL and
 * come back that way; contents are not touched. Lock: alloc_lock, taken below all but the console's.
 */
#include "lib.h"
#include "lock.h"
#include "mm.h"
#include "printk.h"

spinlock_t alloc_lock;
static uint32_t free_list[MAX_ORDER + 1];	/* mfn of the first, 0: empty (frame 0 is never given) */
static uint64_t nr_free, nr_total;

static struct frame *frame_at(uint64_t n) { return mfn_to_frame(mfn(n)); }

static void push(uint64_t n, unsigned order)
{
	struct frame *f = frame_at(n);

	f->state = FRAME_FREE;
	f->order = order;
	f->prev = 0;
	f->next = free_list[order];
	if (f->next)
		frame_at(f->next)->prev = n;
	free_list[order] = n;
}

static void unlink_free(uint64_t n, unsigned order)
{
	struct frame *f = frame_at(n);

	if (f->prev)
		frame_at(f->prev)->next = f->next;
	else
		free_list[order] = f->next;
	if (f->next)
		frame_at(f->next)->prev = f->prev;
	f->state = 0;
	f->next = f->prev = f->order = 0;
}

mfn_t page_alloc_locked(unsigned order)
{
	unsigned o = order;
	uint64_t n;

	while (o <= MAX_ORDER && !free_list[o])
		o++;
	if (o > MAX_ORDER)
		return MFN_NONE;
	n = free_list[o];
	unlink_free(n, o);
	while (o > order) {
		o--;
		push(n + (1UL << o), o);
	}
	nr_free -= 1UL << order;
	return mfn(n);
}

mfn_t page_alloc(unsigned order)
{
	mfn_t m;

	spin_lock(&alloc_lock);
	m = page_alloc_locked(order);
	spin_unlock(&alloc_lock);
	return m;
}

static bool is_free_block(uint64_t n, unsigned order)
{
	return mfn_in_table(mfn(n)) && frame_at(n)->state == FRAME_FREE && frame_at(n)->order == order;
}

static void free_block(uint64_t n, unsigned order)
{
	nr_free += 1UL << order;
	while (order < MAX_ORDER && is_free_block(n ^ (1UL << order), order)) {
		unlink_free(n ^ (1UL << order), order);
		n &= ~(1UL << order);
		order++;
	}
	push(n, order);
}

void page_free(mfn_t m, unsigned order)
{
	struct frame *f = mfn_to_frame(m);

	ASSERT(f->state == 0 && mfn_x(m));
	f->owner = NULL;
	spin_lock(&alloc_lock);
	free_block(mfn_x(m), order);
	spin_unlock(&alloc_lock);
}

void page_alloc_add(maddr_t start, maddr_t end)
{
	uint64_t n = MAX(ROUND_UP(start, PAGE_SIZE) >> PAGE_SHIFT, 1UL), last = end >> PAGE_SHIFT;

	spin_lock(&alloc_lock);
	while (n < last) {
		unsigned order = MIN((unsigned)__builtin_ctzl(n), (unsigned)MAX_ORDER);

		while (n + (1UL << order) > last)
			order--;
		free_block(n, order);
		nr_total += 1UL << order;
		n += 1UL << order;
	}
	spin_unlock(&alloc_lock);
}

uint64_t page_free_count(void) { return READ_ONCE(nr_free); }
uint64_t page_total_count(void) { return READ_ONCE(nr_total); }

void *page_alloc_zeroed(void)
{
	mfn_t m = page_alloc(0);

	if (mfn_eq(m, MFN_NONE))
		return NULL;
	return memset(mfn_to_virt(m), 0, PAGE_SIZE);
}

void page_free_virt(void *page)
{
	if (page)
		page_free(virt_to_mfn(page), 0);
}
