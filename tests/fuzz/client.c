/* SPDX-License-Identifier: MIT */
/*
 * The guest's side of the store: kit/xenbus.c asks, and the input is what the store puts into the ring, in
 * pieces as long as its first byte of each says, indices broken where that is 0xff. Whatever comes, each call
 * returns, its answer fits the buffer and is terminated. A wait that would last for ever ends the input.
 */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include "../../guest-pv/kit/xenbus.c"	/* its list of watches is begun anew with each input */

static struct xenstore_domain_interface ring_page;
static const uint8_t *input;
static size_t left;
static jmp_buf over;

/* A piece of the input arrives; the guest's requests are swallowed. */
static bool store_speaks(void)
{
	size_t n;

	ring_page.req_cons = ring_page.req_prod;
	if (!left)
		return false;
	n = *input++;
	left--;
	if (n == 0xff) {
		ring_page.rsp_prod += 5000;
		return true;
	}
	for (n = n < left ? n : left; n && ring_page.rsp_prod - ring_page.rsp_cons < XENSTORE_RING_SIZE; n--, left--)
		ring_page.rsp[MASK_XENSTORE_IDX(ring_page.rsp_prod++)] = *input++;
	return true;
}

void os_lock_init(struct os_lock *l) { (void)l; }
void os_lock(struct os_lock *l) { (void)l; }
void os_unlock(struct os_lock *l) { (void)l; }
void os_wait_init(struct os_wait *w) { (void)w; }
void os_wake(struct os_wait *w) { (void)w; }

bool os_wait_until(struct os_wait *w, bool (*ready)(void *), void *arg, uint64_t deadline)
{
	(void)w;
	while (!ready(arg))
		if (!store_speaks()) {
			if (deadline != OS_FOREVER)
				return false;
			longjmp(over, 1);
		}
	return true;
}

int evtchn_send(evtchn_port_t p) { return (void)p, 0; }
void evtchn_set_handler(evtchn_port_t p, evtchn_handler_t fn, void *arg) { (void)p, (void)fn, (void)arg; }

static void use_store(void)
{
	struct xenbus_watch watch;
	char small[8], list[256];
	xenbus_tx_t tx;
	int n = xenbus_read(XENBUS_NO_TX, "name", small, sizeof(small));

	if (n >= 0 && ((size_t)n >= sizeof(small) || small[n]))
		abort();
	n = xenbus_ls(XENBUS_NO_TX, "device", list, sizeof(list));
	if (n > (int)sizeof(list) || (n > 0 && list[n - 1]))
		abort();
	if (!xenbus_tx_start(&tx))
		xenbus_tx_end(tx, false);
	if (!xenbus_watch(&watch, "control")) {
		xenbus_watch_wait(&watch, 1);
		xenbus_unwatch(&watch);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	memset(&ring_page, 0, sizeof(ring_page));
	watches = NULL;
	xenbus_init(&ring_page, 1);
	input = data;
	left = size;
	if (!setjmp(over))
		use_store();
	return 0;
}
