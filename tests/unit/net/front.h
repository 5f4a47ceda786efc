/* SPDX-License-Identifier: MIT */
/* A frontend as it is when its backend has connected, without store or thread: for the tests and the fuzzer that play the backend. */
#ifndef TESTS_UNIT_NET_FRONT_H
#define TESTS_UNIT_NET_FRONT_H

#include "world.h"
#include <stdlib.h>
#include "impl.h"

static inline struct netfront *front_start(void)
{
	struct netfront *nf = calloc(1, sizeof(*nf));

	nf->up = nf->sg = true;
	os_lock_init(&nf->lock);
	nf->tx_shared = os_pages_alloc(1);
	nf->rx_shared = os_pages_alloc(1);
	XEN_FRONT_RING_INIT(&nf->tx, nf->tx_shared, PAGE_SIZE);
	XEN_FRONT_RING_INIT(&nf->rx, nf->rx_shared, PAGE_SIZE);
	if (netfront_tx_init(nf) || netfront_rx_init(nf))
		abort();
	return nf;
}

/* Gives back all that it had; it must have ended whole: nothing of it held by the backend. */
static inline void front_end(struct netfront *nf)
{
	struct page *page;

	if (!netfront_tx_fini(nf) || !netfront_rx_fini(nf))
		abort();
	for (unsigned int i = 0; i < SLOTS; i++)
		os_pages_free(nf->tx_slot[i].page, 1);
	while ((page = nf->pages)) {
		nf->pages = page->next;
		os_pages_free(page, 1);
	}
	os_pages_free(nf->tx_shared, 1);
	os_pages_free(nf->rx_shared, 1);
	free(nf);
	world_reset();
}

#endif
