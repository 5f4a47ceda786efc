/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_grant_table_op. Operations on arrays run element by element, each with a status of its own, and may be
 * preempted between two; the others take one structure. Without entry, hence -ENOSYS: dump, cache flush.
 */
#include "hypercall.h"
#include "array.h"
#include "uaccess.h"

/* The domain an operation names, with a reference, and GNTST_okay. */
static int16_t target_get(uint16_t id, struct domain **d)
{
	*d = domain_get(id);
	if (!*d)
		return GNTST_bad_domain;
	if (*d == current->domain || current->domain->privileged)
		return GNTST_okay;
	domain_put(*d);
	return GNTST_permission_denied;
}

static int list_frames(const struct grant_table *t, const gnttab_setup_table_t *op)
{
	for (unsigned i = 0; i < op->nr_frames; i++) {
		xen_pfn_t m = mfn_x(virt_to_mfn(t->shared[index_nospec(i, t->max_frames)]));

		if (copy_to_guest_off(op->frame_list, i, &m, 1))
			return -EFAULT;
	}
	return 0;
}

static long op_setup(void *arg)
{
	gnttab_setup_table_t *op = arg;
	struct domain *d;
	long ret = 0;

	op->status = target_get(op->dom, &d);
	if (op->status)
		return 0;
	spin_lock(&d->grant_lock);
	if (grant_grow(d, op->nr_frames))
		op->status = GNTST_general_error;
	spin_unlock(&d->grant_lock);
	if (op->status)
		domain_log(d, LOG_WARN, "grant table of %u frames refused, the limit is %u\n",
			   op->nr_frames, d->grant->max_frames);
	else
		ret = list_frames(d->grant, op);
	domain_put(d);
	return ret;
}

static long op_query_size(void *arg)
{
	gnttab_query_size_t *op = arg;
	struct domain *d;

	op->status = target_get(op->dom, &d);
	if (op->status)
		return 0;
	op->nr_frames = READ_ONCE(d->grant->nr_frames);
	op->max_nr_frames = d->grant->max_frames;
	domain_put(d);
	return 0;
}

static long op_set_version(void *arg)
{
	gnttab_set_version_t *op = arg;
	uint32_t wanted = op->version;

	op->version = 1;
	return wanted == 1 ? 0 : wanted == 2 ? -ENOSYS : -EINVAL;
}

static long op_get_version(void *arg)
{
	gnttab_get_version_t *op = arg;
	struct domain *d;
	int16_t st = target_get(op->dom, &d);

	if (st)
		return st == GNTST_bad_domain ? -ESRCH : -EPERM;
	domain_put(d);
	op->version = 1;
	return 0;
}

static long op_status_frames(void *arg)
{
	gnttab_get_status_frames_t *op = arg;
	struct domain *d;

	op->status = target_get(op->dom, &d);
	if (op->status)
		return 0;
	domain_put(d);
	op->status = GNTST_general_error;	/* version 1 has none */
	return 0;
}

static int16_t swap(struct domain *d, uint32_t a, uint32_t b)
{
	unsigned nr = grant_nr_entries(d->grant);
	grant_entry_v1_t *ea, *eb, t;

	if (a >= nr || b >= nr)
		return GNTST_bad_gntref;
	a = index_nospec(a, nr);
	b = index_nospec(b, nr);
	if (grant_active(d->grant, a)->pins || grant_active(d->grant, b)->pins)
		return a == b ? GNTST_okay : GNTST_eagain;
	ea = grant_shared(d->grant, a);
	eb = grant_shared(d->grant, b);
	t = *ea;
	*ea = *eb;
	*eb = t;
	return GNTST_okay;
}

static __force_inline void swap_one(struct grant_batch *batch, void *arg)
{
	gnttab_swap_grant_ref_t *op = arg;
	struct domain *d = current->domain;

	(void)batch;
	spin_lock(&d->grant_lock);
	op->status = swap(d, op->ref_a, op->ref_b);
	spin_unlock(&d->grant_lock);
}

ARRAY(swap_all, swap_one, end_nothing, gnttab_swap_grant_ref_t, 0)

/* Each operation has either `array` or `single`. */
static const struct grant_op {
	array_fn *array;
	long (*single)(void *op);
	uint8_t size;			/* single: bytes of it */
	bool count_is_one;		/* any other count: -EINVAL */
	bool back_on_error;
} ops[] = {
	[GNTTABOP_map_grant_ref] = { .array = grant_map_all },
	[GNTTABOP_unmap_grant_ref] = { .array = grant_unmap_all },
	[GNTTABOP_setup_table] = { NULL, op_setup, sizeof(gnttab_setup_table_t), true, false },
	[GNTTABOP_transfer] = { .array = grant_transfer_all },
	[GNTTABOP_copy] = { .array = grant_copy_all },
	[GNTTABOP_query_size] = { NULL, op_query_size, sizeof(gnttab_query_size_t), true, false },
	[GNTTABOP_unmap_and_replace] = { .array = grant_replace_all },
	[GNTTABOP_set_version] = { NULL, op_set_version, sizeof(gnttab_set_version_t), false, true },
	[GNTTABOP_get_status_frames] = { NULL, op_status_frames, sizeof(gnttab_get_status_frames_t), true, false },
	[GNTTABOP_get_version] = { NULL, op_get_version, sizeof(gnttab_get_version_t), false, false },
	[GNTTABOP_swap_grant_ref] = { .array = swap_all },
};

/* Apart, so that arrays need no registers saved for it. */
static __attribute__((noinline)) long run_single(const struct grant_op *op, void *uop, unsigned count)
{
	uint64_t buf[ELEMENT_MAX / 8];
	long ret;

	if (op->count_is_one && count != 1)
		return -EINVAL;
	if (copy_from_guest_bytes(buf, uop, op->size))
		return -EFAULT;
	ret = op->single(buf);
	if ((ret == 0 || op->back_on_error) && copy_to_guest_bytes(uop, buf, op->size))
		return -EFAULT;
	return ret;
}

long do_grant_table_op(uint64_t cmd64, uint64_t uop, uint64_t count, uint64_t a4, uint64_t a5, uint64_t a6)
{
	uint32_t cmd = cmd64;
	const struct grant_op *op;

	(void)a4, (void)a5, (void)a6;
	if ((int32_t)count < 0)
		return -EINVAL;
	if (cmd >= ARRAY_SIZE(ops))
		return -ENOSYS;
	op = &ops[index_nospec(cmd, ARRAY_SIZE(ops))];
	if (likely(op->array))
		return op->array((uint8_t *)uop, count);
	return op->single ? run_single(op, (void *)uop, count) : -ENOSYS;
}
