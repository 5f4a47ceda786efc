/* SPDX-License-Identifier: MIT */
/*
 * Batches of grant maps. Invariant: a page is free, in use, or (persistent) idle in its bucket; only a free one has
 * nothing behind it. References come from the guest and mean nothing here: the hypervisor refuses wrong ones, and the
 * page's status says so. A page whose unmapping is refused, which no guest can bring about, is never used again.
 */
#include "grants.h"
#include <errno.h>
#include <stdlib.h>

int grants_open(struct grants *g, domid_t domid, bool persistent)
{
	*g = (struct grants){ .domid = domid, .persistent = persistent };
	g->area = os_reserve_pages(GRANTS_PAGES);
	g->pages = calloc(GRANTS_PAGES, sizeof(*g->pages));
	g->map = calloc(GRANTS_BATCH, sizeof(*g->map));
	g->mapping = calloc(GRANTS_BATCH, sizeof(*g->mapping));
	g->unmap = calloc(GRANTS_BATCH, sizeof(*g->unmap));
	g->unmapping = calloc(GRANTS_BATCH, sizeof(*g->unmapping));
	if (!g->area || !g->pages || !g->map || !g->mapping || !g->unmap || !g->unmapping) {
		grants_close(g);
		return -ENOMEM;
	}
	for (unsigned int i = GRANTS_PAGES; i--; ) {
		g->pages[i].va = (char *)g->area + i * OS_PAGE_SIZE;
		g->pages[i].next = g->free;
		g->free = &g->pages[i];
	}
	g->nr_free = GRANTS_PAGES;
	return 0;
}

unsigned int grants_room(const struct grants *g)
{
	return g->nr_free + g->nr_idle;
}

static struct granted_page **bucket_of(struct grants *g, grant_ref_t ref)
{
	return &g->bucket[ref % GRANTS_BUCKETS];
}

static void leave_bucket(struct grants *g, struct granted_page *page)
{
	struct granted_page **link = bucket_of(g, page->ref);

	while (*link != page)
		link = &(*link)->next;
	*link = page->next;
	page->persistent = false;
}

void grants_unmap(struct grants *g)
{
	if (!g->nr_unmap)
		return;
	os_grant_batch(GNTTABOP_unmap_grant_ref, g->unmap, g->nr_unmap);
	g->hypercalls++;
	for (unsigned int i = 0; i < g->nr_unmap; i++) {
		struct granted_page *page = g->unmapping[i];

		if (g->unmap[i].status != GNTST_okay)
			continue;
		page->next = g->free;
		g->free = page;
		g->nr_free++;
	}
	g->nr_unmap = 0;
}

static void queue_unmap(struct grants *g, struct granted_page *page)
{
	if (g->nr_unmap == GRANTS_BATCH)
		grants_unmap(g);
	g->unmapping[g->nr_unmap] = page;
	g->unmap[g->nr_unmap++] = (struct gnttab_unmap_grant_ref){
		.host_addr = (uintptr_t)page->va, .handle = page->handle, .status = GNTST_general_error,
	};
}

/* Takes idle pages from their buckets, as many as are worth a hypercall, in turn. */
static void evict(struct grants *g)
{
	for (unsigned int i = 0; i < GRANTS_PAGES && g->nr_unmap < GRANTS_BATCH / 4; i++) {
		struct granted_page *page = &g->pages[g->hand++ % GRANTS_PAGES];

		if (!page->persistent || page->users)
			continue;
		leave_bucket(g, page);
		g->nr_idle--;
		queue_unmap(g, page);
	}
	grants_unmap(g);
}

static struct granted_page *take_free(struct grants *g)
{
	struct granted_page *page;

	if (!g->free)
		evict(g);
	page = g->free;
	if (page) {
		g->free = page->next;
		g->nr_free--;
	}
	return page;
}

static struct granted_page *find(struct grants *g, grant_ref_t ref)
{
	struct granted_page *page = *bucket_of(g, ref);

	while (page && page->ref != ref)
		page = page->next;
	return page;
}

static struct granted_page *again(struct grants *g, struct granted_page *page)
{
	g->nr_idle -= !page->users;
	page->users++;
	return page;
}

struct granted_page *grants_get(struct grants *g, grant_ref_t ref, bool readonly)
{
	struct granted_page *page = g->persistent ? find(g, ref) : NULL;

	if (page)
		return again(g, page);
	if (g->nr_map == GRANTS_BATCH)
		grants_map(g);
	page = take_free(g);
	if (!page)
		return NULL;
	page->ref = ref;
	page->users = 1;
	page->persistent = g->persistent;
	page->status = GNTST_general_error;
	if (page->persistent) {
		page->next = *bucket_of(g, ref);
		*bucket_of(g, ref) = page;
	}
	g->mapping[g->nr_map] = page;
	g->map[g->nr_map++] = (struct gnttab_map_grant_ref){
		.host_addr = (uintptr_t)page->va, .ref = ref, .dom = g->domid,
		.flags = GNTMAP_host_map | (readonly && !g->persistent ? GNTMAP_readonly : 0),
		.status = GNTST_general_error,
	};
	return page;
}

void grants_map(struct grants *g)
{
	if (!g->nr_map)
		return;
	os_grant_batch(GNTTABOP_map_grant_ref, g->map, g->nr_map);
	g->hypercalls++;
	for (unsigned int i = 0; i < g->nr_map; i++) {
		struct granted_page *page = g->mapping[i];

		page->status = g->map[i].status;
		page->handle = g->map[i].handle;
		page->maddr = g->map[i].dev_bus_addr;
		g->mapped += page->status == GNTST_okay;
	}
	g->nr_map = 0;
}

/* One that could not be mapped stays in no bucket: the guest may grant that reference later. */
void grants_put(struct grants *g, struct granted_page *page)
{
	if (--page->users)
		return;
	if (page->status != GNTST_okay) {
		if (page->persistent)
			leave_bucket(g, page);
		page->next = g->free;
		g->free = page;
		g->nr_free++;
	} else if (page->persistent) {
		g->nr_idle++;
	} else {
		queue_unmap(g, page);
	}
}

void grants_close(struct grants *g)
{
	for (unsigned int i = 0; g->pages && i < GRANTS_BUCKETS; i++)
		while (g->bucket[i]) {
			struct granted_page *page = g->bucket[i];

			leave_bucket(g, page);
			queue_unmap(g, page);
		}
	grants_unmap(g);
	if (g->area && g->nr_free == (g->free ? GRANTS_PAGES : 0))
		os_release_pages(g->area, GRANTS_PAGES);
	free(g->pages);
	free(g->map);
	free(g->mapping);
	free(g->unmap);
	free(g->unmapping);
	*g = (struct grants){ .domid = g->domid };
}
