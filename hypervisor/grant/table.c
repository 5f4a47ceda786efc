/* SPDX-License-Identifier: MIT */
/*
 * A domain's grant table: creation, growth, end. The shared frames are our
 * pages that the guest may map and write; what we find in them is never trusted. d->grant_lock.
 */
#include "internal.h"

int grant_init(struct domain *d, unsigned max_frames)
{
	struct grant_table *t = hv_alloc(sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	d->grant = t;
	t->max_frames = MAX(max_frames, 1u);
	t->shared = hv_alloc(t->max_frames * sizeof(*t->shared));
	t->active = hv_alloc(t->max_frames * sizeof(*t->active));
	if (t->shared && t->active) {
		spin_lock(&d->grant_lock);
		err = grant_grow(d, 1);
		spin_unlock(&d->grant_lock);
		if (!err)
			return 0;
	}
	grant_free(d);
	return -ENOMEM;
}

void grant_free(struct domain *d)
{
	struct grant_table *t = d->grant;

	if (!t)
		return;
	for (unsigned i = 0; i < t->nr_frames; i++) {
		domain_unshare_page(t->shared[i]);
		hv_free(t->active[i]);
	}
	for (unsigned i = 0; i < t->nr_map_pages; i++)
		hv_free(t->map[i]);
	hv_free(t->map);
	hv_free(t->active);
	hv_free(t->shared);
	hv_free(t);
	d->grant = NULL;
}

static int add_frame(struct domain *d)
{
	struct grant_table *t = d->grant;
	void *page = page_alloc_zeroed();

	if (!page)
		return -ENOMEM;
	t->active[t->nr_frames] = hv_alloc(ENTRIES_PER_FRAME * sizeof(struct active));
	if (!t->active[t->nr_frames]) {
		page_free_virt(page);
		return -ENOMEM;
	}
	t->shared[t->nr_frames] = page;
	domain_share_page(d, page, true);
	WRITE_ONCE(t->nr_frames, t->nr_frames + 1);
	return 0;
}

int grant_grow(struct domain *d, unsigned n)
{
	if (n > d->grant->max_frames)
		return -EINVAL;
	while (d->grant->nr_frames < n) {
		int err = add_frame(d);

		if (err)
			return err;
	}
	return 0;
}

int grant_table_frame(struct domain *d, unsigned idx, uint64_t *mfn)
{
	int err;

	if (idx >= d->grant->max_frames)
		return -EINVAL;
	spin_lock(&d->grant_lock);
	err = grant_grow(d, idx + 1);
	if (!err)
		*mfn = mfn_x(virt_to_mfn(d->grant->shared[index_nospec(idx, d->grant->nr_frames)]));
	spin_unlock(&d->grant_lock);
	return err;
}
