/* SPDX-License-Identifier: MIT */
/*
 * The network frontend against a backend that answers anything. Steps of four bytes: send a frame, answer a
 * request honestly or with any fields, move an index, write to the rings' pages, hold a page or let it go, receive.
 *
 * Whatever comes, a frame that is handed up lies in pages of its own that are granted no more, its pieces lie
 * within them and add up, and when the connection is over all that the backend lets go of is free again.
 */
#include "front.h"

static struct netfront *nf;

static void stop(void)
{
	for (unsigned int r = 0; r < REFS; r++)
		grants[world_self][r].maps = 0;
	front_end(nf);
}

static void check_piece(const struct netfront_piece *p)
{
	if (p->data < (uint8_t *)p->page || p->data + p->len > (uint8_t *)p->page + PAGE_SIZE)
		abort();
	for (unsigned int r = 0; r < REFS; r++)
		if (grants[world_self][r].page == p->page)
			abort();
}

/* Each slot is free or on its way, no matter what was answered. */
static void check_slots(void)
{
	unsigned int in_flight = 0, n = 0;

	for (unsigned int i = 0; i < SLOTS; i++)
		in_flight += nf->tx_slot[i].in_flight;
	for (uint16_t i = nf->tx_free; i != SLOTS && n <= SLOTS; i = nf->tx_slot[i].next_free)
		n++;
	if (n != nf->nr_tx_free || n + in_flight != SLOTS)
		abort();
}

static void receive(void)
{
	struct netfront_frame f;

	while (netfront_rx_next(nf, &f)) {
		uint32_t len = 0;

		if (!f.nr_pieces || f.nr_pieces > NETFRONT_PIECES || f.len > NETFRONT_FRAME_MAX)
			abort();
		for (unsigned int i = 0; i < f.nr_pieces; i++) {
			check_piece(&f.piece[i]);
			len += f.piece[i].len;
			netfront_page_put(nf, f.piece[i].page);
		}
		if (len != f.len)
			abort();
	}
	if (!nf->broken)
		netfront_rx_refill(nf);
}

static void send(uint32_t len)
{
	static uint8_t bytes[NETFRONT_FRAME_MAX];
	struct netfront_out out[] = { { bytes, len / 2 }, { bytes, len - len / 2 } };
	int rc = netfront_send(nf, out, 2, 0);

	if (rc && rc != -XEN_EAGAIN && rc != -XEN_ENODEV && !(rc == -XEN_EINVAL && len < 14))
		abort();
}

/* What an honest backend would answer next, changed as the input says. */
static void answer_tx(const uint8_t *in)
{
	netif_tx_sring_t *s = nf->tx_shared;
	netif_tx_response_t *r = &s->ring[s->rsp_prod % SLOTS].rsp;

	r->id = in[1] < 0xf0 ? s->ring[s->rsp_prod % SLOTS].req.id : in[2] | in[3] << 8;
	r->status = (int16_t)(in[1] % 3 - 1);
	s->rsp_prod++;
}

static void answer_rx(const uint8_t *in)
{
	netif_rx_sring_t *s = nf->rx_shared;
	netif_rx_response_t r = { .id = s->ring[s->rsp_prod % SLOTS].req.id, .flags = in[1] & 15,
				  .status = (int16_t)(in[2] | in[3] << 8), .offset = in[1] >> 4 };

	if (in[0] & 0x40)
		r.id = in[2];
	s->ring[s->rsp_prod % SLOTS].rsp = r;
	s->rsp_prod++;
}

static void step(const uint8_t *in)
{
	struct grant *g = &grants[world_self][8 + (in[1] | in[2] << 8) % (REFS - 8)];

	switch (in[0] % 8) {
	case 0:
		send((in[1] | in[2] << 8) % NETFRONT_FRAME_MAX);
		break;
	case 1:
		answer_tx(in);
		break;
	case 2 ... 3:
		answer_rx(in);
		break;
	case 4:
		if (g->page)
			g->maps ^= 1;
		break;
	case 5:
		((uint8_t *)nf->rx_shared)[(in[1] | in[2] << 8) % PAGE_SIZE] = in[3];
		break;
	case 6:
		((uint8_t *)nf->tx_shared)[(in[1] | in[2] << 8) % PAGE_SIZE] = in[3];
		break;
	default:
		receive();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	nf = front_start();
	for (; size >= 4; data += 4, size -= 4)
		step(data);
	receive();
	netfront_wait_room(nf, 0);
	check_slots();
	stop();
	return 0;
}
