/* SPDX-License-Identifier: MIT */
/* Byte rings: see ring.h for the layout, the trust rule and the order of accesses. */
#include <kit/ring.h>

static inline void barrier(void) { __asm__ volatile("" : : : "memory"); }

size_t byte_ring_used(const struct byte_ring *r)
{
	uint32_t used = *r->prod - *r->cons;

	return used <= r->size ? used : 0;
}

size_t byte_ring_space(const struct byte_ring *r)
{
	uint32_t used;

	/* The consumer may free space between our write and its next sleep; it looks again after
	 * moving its index, and so must we: a full fence between our index and theirs. */
	__asm__ volatile("mfence" : : : "memory");
	used = *r->prod - *r->cons;
	return used <= r->size ? r->size - used : 0;
}

size_t byte_ring_write(struct byte_ring *r, const void *p, size_t n)
{
	size_t space = byte_ring_space(r), i;
	uint32_t prod = *r->prod;

	if (n > space)
		n = space;
	for (i = 0; i < n; i++)
		r->buf[(prod + i) & (r->size - 1)] = ((const char *)p)[i];
	barrier();
	*r->prod = prod + n;
	return n;
}

size_t byte_ring_read(struct byte_ring *r, void *p, size_t n)
{
	size_t used = byte_ring_used(r), i;
	uint32_t cons = *r->cons;

	if (n > used)
		n = used;
	barrier();
	for (i = 0; i < n; i++)
		((char *)p)[i] = r->buf[(cons + i) & (r->size - 1)];
	barrier();
	*r->cons = cons + n;
	return n;
}
