/* SPDX-License-Identifier: MIT */
/*
 * Attack: a network frontend that lies to the backend, on live rings: indices that run away or go back, grants that
 * are none, are read-only or name other things, sizes and offsets past the page, packets without an end, extra
 * pieces that are none, rings and event channels that are none, states in any order. For each lie it connects
 * anew, tells it, sends an event and waits for what comes of it.
 *
 * Expected: each is answered with errors, or the connection is closed ("told"), or nothing comes of it; the next connection
 * is served, an honest packet through it well.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <libos.h>
#include <kit/gnttab.h>
#include <kit/xenbus.h>
#include <xen/io/netif.h>
#include <xen/io/xenbus.h>

#define NODE "device/vif/0"
#define STEPS 20			/* of 10 ms, in which something may come of a lie */
#define SLOTS 256

static char back[96];
static domid_t back_id;
static struct netif_tx_sring *tx;
static struct netif_rx_sring *rx;
static char *page;
static grant_ref_t tx_ref, rx_ref, page_ref, read_only;
static evtchn_port_t port;
static unsigned int passed, failed;

static void check(const char *name, bool ok)
{
	printf("%s %s\n", ok ? "ok" : "not ok", name);
	ok ? passed++ : failed++;
}

static void set_state(unsigned int state) { xenbus_write_number(XENBUS_NO_TX, NODE, "state", state); }

static uint64_t back_state(void) { return xenbus_read_number(back, "state", XenbusStateUnknown); }

static void await(unsigned int state)
{
	while (back_state() != state)
		usleep(10000);
}

/* false: the backend closes instead. */
static bool await_connected(void)
{
	uint64_t state;

	while ((state = back_state()) < XenbusStateConnected)
		usleep(10000);
	return state == XenbusStateConnected;
}

static int publish(xenbus_tx_t t, void *arg)
{
	const uint64_t *entries = arg;
	static const char *const keys[] = { "tx-ring-ref", "rx-ring-ref", "event-channel", "request-rx-copy", "feature-sg",
					    "feature-gso-tcpv4" };
	int rc = 0;

	for (unsigned int i = 0; !rc && i < sizeof(keys) / sizeof(keys[0]); i++)
		rc = xenbus_write_number(t, NODE, keys[i], i < 3 ? entries[i] : 1);
	return rc;
}

/* From whatever state to one in which the backend waits for what we have. */
static void begin(void)
{
	set_state(XenbusStateClosed);
	await(XenbusStateClosed);
	set_state(XenbusStateInitialising);
	await(XenbusStateInitWait);
}

static bool connect(uint64_t tx_entry, uint64_t rx_entry, uint64_t port_entry)
{
	uint64_t entries[] = { tx_entry, rx_entry, port_entry };

	memset(tx, 0, PAGE_SIZE);
	memset(rx, 0, PAGE_SIZE);
	tx->req_event = tx->rsp_event = rx->req_event = rx->rsp_event = 1;
	begin();
	if (xenbus_transact(publish, entries))
		return false;
	set_state(XenbusStateConnected);
	return await_connected();
}

static bool connect_well(void)
{
	if (port)
		evtchn_close(port);
	return !evtchn_alloc_unbound(back_id, &port) && connect(tx_ref, rx_ref, port);
}

/* --- lies --- */

static void send(unsigned int slot, grant_ref_t ref, uint16_t offset, uint16_t size, uint16_t flags)
{
	tx->ring[slot % SLOTS].req = (struct netif_tx_request){ ref, offset, flags, slot, size };
}

static void tell(RING_IDX tx_prod, RING_IDX rx_prod)
{
	__atomic_store_n(&tx->req_prod, tx_prod, __ATOMIC_RELEASE);
	__atomic_store_n(&rx->req_prod, rx_prod, __ATOMIC_RELEASE);
	evtchn_send(port);
}

static void all_slots(grant_ref_t ref, uint16_t offset, uint16_t size, uint16_t flags)
{
	for (unsigned int i = 0; i < SLOTS; i++)
		send(i, ref, offset, size, flags);
	tell(SLOTS, 0);
}

static void tx_far(void) { tell(SLOTS + 1, 0); }
static void tx_huge(void) { tell(0x80000000, 0); }
static void rx_far(void) { tell(0, SLOTS + 1); }
static void rx_huge(void) { tell(0, 0xffffffff); }
static void no_grant(void) { all_slots(7777, 0, 60, 0); }
static void huge_grant(void) { all_slots(~0u, 0, 60, 0); }
static void past_the_page(void) { all_slots(page_ref, 4095, 60, 0); }
static void far_offset(void) { all_slots(page_ref, 0xffff, 0xffff, 0); }
static void nothing_in_it(void) { all_slots(page_ref, 0, 0, 0); }
static void no_end(void) { all_slots(page_ref, 0, 4096, NETTXF_more_data); }
static void all_flags(void) { all_slots(page_ref, 0, 60, 0xffff); }
static void extra_garbage(void) { memset(page, 0xff, PAGE_SIZE); all_slots(page_ref, 0, 1514, NETTXF_extra_info); }

static void back_and_forth(void)
{
	for (int i = 0; i < 1000; i++) {
		send(i, page_ref, 0, 60, 0);
		tell(i % 3 ? i : 0, i % 5 ? i : -i);
	}
}

static void gso_of_one(void)
{
	struct netif_extra_info e = { .type = XEN_NETIF_EXTRA_TYPE_GSO, .u.gso = { .size = 1, .type = XEN_NETIF_GSO_TYPE_TCPV4 } };

	send(0, page_ref, 0, 4096, NETTXF_extra_info | NETTXF_csum_blank);
	memcpy(&tx->ring[1], &e, sizeof(e));
	tell(2, 0);
}

/* Room for packets where there is none: the network's own broadcasts are to come here. */
static void bad_room(void)
{
	for (unsigned int i = 0; i < SLOTS; i++)
		rx->ring[i].req = (struct netif_rx_request){ i, 0, i % 2 ? read_only : 6666 };
	tell(0, SLOTS);
}

static void ring_in_its_own(void) { all_slots(tx_ref, 0, 4096, 0); }

static void states(void)
{
	for (unsigned int i = 0; i < 40; i++)
		set_state(i * 7 % 11);
}

static void gone_port(void)
{
	evtchn_close(port);
	port = 0;
	all_slots(page_ref, 0, 60, 0);
}

static const struct { const char *name; void (*tell)(void); } lies[] = {
	{ "requests far ahead", tx_far }, { "requests half around", tx_huge }, { "room far ahead", rx_far },
	{ "room behind", rx_huge }, { "no grant", no_grant }, { "a grant of no table", huge_grant },
	{ "past the page", past_the_page }, { "an offset past it", far_offset }, { "empty packets", nothing_in_it },
	{ "packets without end", no_end }, { "all flags", all_flags }, { "garbage as extra", extra_garbage },
	{ "indices back and forth", back_and_forth }, { "segments of a byte", gso_of_one }, { "room of others", bad_room },
	{ "the ring as packet", ring_in_its_own }, { "states at random", states }, { "no event channel", gone_port },
};

static bool answered(void) { return __atomic_load_n(&tx->rsp_prod, __ATOMIC_ACQUIRE) == tx->req_prod; }

static void lie(unsigned int n)
{
	const char *how = "nothing came of it";

	if (!connect_well()) {
		check(lies[n].name, false);
		return;
	}
	lies[n].tell();
	for (int i = 0; i < STEPS; i++, usleep(10000)) {
		if (back_state() >= XenbusStateClosing)
			how = "told";
		else if (tx->req_prod && answered())
			how = "answered";
		else
			continue;
		break;
	}
	printf("lie %s: %s\n", lies[n].name, how);
	passed++;
}

static void bad_rings(void)
{
	const uint64_t refs[] = { 5555, ~0u, 1ULL << 40, read_only };

	for (unsigned int i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
		check("a ring that is none is refused", !connect(refs[i], rx_ref, port));
		check("as the other ring, too", !connect(tx_ref, refs[i], port));
	}
	check("an event channel that is none, too", !connect(tx_ref, rx_ref, 999999));
}

static void honest(void)
{
	check("an honest connection", connect_well());
	memset(page, 0xff, 60);
	send(0, page_ref, 0, 60, 0);
	tell(1, 0);
	while (!answered())
		usleep(10000);
	check("its packet is taken", tx->ring[0].rsp.status == NETIF_RSP_OKAY);
}

int main(void)
{
	int rc;

	rc = xenbus_read(XENBUS_NO_TX, NODE "/backend", back, sizeof(back));
	back_id = xenbus_read_number(NODE, "backend-id", DOMID_INVALID);
	tx = os_pages_alloc(1);
	rx = os_pages_alloc(1);
	page = os_pages_alloc(1);
	tx_ref = gnttab_grant(back_id, virt_to_mfn(tx), false);
	rx_ref = gnttab_grant(back_id, virt_to_mfn(rx), false);
	page_ref = gnttab_grant(back_id, virt_to_mfn(page), true);
	read_only = gnttab_grant(back_id, virt_to_mfn(os_pages_alloc(1)), true);
	check("there is a network card", rc > 0 && back_id != DOMID_INVALID);
	honest();
	for (unsigned int i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		lie(i);
	evtchn_alloc_unbound(back_id, &port);
	bad_rings();
	honest();
	printf("end of test: %u ok, %u not ok\n", passed, failed);
	return 0;
}
