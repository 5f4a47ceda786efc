/* SPDX-License-Identifier: MIT */
/*
 * The part of memory_op that changes what a domain has. Extents are worked on one by one; the first
 * that fails ends the operation, and the answer is how many were done. current->cont.done counts
 * finished extents across preemption.
 *
 * Trust: lists of frames are hostile and read once an element. No lock is held between extents.
 */
#include "cpu.h"
#include "errno.h"
#include "guest_quads.h"
#include "lib.h"
#include "memory.h"
#include "mm.h"
#include "printk.h"
#include "uaccess.h"

#define MAX_DOMU_ORDER 9
#define MAX_DOM0_ORDER 12

/* The i'th quadword of the list, and back; its address may wrap around like any other the guest gives. */
static __force_inline bool get_quad(uint64_t *val, const xen_memory_reservation_t *r, uint64_t i)
{
	return copy_from_guest_quads(val, (const uint64_t *)((uint64_t)r->extent_start.p + i * 8), 1);
}

static __force_inline bool put_quad(const xen_memory_reservation_t *r, uint64_t i, uint64_t val)
{
	return copy_to_guest_quads((uint64_t *)((uint64_t)r->extent_start.p + i * 8), &val, 1);
}

typedef bool extent_fn(struct domain *d, const xen_memory_reservation_t *r, uint64_t i);

static unsigned max_order(void)
{
	return current->domain->privileged ? MAX_DOM0_ORDER : MAX_DOMU_ORDER;
}

/* A sibling may have given frames of it back already, and somebody else may have them. */
static void release_extent(struct domain *d, mfn_t m, unsigned order)
{
	for (uint64_t n = 0; n < 1UL << order; n++) {
		struct frame *f = frame_get_mfn(mfn(mfn_x(m) + n), d);

		if (f) {
			domain_page_release(d, f);
			frame_put(f);
		}
	}
}

/* Is an extent below 2^address_bits, if the caller cares? */
static bool within_reach(const xen_memory_reservation_t *r, mfn_t m)
{
	unsigned bits = XENMEMF_get_address_bits(r->mem_flags);

	return likely(!bits) || bits >= 64 ||
	       mfn_to_maddr(mfn(mfn_x(m) + (1UL << r->extent_order) - 1)) >> bits == 0;
}

/* The M2P says pfn of the first frame. */
static mfn_t alloc_extent(struct domain *d, const xen_memory_reservation_t *r, uint64_t pfn)
{
	mfn_t m = domain_page_alloc(d, r->extent_order, pfn);

	if (mfn_eq(m, MFN_NONE) || within_reach(r, m))
		return m;
	release_extent(d, m, r->extent_order);
	return MFN_NONE;
}

static bool increase_one(struct domain *d, const xen_memory_reservation_t *r, uint64_t i)
{
	mfn_t m = alloc_extent(d, r, INVALID_M2P_ENTRY);

	if (mfn_eq(m, MFN_NONE))
		return false;
	if (guest_handle_is_null(r->extent_start) ||
	    put_quad(r, i, mfn_x(m)))
		return true;
	release_extent(d, m, r->extent_order);
	return false;
}

/* pfns in, mfns out. */
static bool populate_one(struct domain *d, const xen_memory_reservation_t *r, uint64_t i)
{
	uint64_t pfn;
	mfn_t m;

	if (!get_quad(&pfn, r, i))
		return false;
	m = alloc_extent(d, r, pfn);
	if (mfn_eq(m, MFN_NONE))
		return false;
	if (put_quad(r, i, mfn_x(m)))
		return true;
	release_extent(d, m, r->extent_order);
	return false;
}

static bool decrease_one(struct domain *d, const xen_memory_reservation_t *r, uint64_t i)
{
	uint64_t first;

	if (!get_quad(&first, r, i))
		return false;
	for (uint64_t n = 0; n < 1UL << r->extent_order; n++) {
		struct frame *f = first + n >= first ? frame_get_mfn(mfn(first + n), d) : NULL;
		bool ok = f && domain_page_release(d, f);

		if (f)
			frame_put(f);
		if (!ok) {
			guest_log(LOG_WARN,
				  "refused decrease of reservation: frame 0x%lx is not d%d's\n",
				  first + n, d->id);
			return false;
		}
	}
	return true;
}

static long each_extent(const xen_memory_reservation_t *r, extent_fn *fn)
{
	uint64_t *done = &current->cont.done;
	struct domain *d;
	long rc;

	if (r->nr_extents > UINT32_MAX || r->extent_order > max_order())
		return 0;
	rc = memory_domain(r->domid, &d);
	if (rc)
		return rc == -ESRCH ? 0 : rc;
	while (*done < r->nr_extents && fn(d, r, *done)) {
		++*done;
		if (*done < r->nr_extents && preempt_needed()) {
			rc = -ERESTART;
			break;
		}
	}
	domain_put(d);
	return rc ? rc : (long)*done;
}

long memory_increase(void *arg) { return each_extent(arg, increase_one); }
long memory_decrease(void *arg) { return each_extent(arg, decrease_one); }
long memory_populate(void *arg) { return each_extent(arg, populate_one); }

/* --- exchange: in chunks as large as the larger of the two extents, each all or nothing --- */

/* The room of what is taken is for what is made, or for what is taken once more if that fails. */
struct chunk {
	unsigned nr_taken, nr_made;
	struct {
		uint64_t taken;			/* a frame out of the domain's */
		uint64_t made, pfn;		/* first frame of a new extent, nobody's yet, and its name */
	} of[];					/* as many as a chunk has frames */
};

static int take_one(struct domain *d, uint64_t n, struct chunk *c)
{
	struct frame *f = frame_get_mfn(mfn(n), d);

	if (!f)
		return -EINVAL;
	if (domain_page_steal(d, f)) {
		frame_put(f);
		guest_log(LOG_WARN, "refused exchange of frame 0x%lx: it is in use\n", n);
		return -EINVAL;
	}
	c->of[c->nr_taken++].taken = n;
	return 0;
}

static int take_chunk(struct domain *d, const xen_memory_reservation_t *in, uint64_t first,
		      uint64_t n, struct chunk *c)
{
	for (uint64_t i = first; i < first + n; i++) {
		uint64_t start;

		if (copy_from_guest_off(&start, in->extent_start, i, 1))
			return -EFAULT;
		for (uint64_t k = 0; k < 1UL << in->extent_order; k++)
			if (take_one(d, start + k, c))
				return -EINVAL;
	}
	return 0;
}

/* The guest is told their numbers before they are its own: what may fail comes first. */
static int make_chunk(struct domain *d, const xen_memory_reservation_t *out, uint64_t first,
		      uint64_t n, struct chunk *c)
{
	for (uint64_t i = 0; i < n; i++) {
		mfn_t m;

		if (copy_from_guest_off(&c->of[i].pfn, out->extent_start, first + i, 1))
			return -EFAULT;
		m = domain_pages_fresh(d, out->extent_order);
		if (mfn_eq(m, MFN_NONE))
			return -ENOMEM;
		c->of[c->nr_made++].made = mfn_x(m);
		if (!within_reach(out, m))
			return -ENOMEM;
	}
	for (uint64_t i = 0; i < n; i++)
		if (copy_to_guest_off(out->extent_start, first + i, &c->of[i].made, 1))
			return -EFAULT;
	return 0;
}

static void give_back(struct domain *d, unsigned order, struct chunk *c)
{
	while (c->nr_made > 0)
		page_free(mfn(c->of[--c->nr_made].made), order);
	while (c->nr_taken > 0)
		domain_page_assign(d, mfn_to_frame(mfn(c->of[--c->nr_taken].taken)));
}

static void settle(struct domain *d, unsigned order, struct chunk *c)
{
	for (unsigned i = 0; i < c->nr_made; i++)
		if (!domain_pages_own(d, mfn(c->of[i].made), order, c->of[i].pfn))
			domain_room_drop(d, 1u << order);
	while (c->nr_taken > 0)
		frame_put(mfn_to_frame(mfn(c->of[--c->nr_taken].taken)));
}

static int exchange_chunk(struct domain *d, const struct xen_memory_exchange *x, uint64_t index,
			  unsigned order, struct chunk *c)
{
	uint64_t nr_in = 1UL << (order - x->in.extent_order),
		 nr_out = 1UL << (order - x->out.extent_order);
	int rc;

	c->nr_taken = c->nr_made = 0;
	rc = take_chunk(d, &x->in, index * nr_in, nr_in, c);
	if (!rc)
		rc = make_chunk(d, &x->out, index * nr_out, nr_out, c);
	if (rc)
		give_back(d, x->out.extent_order, c);
	else
		settle(d, x->out.extent_order, c);
	return rc;
}

static bool exchange_ok(const struct xen_memory_exchange *x)
{
	unsigned limit = MAX_DOMU_ORDER;

	return x->in.extent_order <= limit && x->out.extent_order <= limit &&
	       x->in.domid == x->out.domid && x->in.nr_extents <= UINT32_MAX &&
	       x->out.nr_extents <= UINT32_MAX &&
	       x->in.nr_extents << x->in.extent_order == x->out.nr_extents << x->out.extent_order &&
	       x->nr_exchanged <= x->in.nr_extents;
}

long memory_exchange(void *guest_arg)
{
	struct xen_memory_exchange x;
	unsigned order;
	uint64_t chunks, per_chunk, i;
	struct domain *d;
	struct chunk *c;
	int rc;

	if (!guest_range_ok(guest_arg, sizeof(x)) ||
	    copy_from_guest_bytes(&x, guest_arg, sizeof(x)))
		return -EFAULT;
	if (!exchange_ok(&x))
		return -EINVAL;
	rc = memory_domain(x.in.domid, &d);
	if (rc)
		return rc;
	order = MAX(x.in.extent_order, x.out.extent_order);
	per_chunk = 1UL << (order - x.in.extent_order);
	chunks = x.in.nr_extents / per_chunk;
	c = hv_alloc(sizeof(*c) + (sizeof(c->of[0]) << order));
	if (!c)
		rc = -ENOMEM;
	for (i = x.nr_exchanged / per_chunk; i < chunks && !rc; ) {
		rc = exchange_chunk(d, &x, i, order, c);
		i += !rc;
		if (!rc && i < chunks && preempt_needed())
			rc = -ERESTART;
	}
	hv_free(c);
	domain_put(d);
	x.nr_exchanged = i * per_chunk;
	/* The guest's counter carries the progress across preemption too. */
	if (copy_to_guest_bytes(guest_arg, &x, sizeof(x)))
		return -EFAULT;
	return rc;
}
