/* SPDX-License-Identifier: MIT */
/*
 * memory_op: questions about memory, and the table of all its operations. Those that change how
 * much a domain has are in reservation.c. Operations on a guest-physical map (which PV domains do
 * not have) answer as the ABI does for PV.
 */
#include "boot.h"
#include "cpu.h"
#include "errno.h"
#include "grant.h"
#include "lib.h"
#include "memory.h"
#include "mm.h"
#include "uaccess.h"

int memory_domain(uint16_t domid, struct domain **out)
{
	bool self = domid == DOMID_SELF || domid == current->domain->id;

	if (!self && !current->domain->privileged)
		return -EPERM;
	*out = domain_get(self ? DOMID_SELF : domid);
	return *out ? 0 : -ESRCH;
}

static long maximum_ram_page(void *arg)
{
	(void)arg;
	return max_mfn;
}

enum question { CURRENT_PAGES, MAXIMUM_PAGES, MAXIMUM_PFN };

static long ask(const void *arg, enum question q)
{
	struct domain *d;
	long rc = memory_domain(*(const domid_t *)arg, &d);

	if (rc)
		return rc;
	rc = q == CURRENT_PAGES ? d->tot_pages : q == MAXIMUM_PAGES ? d->max_pages :
	     READ_ONCE(d->shared->arch.max_pfn) - 1;
	domain_put(d);
	return rc;
}

static long current_reservation(void *arg) { return ask(arg, CURRENT_PAGES); }
static long maximum_reservation(void *arg) { return ask(arg, MAXIMUM_PAGES); }
static long maximum_gpfn(void *arg) { return ask(arg, MAXIMUM_PFN); }

static long machphys_mapping(void *arg)
{
	struct xen_machphys_mapping *m = arg;

	m->v_start = RO_M2P_VIRT_START;
	m->v_end = RO_M2P_VIRT_END;
	m->max_mfn = max_mfn - 1;
	return 0;
}

/* The frames themselves are for DOMID_XEN to map. A gigabyte without RAM repeats the one before. */
static long machphys_mfn_list(void *arg)
{
	struct xen_machphys_mfn_list *l = arg;
	unsigned n = MIN((max_mfn + BIT(18) - 1) >> 18, (uint64_t)l->max_extents);
	mfn_t m = MFN_NONE;

	for (unsigned gb = 0; gb < n; gb++) {
		mfn_t here = m2p_extent(gb);

		m = mfn_eq(here, MFN_NONE) ? m : here;
		if (copy_to_guest_off(l->extent_start, gb, &m.n, 1))
			return -EFAULT;
	}
	l->nr_extents = n;
	return 0;
}

/* Copies out as many records as there is room for, and says how many. */
static long give_map(struct xen_memory_map *m, const struct e820entry *e, unsigned n)
{
	XEN_GUEST_HANDLE(void) to = m->buffer;

	m->nr_entries = MIN(n, m->nr_entries);
	return copy_to_guest_bytes(to.p, e, m->nr_entries * sizeof(*e)) ? -EFAULT : 0;
}

static long memory_map(void *arg)
{
	struct domain *d = current->domain;
	struct e820entry *copy = hv_alloc(E820_MAX * sizeof(*copy));
	unsigned n = 0;
	long rc;

	if (!copy)
		return -ENOMEM;
	spin_lock(&d->page_lock);
	if (d->memory_map) {
		n = d->memory_map_nr;
		memcpy(copy, d->memory_map, n * sizeof(*copy));
	}
	spin_unlock(&d->page_lock);
	rc = n ? give_map(arg, copy, n) : -ENOSYS;
	hv_free(copy);
	return rc;
}

static long machine_memory_map(void *arg)
{
	return give_map(arg, boot_info.e820, boot_info.nr_e820);
}

static long set_memory_map(void *arg)
{
	const struct xen_foreign_memory_map *m = arg;
	unsigned n = m->map.nr_entries;
	struct e820entry *e, *old;
	struct domain *d;
	long rc;

	if (n > E820_MAX)
		return -E2BIG;
	rc = memory_domain(m->domid, &d);
	if (rc)
		return rc;
	e = hv_alloc(MAX(n, 1u) * sizeof(*e));
	rc = !e ? -ENOMEM : copy_from_guest_bytes(e, m->map.buffer.p, n * sizeof(*e)) ? -EFAULT : 0;
	if (!rc) {
		spin_lock(&d->page_lock);
		old = d->memory_map;
		if (d->dying) {
			rc = -ESRCH;
		} else {
			d->memory_map = e;
			d->memory_map_nr = n;
			e = old;
		}
		spin_unlock(&d->page_lock);
	}
	hv_free(e);
	domain_put(d);
	return rc;
}

static long claim_pages(void *arg)
{
	const xen_memory_reservation_t *r = arg;
	struct domain *d;
	long rc;

	if (!guest_handle_is_null(r->extent_start) || r->extent_order || r->mem_flags)
		return -EINVAL;
	if (memory_domain(r->domid, &d))
		return -EINVAL;
	rc = domain_claim(d, r->nr_extents);
	domain_put(d);
	return rc;
}

/* PV domains have no guest-physical map: nothing to add to, and leaving it is nothing to do. */
static long add_to_physmap(void *arg)
{
	struct domain *d;
	long rc = memory_domain(((struct xen_add_to_physmap *)arg)->domid, &d);

	if (rc)
		return rc;
	domain_put(d);
	return -EACCES;
}

static long remove_from_physmap(void *arg)
{
	const struct xen_remove_from_physmap *r = arg;
	struct domain *d;
	struct frame *f;
	long rc = memory_domain(r->domid, &d);

	if (rc)
		return rc;
	f = frame_get_mfn(mfn(r->gpfn), d);
	if (f)
		frame_put(f);
	domain_put(d);
	return f ? 0 : -ENOENT;
}

static long vnumainfo(void *arg)
{
	(void)arg;
	return -EOPNOTSUPP;
}

static long grant_frames(struct domain *d, struct xen_mem_acquire_resource *r)
{
	while (current->cont.done < r->nr_frames) {
		uint64_t i = current->cont.done, m;
		int rc = r->frame + i > UINT32_MAX ? -EINVAL
						   : grant_table_frame(d, r->frame + i, &m);

		if (rc)
			return rc;
		if (copy_to_guest_off(r->frame_list, i, &m, 1))
			return -EFAULT;
		current->cont.done = i + 1;
		if (i + 1 < r->nr_frames && preempt_needed())
			return -ERESTART;
	}
	return 0;
}

/* The only resource of a PV domain is its grant table. */
static long acquire_resource(void *arg)
{
	struct xen_mem_acquire_resource *r = arg;
	struct domain *d;
	long rc;

	if (r->pad || r->type != XENMEM_resource_grant_table ||
	    r->id != XENMEM_resource_grant_table_id_shared)
		return -EOPNOTSUPP;
	if (guest_handle_is_null(r->frame_list) || r->frame > UINT32_MAX)
		return -EINVAL;
	rc = memory_domain(r->domid, &d);
	if (rc)
		return rc;
	rc = grant_frames(d, r);
	domain_put(d);
	return rc;
}

#define RESERVATION sizeof(xen_memory_reservation_t)

static const struct subop ops[] = {
	[XENMEM_increase_reservation] = { memory_increase, RESERVATION, false, false },
	[XENMEM_decrease_reservation] = { memory_decrease, RESERVATION, false, false },
	[XENMEM_populate_physmap] = { memory_populate, RESERVATION, false, false },
	[XENMEM_claim_pages] = { claim_pages, RESERVATION, false, true },
	[XENMEM_maximum_ram_page] = { maximum_ram_page, 0, false, false },
	[XENMEM_current_reservation] = { current_reservation, sizeof(domid_t), false, false },
	[XENMEM_maximum_reservation] = { maximum_reservation, sizeof(domid_t), false, false },
	[XENMEM_maximum_gpfn] = { maximum_gpfn, sizeof(domid_t), false, false },
	[XENMEM_machphys_mfn_list] = {
		machphys_mfn_list, sizeof(xen_machphys_mfn_list_t), true, false },
	[XENMEM_machphys_mapping] = {
		machphys_mapping, sizeof(xen_machphys_mapping_t), true, false },
	[XENMEM_memory_map] = { memory_map, sizeof(xen_memory_map_t), true, false },
	[XENMEM_machine_memory_map] = { machine_memory_map, sizeof(xen_memory_map_t), true, true },
	[XENMEM_set_memory_map] = {
		set_memory_map, sizeof(xen_foreign_memory_map_t), false, true },
	[XENMEM_add_to_physmap] = { add_to_physmap, sizeof(xen_add_to_physmap_t), false, false },
	[XENMEM_remove_from_physmap] = {
		remove_from_physmap, sizeof(xen_remove_from_physmap_t), false, false },
	[XENMEM_get_vnumainfo] = { vnumainfo, sizeof(xen_vnuma_topology_info_t), false, false },
	[XENMEM_acquire_resource] = {
		acquire_resource, sizeof(xen_mem_acquire_resource_t), true, true },
};

long do_memory_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	bool counts;
	long rc;

	(void)a3, (void)a4, (void)a5, (void)a6;
	if ((uint32_t)cmd == XENMEM_exchange)
		return memory_exchange((void *)arg);
	rc = subop_dispatch(ops, ARRAY_SIZE(ops), cmd, (void *)arg);
	/* These only ever answer with a count: none, if there is no telling what was wanted. */
	counts = (uint32_t)cmd <= XENMEM_decrease_reservation ||
		 (uint32_t)cmd == XENMEM_populate_physmap;
	return counts && rc == -EFAULT ? 0 : rc;
}
