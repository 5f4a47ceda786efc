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

/* One page more that the slot keeps. */
static int keep_page(struct blkfront *f, struct slot *s)
{
	char *page = os_pages_alloc(1);
	int ref = page ? gnttab_grant(f->backend, virt_to_mfn(page), false) : -XEN_ENOMEM;

	if (ref < 0) {
		if (page)
			os_pages_free(page, 1);
		return ref;
	}
	s->ref[s->nr_pages] = ref;
	s->page[s->nr_pages++] = page;
	return 0;
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
	int rc = 0;

	while (s->nr_pages < n && !rc)
		rc = keep_page(f, s);
	if (!rc && s->request->op != BLKFRONT_READ)
		copy(s, true);
	return rc;
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
	int rc = f->info.persistent ? 0 : end_all(s, s->nr_refs);

	s->nr_refs = 0;
	return rc;
}

void blkfront_copy_back(struct blkfront *f, struct slot *s)
{
	if (f->info.persistent && s->request->op == BLKFRONT_READ)
		copy(s, false);
}

bool blkfront_drop(struct blkfront *f, struct slot *s)
{
	bool all = true;

	(void)f;
	if (s->indirect && gnttab_end(s->indirect_ref) == 0)
		os_pages_free(s->indirect, 1);
	else
		all = !s->indirect;
	s->indirect = NULL;
	for (; s->nr_pages; s->nr_pages--) {
		unsigned int last = s->nr_pages - 1;

		if (gnttab_end(s->ref[last]))
			all = false;
		else
			os_pages_free(s->page[last], 1);
	}
	return all;
}
