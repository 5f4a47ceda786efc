/* SPDX-License-Identifier: MIT */
/*
 * Small objects for the hypervisor's own use. Sizes up to 1 KB come from size classes (powers of
 * two), each a list of pages with free objects; a page begins with its header and goes back to the
 * page allocator as soon as it is empty, so that what a domain took is all returned. Larger objects
 * are blocks of whole pages, whose order is kept in the frame of their first page.
 *
 * An object never starts on a page boundary, a large block always does: that tells them apart.
 */
#include "lib.h"
#include "list.h"
#include "lock.h"
#include "mm.h"
#include "printk.h"

#define MIN_SHIFT 5
#define MAX_SHIFT 10
#define NR_CLASSES (MAX_SHIFT - MIN_SHIFT + 1)

struct slab {
	struct list link;		/* in partial[class] while it has free objects */
	void *free;			/* first free object; each points to the next */
	uint16_t in_use, class, first;	/* first: offset of the first object */
};

static spinlock_t heap_lock;
static struct list partial[NR_CLASSES];

static unsigned class_of(size_t size)
{
	return size <= 1UL << MIN_SHIFT ? 0 : fls64(size - 1) - MIN_SHIFT;
}

static struct slab *slab_new(unsigned class)
{
	struct slab *s = page_alloc_zeroed();
	size_t size = 1UL << (class + MIN_SHIFT);

	if (!s)
		return NULL;
	s->class = class;
	s->first = MAX(size, ROUND_UP(sizeof(*s), 16UL));
	for (size_t off = s->first; off + size <= PAGE_SIZE; off += size) {
		void **obj = (void **)((char *)s + off);

		*obj = s->free;
		s->free = obj;
	}
	list_add(&partial[class], &s->link);
	return s;
}

static void *alloc_small(unsigned class)
{
	struct list *head = &partial[class];
	struct slab *s;
	void **obj = NULL;

	spin_lock(&heap_lock);
	if (!head->next)
		list_init(head);
	s = list_empty(head) ? slab_new(class) : list_first(head, struct slab, link);
	if (s) {
		obj = s->free;
		s->free = *obj;
		s->in_use++;
		if (!s->free)
			list_del(&s->link);
	}
	spin_unlock(&heap_lock);
	return obj ? memset(obj, 0, 1UL << (class + MIN_SHIFT)) : NULL;
}

static void free_small(void **obj)
{
	struct slab *s = (struct slab *)((uint64_t)obj & PAGE_MASK);

	spin_lock(&heap_lock);
	if (!s->free)
		list_add(&partial[s->class], &s->link);
	*obj = s->free;
	s->free = obj;
	ASSERT(s->in_use > 0);
	if (--s->in_use == 0) {
		list_del(&s->link);
		page_free_virt(s);
	}
	spin_unlock(&heap_lock);
}

void *hv_alloc(size_t size)
{
	unsigned order;
	mfn_t m;

	if (size == 0 || size > PAGE_SIZE << MAX_ORDER)
		return NULL;
	if (size <= 1UL << MAX_SHIFT)
		return alloc_small(class_of(size));
	order = fls64((size - 1) >> PAGE_SHIFT);
	m = page_alloc(order);
	if (mfn_eq(m, MFN_NONE))
		return NULL;
	mfn_to_frame(m)->order = order;
	return memset(mfn_to_virt(m), 0, PAGE_SIZE << order);
}

void hv_free(void *p)
{
	struct frame *f;
	unsigned order;

	if (!p)
		return;
	if ((uint64_t)p & ~PAGE_MASK) {
		free_small(p);
		return;
	}
	f = virt_to_frame(p);
	order = f->order;
	f->order = 0;
	page_free(frame_mfn(f), order);
}
