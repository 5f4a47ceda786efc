/* SPDX-License-Identifier: MIT */
/*
 * Second step of the builder: an empty domain becomes one that can be unpaused. Frames are mapped,
 * filled and unmapped before the tables are pinned: a writable mapping of ours would keep the
 * hypervisor from taking them as page tables. The caller destroys the domain on error; here only
 * our own mappings and buffers are undone.
 */
#include <errno.h>
#include <string.h>
#include "builder/fill.h"
#include "ctl/hyper.h"
#include <xen/grant_table.h>

static int refused(struct err *err, int rc, const char *what)
{
	return err_set(err, rc == -ENOMEM ? ERR_NO_MEMORY : ERR_HYPERVISOR, "%s: %s", what,
		       strerror(-rc));
}

static int fill_memory(const struct builder_kernel *k, struct builder_domain *d,
		       const xen_pfn_t *p2m, xen_pfn_t shared_info, struct err *err)
{
	const struct layout *l = &k->layout;
	size_t n = l->used_pfn - l->first_pfn;
	void *window = os_map_foreign(d->domid, p2m + l->first_pfn, n,
				      OS_PROT_READ | OS_PROT_WRITE);

	if (!window)
		return refused(err, -errno, "cannot map the new domain's memory");
	fill_window(k, window, p2m);
	fill_start_info(k, d, p2m, shared_info, window);
	os_unmap(window, n);
	d->store_mfn = p2m[l->xenstore.pfn];
	d->console_mfn = p2m[l->console.pfn];
	return 0;
}

/* Events stay masked on every vcpu until the kernel has set its callback. */
static int init_shared_info(domid_t domid, xen_pfn_t mfn, struct err *err)
{
	struct shared_info *s = os_map_foreign(domid, &mfn, 1, OS_PROT_READ | OS_PROT_WRITE);

	if (!s)
		return refused(err, -errno, "cannot map the new domain's shared_info page");
	memset(s, 0, OS_PAGE_SIZE);
	for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
		s->vcpu_info[i].evtchn_upcall_mask = 1;
	os_unmap(s, 1);
	return 0;
}

/* The two reserved grants let domain 0 map the rings without the right to map anything. */
static int seed_grants(const struct builder_domain *d, struct err *err)
{
	static const char what[] = "cannot set up the new domain's grant table";
	grant_entry_v1_t *table;
	xen_pfn_t mfn;
	int rc = os_grant_setup(d->domid, 1, &mfn);

	if (rc)
		return refused(err, rc, what);
	table = os_map_foreign(d->domid, &mfn, 1, OS_PROT_READ | OS_PROT_WRITE);
	if (!table)
		return refused(err, -errno, what);
	table[GNTTAB_RESERVED_CONSOLE].domid = 0;
	table[GNTTAB_RESERVED_CONSOLE].frame = (uint32_t)d->console_mfn;
	table[GNTTAB_RESERVED_CONSOLE].flags = GTF_permit_access;
	table[GNTTAB_RESERVED_XENSTORE].domid = 0;
	table[GNTTAB_RESERVED_XENSTORE].frame = (uint32_t)d->store_mfn;
	table[GNTTAB_RESERVED_XENSTORE].flags = GTF_permit_access;
	os_unmap(table, 1);
	return 0;
}

static int set_hypercall_page(const struct builder_kernel *k, const struct builder_domain *d,
			      const xen_pfn_t *p2m, struct err *err)
{
	uint64_t pfn = (k->notes.hypercall_page - k->notes.virt_base) >> OS_PAGE_SHIFT;
	int rc = 0;

	if (k->notes.hypercall_page != NOTES_NONE)
		rc = ctl_domain_hypercall_page(d->domid, p2m[pfn]);
	return rc ? refused(err, rc, "cannot write the hypercall page") : 0;
}

static int start_vcpu(const struct builder_kernel *k, const struct builder_domain *d,
		      const xen_pfn_t *p2m, struct err *err)
{
	vcpu_guest_context_t context;
	int rc = ctl_pin_l4(d->domid, p2m[k->layout.tables.pfn]);

	if (rc)
		return refused(err, rc, "the hypervisor does not accept the initial page tables");
	fill_context(&k->layout, k->notes.entry, p2m, &context);
	rc = ctl_vcpu_set_context(d->domid, 0, &context);
	return rc ? refused(err, rc, "the hypervisor does not accept the first vcpu's state") : 0;
}

static int build(const struct builder_kernel *k, struct builder_domain *d, xen_pfn_t *p2m,
		 struct err *err)
{
	ctl_info info;
	int rc = ctl_populate(d->domid, p2m, k->layout.nr_pages);

	if (rc)
		return refused(err, rc, "cannot allocate the new domain's memory");
	rc = ctl_domain_info(d->domid, &info);
	if (rc)
		return refused(err, rc, "cannot ask after the new domain");
	rc = fill_memory(k, d, p2m, info.shared_info_frame, err);
	if (!rc)
		rc = init_shared_info(d->domid, info.shared_info_frame, err);
	if (!rc)
		rc = set_hypercall_page(k, d, p2m, err);
	if (!rc)
		rc = seed_grants(d, err);
	return rc ? rc : start_vcpu(k, d, p2m, err);
}

int builder_build(const struct builder_kernel *k, struct builder_domain *d, struct err *err)
{
	size_t pages = (k->layout.nr_pages * sizeof(xen_pfn_t) + OS_PAGE_SIZE - 1) / OS_PAGE_SIZE;
	xen_pfn_t *p2m = os_alloc_pages(pages);
	int rc;

	if (!p2m)
		return err_set(err, ERR_NO_MEMORY, "domain 0 has no memory for the page list of "
			       "the new domain (%zu KB)", pages * 4);
	rc = build(k, d, p2m, err);
	os_free_pages(p2m, pages);
	return rc;
}
