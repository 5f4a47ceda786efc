/* SPDX-License-Identifier: MIT */
/*
 * A guest that attacks the control domain through its store page and its console page. For as
 * many seconds as its first argument says it
 *   - writes random words over both pages, indices included, while the daemons use them;
 *   - sends well-formed headers with random types, lengths and bodies;
 *   - asks for a new store connection again and again;
 *   - notifies both daemons all the time.
 * Then it says how often and powers off. The control domain must serve others meanwhile, and keep
 * nothing of this guest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xen/io/console.h>
#include <xen/io/xs_wire.h>
#include <libos.h>

static struct xenstore_domain_interface *store;
static struct xencons_interface *console;

static uint32_t any(uint32_t n)
{
	static uint64_t seed = 1;

	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(seed >> 33) % n;
}

static void scribble(void *page, unsigned int words)
{
	while (words--)
		((uint32_t *)page)[any(1024)] = any(~0U);
}

/* Indices that are possible, so that the daemon looks at what lies between them. */
static void print_garbage(void)
{
	console->out_prod = console->out_cons + any(sizeof(console->out) + 1);
	console->in_cons = console->in_prod;
}

static void send_request(void)
{
	static const char body[64] = "/local/domain/0/name\0x\0data/y\0token\0n1\0T\0" "17";
	struct xsd_sockmsg hdr = { .type = any(XS_TYPE_COUNT + 1), .len = any(sizeof(body)) };

	store->req_cons = store->req_prod = store->rsp_cons = store->rsp_prod = 0;
	memcpy(store->req, &hdr, sizeof(hdr));
	memcpy(store->req + sizeof(hdr), body + any(4) * 10, sizeof(body) - 30);
	__atomic_store_n(&store->req_prod, sizeof(hdr) + hdr.len, __ATOMIC_RELEASE);
}

static void attack(void)
{
	if (any(2))
		scribble(store, any(8));
	if (any(2))
		scribble(console, any(8));
	if (!any(3))
		print_garbage();
	store->connection = any(2) ? XENSTORE_RECONNECT : XENSTORE_CONNECTED;
	evtchn_send(start_info->store_evtchn);
	if (any(2))
		send_request();
	evtchn_send(start_info->store_evtchn);
	evtchn_send(start_info->console.domU.evtchn);
}

/* Until the daemon, which may be in the middle of what was scribbled and write an index because of that, has taken one byte
 * and another one as they were sent. */
static void settle(void)
{
	for (unsigned int taken = 0; taken < 2;) {
		uint32_t at = console->out_cons;

		console->out[MASK_XENCONS_IDX(at, console->out)] = '\n';
		__atomic_store_n(&console->out_prod, at + 1, __ATOMIC_RELEASE);
		evtchn_send(start_info->console.domU.evtchn);
		thread_sleep_ns(1000000);
		taken = __atomic_load_n(&console->out_cons, __ATOMIC_ACQUIRE) == at + 1 ? taken + 1 : 0;
	}
}

int main(int argc, char **argv)
{
	uint64_t end = time_now_ns() + strtoul(argc > 1 ? argv[1] : "1", NULL, 10) * 1000000000ULL;
	xen_pfn_t store_mfn = start_info->store_mfn, console_mfn = start_info->console.domU.mfn;
	unsigned long rounds = 0;

	store = frames_map(&store_mfn, 1, PTE_RW, DOMID_SELF);
	console = frames_map(&console_mfn, 1, PTE_RW, DOMID_SELF);
	if (!store || !console)
		return 1;
	while (time_now_ns() < end) {
		attack();
		if (++rounds % 64 == 0)
			thread_sleep_ns(1000000);
	}
	settle();
	printf("attacked %lu times\n", rounds);
	libos_shutdown(SHUTDOWN_poweroff);
}
