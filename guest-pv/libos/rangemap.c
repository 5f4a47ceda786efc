/* SPDX-License-Identifier: MIT */
/*
 * First fit over a bitmap: how both frames and addresses are handed out. One search serves runs of
 * any length; full words are skipped whole.
 */
#include "vm.h"

#define BITS 64

static bool is_used(const struct rangemap *m, size_t i)
{
	return m->used[i / BITS] >> (i % BITS) & 1;
}

void rangemap_init(struct rangemap *m, uint64_t *bits, size_t count)
{
	*m = (struct rangemap){ .used = bits, .count = count, .hint = count };
	for (size_t i = 0; i < (count + BITS - 1) / BITS; i++)
		bits[i] = ~0UL;
}

/* Length of the free run at i, counted up to n. */
static size_t run_at(const struct rangemap *m, size_t i, size_t n)
{
	size_t len = 0;

	while (len < n && i + len < m->count && !is_used(m, i + len))
		len++;
	return len;
}

static size_t find(const struct rangemap *m, size_t n)
{
	size_t i = m->hint, len;

	while (i < m->count) {
		if (i % BITS == 0 && m->used[i / BITS] == ~0UL) {
			i += BITS;
			continue;
		}
		len = run_at(m, i, n);
		if (len == n)
			return i;
		i += len + 1;
	}
	return SIZE_MAX;
}

size_t rangemap_take(struct rangemap *m, size_t n)
{
	bool enabled = events_disable();
	size_t first = n && n <= m->nr_free ? find(m, n) : SIZE_MAX;

	if (first != SIZE_MAX) {
		for (size_t i = first; i < first + n; i++)
			m->used[i / BITS] |= 1UL << (i % BITS);
		m->nr_free -= n;
		if (first == m->hint)
			m->hint = first + n;
	}
	events_restore(enabled);
	return first;
}

void rangemap_give(struct rangemap *m, size_t first, size_t n)
{
	bool enabled = events_disable();

	for (size_t i = first; i < first + n; i++) {
		if (!is_used(m, i))
			os_panic("page or address %zx is given back twice", i);
		m->used[i / BITS] &= ~(1UL << (i % BITS));
	}
	m->nr_free += n;
	if (first < m->hint)
		m->hint = first;
	events_restore(enabled);
}
