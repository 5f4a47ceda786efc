/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing a guest's console ring: each index is read once and checked, bytes are
 * copied once. Nonsense indices mean that nothing is moved; the guest harms its own console only.
 */
#include "pvring.h"

#include <string.h>

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t pvring_read(struct xencons_interface *page, void *out, size_t n)
{
	uint32_t prod = __atomic_load_n(&page->out_prod, __ATOMIC_ACQUIRE);
	uint32_t cons = __atomic_load_n(&page->out_cons, __ATOMIC_RELAXED);
	size_t from = MASK_XENCONS_IDX(cons, page->out), len;

	if (prod - cons > sizeof(page->out))
		return 0;
	n = smaller(n, prod - cons);
	len = smaller(n, sizeof(page->out) - from);
	memcpy(out, page->out + from, len);
	memcpy((char *)out + len, page->out, n - len);
	__atomic_store_n(&page->out_cons, cons + n, __ATOMIC_RELEASE);
	return n;
}

size_t pvring_write(struct xencons_interface *page, const void *data, size_t n)
{
	uint32_t cons = __atomic_load_n(&page->in_cons, __ATOMIC_ACQUIRE);
	uint32_t prod = __atomic_load_n(&page->in_prod, __ATOMIC_RELAXED);
	size_t to = MASK_XENCONS_IDX(prod, page->in), len;

	if (prod - cons > sizeof(page->in))
		return 0;
	n = smaller(n, sizeof(page->in) - (prod - cons));
	len = smaller(n, sizeof(page->in) - to);
	memcpy(page->in + to, data, len);
	memcpy(page->in, (const char *)data + len, n - len);
	__atomic_store_n(&page->in_prod, prod + n, __ATOMIC_RELEASE);
	return n;
}
