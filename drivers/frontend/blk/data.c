/* SPDX-License-Identifier: MIT */
/*
 * The pages of a request: granted in place for its time, or, with persistent grants, pages of the slot's own that are
 * granted once and copied to and from. A page that the backend still uses when its grant should end is never
 * given back to the system: the backend could write into whatever came to lie there.
 */
#include "impl.h"
#include <kit/gnttab.h>
#include <kit/p2m.h>
#include <kit/pt.h>
#include <xen/errno.h>

/* The frame behind an address of ours: in the linear map by table, anywhere else by the page tables. */
static mfn_t frame_of(const void *va)
{
	const pte_t *e;

	if ((uintptr_t)va >= (uintptr_t)linear_base && virt_to_pfn(va) < p2m_entries)
		return virt_to_mfn(va);
	e = pt_entry(va, 1);
	return e && *e & PTE_PRESENT ? pte_mfn(*e) : MFN_INVALID;
}

static unsigned int pages_of(const struct blkfront_request *r)
{
	uintptr_t offset = (uintptr_t)r->buf & ~PAGE_MASK;

	return bytes_to_pages(offset + r->nr_sectors * 512u);
}

static int end_all(struct slot *s, unsigned int n)
{
	int rc = 0;

	while (n)
		if (gnttab_end(s->ref[--n]))
			rc = -XEN_EBUSY;
	return rc;
}

static int grant_in_place(struct blkfront *f, struct slot *s, unsigned int n)
{
	const struct blkfront_request *r = s->request;
	const char *page = (char *)((uintptr_t)r->buf & PAGE_MASK);

	for (unsigned int i = 0; i < n; i++, page += PAGE_SIZE) {
		mfn_t mfn = frame_of(page);
		int ref = mfn == MFN_INVALID ? -XEN_EFAULT :
			  gnttab_grant(f->backend, mfn, r->op != BLKFRONT_READ);

		if (ref < 0) {
			end_all(s, i);
			return ref;
		}
		s->ref[i] = ref;
	}
	return 0;
}

/* A page that stays granted: one that was used before, or a new one. */
static int take_kept(struct blkfront *f, struct kept_page *k)
{
	int ref;

	if (f->nr_kept) {
		*k = f->kept[--f->nr_kept];
		return 0;
	}
	if (f->nr_made == MAX_KEPT)
		return -XEN_ENOSPC;
	k->page = os_pages_alloc(1);
	if (!k->page)
		return -XEN_ENOMEM;
	ref = gnttab_grant(f->backend, virt_to_mfn(k->page), false);
	if (ref < 0) {
		os_pages_free(k->page, 1);
		return ref;
	}
	k->ref = ref;
	f->nr_made++;
	return 0;
}

static void put_kept(struct blkfront *f, struct slot *s, unsigned int n)
{
	while (n--)
		f->kept[f->nr_kept++] = (struct kept_page){ s->page[n], s->ref[n] };
}

/* Between the caller's buffer and the kept pages, which are laid out alike. */
static void copy(struct slot *s, bool out)
{
	char *buf = s->request->buf;
	size_t left = s->request->nr_sectors * 512u, offset = (uintptr_t)buf & ~PAGE_MASK;

	for (unsigned int i = 0; left; i++, offset = 0) {
		size_t n = PAGE_SIZE - offset < left ? PAGE_SIZE - offset : left;

		if (out)
			__builtin_memcpy(s->page[i] + offset, buf, n);
		else
			__builtin_memcpy(buf, s->page[i] + offset, n);
		buf += n;
		left -= n;
	}
}

static int grant_kept(struct blkfront *f, struct slot *s, unsigned int n)
{
	struct kept_page k;
	int rc;

	for (unsigned int i = 0; i < n; i++) {
		rc = take_kept(f, &k);
		if (rc) {
			put_kept(f, s, i);
			return rc;
		}
		s->page[i] = k.page;
		s->ref[i] = k.ref;
	}
	if (s->request->op != BLKFRONT_READ)
		copy(s, true);
	return 0;
}

/* A frame for the list of segments, granted for good with the first request that needs one. */
static int keep_indirect(struct blkfront *f, struct slot *s)
{
	int ref;

	if (s->indirect)
		return 0;
	s->indirect = os_pages_alloc(1);
	if (!s->indirect)
		return -XEN_ENOMEM;
	ref = gnttab_grant(f->backend, virt_to_mfn(s->indirect), true);
	if (ref < 0) {
		os_pages_free(s->indirect, 1);
		s->indirect = NULL;
		return ref;
	}
	s->indirect_ref = ref;
	return 0;
}

int blkfront_grant(struct blkfront *f, struct slot *s)
{
	const struct blkfront_request *r = s->request;
	bool data = r->op == BLKFRONT_READ || r->op == BLKFRONT_WRITE || r->op == BLKFRONT_BARRIER;
	unsigned int n = data && r->nr_sectors ? pages_of(r) : 0;
	int rc = n > BLKIF_MAX_SEGMENTS_PER_REQUEST ? keep_indirect(f, s) : 0;

	if (!rc && n)
		rc = f->info.persistent ? grant_kept(f, s, n) : grant_in_place(f, s, n);
	s->nr_refs = rc ? 0 : n;
	return rc;
}

int blkfront_revoke(struct blkfront *f, struct slot *s)
{
	int rc = 0;

	if (f->info.persistent)
		put_kept(f, s, s->nr_refs);
	else
		rc = end_all(s, s->nr_refs);
	s->nr_refs = 0;
	return rc;
}

void blkfront_copy_back(struct blkfront *f, struct slot *s)
{
	if (f->info.persistent && s->request->op == BLKFRONT_READ)
		copy(s, false);
}

/* The page is the system's again only if the backend has let it go. */
static bool free_page(void *page, grant_ref_t ref)
{
	if (gnttab_end(ref))
		return false;
	os_pages_free(page, 1);
	return true;
}

bool blkfront_drop(struct blkfront *f)
{
	bool all = true;

	for (unsigned int id = 0; id < f->info.depth; id++) {
		struct slot *s = &f->slot[id];

		if (s->indirect)
			all &= free_page(s->indirect, s->indirect_ref);
		s->indirect = NULL;
	}
	for (; f->nr_kept; f->nr_kept--)
		all &= free_page(f->kept[f->nr_kept - 1].page, f->kept[f->nr_kept - 1].ref);
	return all;
}
