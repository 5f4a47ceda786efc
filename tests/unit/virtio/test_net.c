/* SPDX-License-Identifier: MIT */
/* The network driver: packets as the card gives and gets them, and cards that lie about it. */
#include "fake.h"
#include "net/netdev.h"
#include "virtio/virtio_devices.h"

#define F_CSUM (1UL << 0)
#define F_GUEST_CSUM (1UL << 1)
#define F_MAC (1UL << 5)
#define F_GUEST_TSO4 (1UL << 7)
#define F_HOST_TSO4 (1UL << 11)
#define F_MERGEABLE (1UL << 15)
#define USUAL (F_CSUM | F_GUEST_CSUM | F_MAC | F_GUEST_TSO4 | F_HOST_TSO4 | F_MERGEABLE | VIRTIO_F_EVENT_IDX)
#define RX 0
#define TX 1
#define RING 256

struct header { uint8_t flags, gso; uint16_t header_len, gso_size, csum_start, csum_offset, nr_buffers; };

static struct net_port *port, *all[32];
static unsigned int nr_all;
static struct net_packet *received[RING];
static unsigned int nr_received, nr_packets, nr_scheduled;
static bool out_of_memory;

/* --- The switch's part -------------------------------------------------------------------------------- */

struct net_packet *net_packet_alloc(void)
{
	struct net_packet *p = out_of_memory ? NULL : calloc(1, sizeof(*p));

	nr_packets += p != NULL;
	return p;
}

void net_packet_free(struct net_packet *p)
{
	nr_packets--;
	free(p);
}

void net_packet_put(struct net_packet *p) { p->release(p); }
void net_port_schedule(struct net_port *p) { nr_scheduled += p == port; }

int net_port_add(struct net_port *p)
{
	port = all[nr_all++] = p;
	return 0;
}

void net_receive(struct net_port *p, struct net_packet *packet)
{
	assert_ptr_equal(p, port);
	received[nr_received++] = packet;
}

/* --- Helpers ---------------------------------------------------------------------------------------------- */

static struct fake_chain buffer[2 * RING];	/* receive buffers the card has */
static unsigned int nr_buffers;

static void look(void)
{
	while (fake_take(RX, &buffer[nr_buffers]))
		nr_buffers++;
}

static void begin(uint64_t offers)
{
	static const uint8_t mac[] = { 2, 3, 4, 5, 6, 7 };

	fake_reset(offers);
	memcpy(fake.config, mac, sizeof(mac));
	nr_received = nr_packets = nr_scheduled = nr_buffers = 0;
	out_of_memory = false;
	assert_int_equal(virtio_net_found(5 << 3), 0);
	port->ops->round_end(port);
	look();
	assert_int_equal(nr_buffers, RING);
}

/* The card has received a packet into n buffers, written with as many bytes, from the last that it has. */
static void card_receives(struct header h, unsigned int n, const uint32_t *written)
{
	for (unsigned int i = 0; i < n; i++) {
		const struct fake_chain *c = &buffer[--nr_buffers];

		assert_int_equal(c->n, 1);
		assert_int_equal(c->desc[0].len, PAGE_SIZE);
		memset((void *)c->desc[0].addr, 'a' + i, written[i] <= PAGE_SIZE ? written[i] : PAGE_SIZE);
		if (i == 0)
			memcpy((void *)c->desc[0].addr, &h, sizeof(h));
		fake_use(RX, c->head, written[i]);
	}
}

static bool poll(void)
{
	bool more = port->ops->poll(port, 64);

	port->ops->round_end(port);
	if (fake.working)
		look();
	return more;
}

static void give_back_received(void)
{
	while (nr_received)
		net_packet_put(received[--nr_received]);
	assert_int_equal(nr_packets, 0);
}

/* Whatever happened, each page is with the card or free, and the card gets it again. */
static void nothing_is_lost(void)
{
	give_back_received();
	poll();
	assert_int_equal(nr_buffers, RING);
}

static struct net_packet *packet(unsigned int nr_frags)
{
	static char bytes[PAGE_SIZE];
	struct net_packet *p = net_packet_alloc();

	p->release = net_packet_free;
	p->nr_frags = nr_frags;
	for (unsigned int i = 0; i < nr_frags; i++)
		p->frag[i] = (struct net_frag){ .va = bytes, .maddr = (uintptr_t)bytes, .len = 100 + i };
	return p;
}

static void transmit(struct net_packet *p)
{
	struct net_queue batch;

	net_queue_init(&batch);
	net_queue_push(&batch, p);
	port->ops->transmit(port, &batch);
	port->ops->round_end(port);
}

/* --- Tests -------------------------------------------------------------------------------------------------- */

static void card_describes_the_port(void **state)
{
	(void)state;
	begin(USUAL);
	assert_string_equal(port->name, "eth0");
	assert_int_equal(port->mac[5], 7);
	assert_int_equal(port->mtu, 1500);
	assert_int_equal(port->flags, NET_PORT_SG | NET_PORT_CSUM | NET_PORT_TSO4);
	begin(0);
	assert_string_equal(port->name, "eth1");
	assert_int_equal(port->flags, NET_PORT_SG);
	fake_interrupt(RX);
	fake_interrupt(TX);
	assert_int_equal(nr_scheduled, 2);
}

static void packets_come_as_they_lie(void **state)
{
	static const uint32_t small[] = { 12 + 60 }, large[] = { PAGE_SIZE, PAGE_SIZE, 1000 };

	(void)state;
	begin(USUAL);
	card_receives((struct header){ .nr_buffers = 1, .flags = 2 }, 1, small);
	card_receives((struct header){ .nr_buffers = 3, .flags = 1, .gso = 1, .gso_size = 1448 }, 3, large);
	assert_false(poll());
	assert_int_equal(nr_received, 2);
	assert_int_equal(received[0]->len, 60);
	assert_int_equal(received[0]->nr_frags, 1);
	assert_int_equal(received[0]->flags, NET_CSUM_VALID);
	assert_int_equal(((char *)received[0]->frag[0].va)[0], 'a');
	assert_int_equal(received[0]->frag[0].maddr, (uintptr_t)received[0]->frag[0].va);
	assert_int_equal(received[1]->len, 2 * PAGE_SIZE + 1000 - 12);
	assert_int_equal(received[1]->nr_frags, 3);
	assert_int_equal(received[1]->flags, NET_CSUM_BLANK);
	assert_int_equal(received[1]->gso, NET_GSO_TCP4);
	assert_int_equal(received[1]->gso_size, 1448);
	assert_int_equal(((char *)received[1]->frag[2].va)[0], 'c');
	nothing_is_lost();
}

/* While packets are held elsewhere the card has its buffers all the same, as far as there are. */
static void held_packets_leave_buffers(void **state)
{
	static const uint32_t small[] = { 100 };

	(void)state;
	begin(USUAL);
	for (unsigned int i = 0; i < RING; i++)
		card_receives((struct header){ .nr_buffers = 1 }, 1, small);
	for (unsigned int i = 0; i < RING / 64; i++)
		assert_int_equal(port->ops->poll(port, 64), 1);
	assert_false(poll());
	assert_int_equal(nr_received, RING);
	assert_int_equal(nr_buffers, RING);
	for (unsigned int i = 0; i < RING; i++)
		card_receives((struct header){ .nr_buffers = 1 }, 1, small);
	out_of_memory = true;		/* these are dropped, and their buffers used again */
	while (poll())
		;
	assert_int_equal(nr_received, RING);
	assert_int_equal(port->rx.dropped, RING);
	assert_int_equal(nr_buffers, RING);
	nothing_is_lost();
}

static void dropped(struct header h, unsigned int n, const uint32_t *written)
{
	uint64_t before = port->rx.dropped;

	card_receives(h, n, written);
	poll();
	assert_int_equal(nr_received, 0);
	assert_int_equal(port->rx.dropped, before + 1);
	assert_true(fake.working);
	nothing_is_lost();
}

static void nonsense_is_dropped(void **state)
{
	static const uint32_t none[] = { 0 }, header[] = { 12 }, part[] = { 11 }, small[] = { 100 };
	static const uint32_t empty[] = { 200, 0 }, split[] = { 100, 100 };
	uint32_t many[NET_FRAGS_MAX + 1];

	(void)state;
	begin(USUAL);
	dropped((struct header){ .nr_buffers = 1 }, 1, none);
	dropped((struct header){ .nr_buffers = 1 }, 1, part);
	dropped((struct header){ .nr_buffers = 1 }, 1, header);
	dropped((struct header){ .nr_buffers = 0 }, 1, small);
	dropped((struct header){ .nr_buffers = 1, .gso = 3 }, 1, small);
	dropped((struct header){ .nr_buffers = 1, .gso = 0x81 }, 1, small);
	dropped((struct header){ .nr_buffers = 2 }, 2, empty);
	dropped((struct header){ .nr_buffers = 2 }, 2, split);	/* headers are looked for in the first piece */
	for (unsigned int i = 0; i <= NET_FRAGS_MAX; i++)
		many[i] = PAGE_SIZE;
	dropped((struct header){ .nr_buffers = NET_FRAGS_MAX + 1 }, NET_FRAGS_MAX + 1, many);
	begin(F_MERGEABLE);
	dropped((struct header){ .nr_buffers = 1, .flags = 1 }, 1, small);
	dropped((struct header){ .nr_buffers = 1, .gso = 1 }, 1, small);
}

static void lying_cards_are_stopped(void **state)
{
	static const uint32_t small[] = { 200 }, more[] = { PAGE_SIZE + 1 };

	(void)state;
	begin(USUAL);
	transmit(packet(2));
	transmit(packet(2));
	card_receives((struct header){ .nr_buffers = 7 }, 1, small);	/* where are the other six? */
	poll();
	assert_int_equal(fake.stops, 1);
	assert_int_equal(nr_received, 0);
	assert_int_equal(nr_packets, 0);
	assert_false(poll());
	transmit(packet(1));
	assert_int_equal(nr_packets, 0);
	assert_int_equal(port->tx.dropped, 1);

	begin(USUAL);
	card_receives((struct header){ .nr_buffers = 1 }, 1, more);
	poll();
	assert_int_equal(fake.stops, 1);
	assert_int_equal(nr_received, 0);

	begin(USUAL);
	transmit(packet(2));
	fake_use(TX, 200, 0);
	poll();
	assert_int_equal(fake.stops, 1);
	assert_int_equal(nr_packets, 0);

	begin(USUAL);
	transmit(packet(2));
	fake.failed = true;
	poll();
	assert_int_equal(fake.stops, 1);
	assert_int_equal(nr_packets, 0);
}

static void packets_leave_as_they_lie(void **state)
{
	struct net_packet *p;
	struct fake_chain c;
	struct header h;

	(void)state;
	begin(USUAL);
	p = packet(3);
	p->flags = NET_CSUM_BLANK;
	p->gso = NET_GSO_TCP4;
	p->gso_size = 1448;
	p->l3 = 14, p->l4 = 34, p->payload = 54, p->csum_offset = 16;
	transmit(p);
	assert_int_equal(fake.bell[TX], TX);
	assert_true(fake_take(TX, &c));
	assert_int_equal(c.n, 4);
	assert_int_equal(c.desc[0].len, 12);
	memcpy(&h, (void *)c.desc[0].addr, sizeof(h));
	assert_int_equal(h.flags, 1);
	assert_int_equal(h.gso, 1);
	assert_int_equal(h.gso_size, 1448);
	assert_int_equal(h.header_len, 54);
	assert_int_equal(h.csum_start, 34);
	assert_int_equal(h.csum_offset, 16);
	assert_int_equal(h.nr_buffers, 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(c.desc[1 + i].len, 100 + i);
	assert_int_equal(nr_packets, 1);	/* it lies in the sender's memory */
	fake_use(TX, c.head, 0);
	poll();
	assert_int_equal(nr_packets, 0);
}

/* More than the queue holds: they wait in order, and what is beyond that is dropped. */
static void full_queue_makes_packets_wait(void **state)
{
	unsigned int sent = 0;
	struct fake_chain c;

	(void)state;
	begin(USUAL);
	for (unsigned int i = 0; i < 1000; i++) {
		struct net_packet *p = packet(1);

		p->frag[0].len = i + 1;
		transmit(p);
	}
	assert_int_equal(port->tx.dropped, 1000 - RING / 2 - 512);
	while (nr_packets) {
		uint32_t last = 0;

		assert_true(fake_take(TX, &c));
		do {
			assert_true(c.desc[1].len > last);
			last = c.desc[1].len;
			fake_use(TX, c.head, 0);
			sent++;
		} while (fake_take(TX, &c));
		poll();
	}
	assert_int_equal(sent, RING / 2 + 512);
}

int test_net(size_t *total)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(card_describes_the_port),
		cmocka_unit_test(packets_come_as_they_lie),
		cmocka_unit_test(held_packets_leave_buffers),
		cmocka_unit_test(nonsense_is_dropped),
		cmocka_unit_test(lying_cards_are_stopped),
		cmocka_unit_test(packets_leave_as_they_lie),
		cmocka_unit_test(full_queue_makes_packets_wait),
	};

	return RUN_GROUP(tests, total);
}
