/* SPDX-License-Identifier: MIT */
/*
 * Operations on arrays of the guest's: element by element, each copied in once, acted upon, its outputs copied back, with
 * a status of its own; preempted between two. All but the array is constant, so that each operation gets a loop of
 * its own, with copies of known size and its code inline.
 */
#ifndef HV_GRANT_ARRAY_H
#define HV_GRANT_ARRAY_H

#include "guest_quads.h"
#include "hypercall.h"
#include "internal.h"
#include "uaccess.h"

#define ELEMENT_MAX 48

struct array_kind {
	void (*one)(struct grant_batch *b, void *op);
	void (*end)(struct grant_batch *b);	/* what was begun is finished, what is held is given up */
	unsigned size;				/* bytes of an element */
	unsigned back;				/* copied back from this offset on */
	unsigned most;				/* elements until what was begun is finished; 0: it takes no time */
};

static __force_inline bool array_fetch(void *buf, const uint8_t *uop, unsigned size)
{
	return size % 8 ? !copy_from_guest_bytes(buf, uop, size) : copy_from_guest_quads(buf, uop, size / 8);
}

static __force_inline bool array_store(uint8_t *uop, const void *buf, unsigned size)
{
	return size % 8 ? !copy_to_guest_bytes(uop, buf, size) : copy_to_guest_quads(uop, buf, size / 8);
}

static __force_inline long array_each(struct array_kind k, struct grant_batch *b, uint8_t *uop, uint32_t count)
{
	uint64_t buf[ELEMENT_MAX / 8];
	uint32_t i = current->cont.done, begun = i;

	for (uop += (uint64_t)i * k.size; i < count; uop += k.size) {
		if (unlikely(!array_fetch(buf, uop, k.size)))
			return -EFAULT;
		k.one(b, buf);
		if (unlikely(!array_store(uop + k.back, (uint8_t *)buf + k.back, k.size - k.back)))
			return -EFAULT;
		if (unlikely(++i < count)) {
			bool piece = k.most && i - begun == k.most;

			if (unlikely(piece) || preempt_needed()) {
				current->cont.done = i;
				return piece ? hypercall_again() : -ERESTART;
			}
		}
	}
	return 0;
}

static __force_inline long array_run(struct array_kind k, uint8_t *uops, uint32_t count)
{
	struct grant_batch b = { 0 };
	long ret = array_each(k, &b, uops, count);

	k.end(&b);
	return ret;
}

#define ARRAY(name, one, end, type, back) ARRAY_IN_PIECES(name, one, end, type, back, 0)
#define ARRAY_IN_PIECES(name, one, end, type, back, most) \
	long name(uint8_t *uops, uint32_t count) \
	{ \
		return array_run((struct array_kind){ one, end, sizeof(type), back, most }, uops, count); \
	}

static __force_inline void end_nothing(struct grant_batch *b) { (void)b; }

/* For those who may have asked for a granter. */
static __force_inline void end_granter(struct grant_batch *b)
{
	if (likely(b->rd))
		domain_put(b->rd);
}

#endif
