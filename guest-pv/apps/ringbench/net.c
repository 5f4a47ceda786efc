/* SPDX-License-Identifier: MIT */
/*
 * A network through the network frontend, in raw frames: to another guest (which acknowledges a window, or sends each frame
 * back), and to the control domain's TCP/IP, as pings. Windows are small enough that nobody drops a frame, so a
 * frame that does not come is a failure.
 */
#include "ringbench.h"
#include <frontend/net/netfront.h>
#include <xen/errno.h>

#define FRAME_MAX 65000
#define SLOTS_MAX 128			/* of a window, half a ring */
#define WINDOW_MAX 32
#define WAIT_NS 20000000000ULL

/* Frames between the two guests: an Ethernet type for experiments, and what is wanted of the receiver. */
enum { TAKE = 1, ACKNOWLEDGE, RETURN, ANSWER };
#define ETHER_TEST 0x88b5
#define ETHER_IP 0x0800
#define ETHER_ARP 0x0806

static const uint8_t dom0_mac[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t dom0_ip[4] = { 10, 0, 0, 1 };
static uint8_t own_ip[4];		/* the peer has none */
static struct netfront *nf;
static struct semaphore answers = SEMAPHORE_INIT(0);
static uint8_t frame[FRAME_MAX], reply[FRAME_MAX], own_mac[6];

static void put16(uint8_t *p, unsigned int v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static unsigned int get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static void send(const uint8_t *p, uint32_t len, unsigned int flags)
{
	struct netfront_out out = { p, len };
	int rc;

	while ((rc = netfront_send(nf, &out, 1, flags)) == -XEN_EAGAIN)
		if (!netfront_wait_room(nf, time_now_ns() + WAIT_NS))
			break;
	if (rc)
		os_panic("ringbench: a frame was refused: %d", rc);
}

static void ethernet(uint8_t *p, const uint8_t *to, unsigned int type)
{
	memcpy(p, to, 6);
	memcpy(p + 6, own_mac, 6);
	put16(p + 12, type);
}

/* --- What comes ------------------------------------------------------------------------------- */

static void answer_arp(const uint8_t *p)
{
	memcpy(reply, p, 42);
	ethernet(reply, p + 6, ETHER_ARP);
	put16(reply + 20, 2);
	memcpy(reply + 22, own_mac, 6);
	memcpy(reply + 28, p + 38, 4);
	memcpy(reply + 32, p + 22, 10);
	send(reply, 42, 0);
}

static void answer_test(const uint8_t *p, uint32_t len)
{
	unsigned int what = p[14];

	if (what == ANSWER)
		semaphore_up(&answers);
	if (what != ACKNOWLEDGE && what != RETURN)
		return;
	ethernet(reply, p + 6, ETHER_TEST);
	reply[14] = ANSWER;
	send(reply, what == RETURN ? len : 60, 0);
}

static void receive(void *arg, const struct netfront_frame *f)
{
	const uint8_t *p = f->piece[0].data;
	unsigned int type = f->piece[0].len >= 42 ? get16(p + 12) : 0;

	(void)arg;
	if (type == ETHER_TEST)
		answer_test(p, f->len);
	else if (type == ETHER_ARP && get16(p + 20) == 1 && !memcmp(p + 38, own_ip, 4))
		answer_arp(p);
	else if (type == ETHER_IP && p[23] == 1 && p[34] == 0)
		semaphore_up(&answers);
	for (unsigned int i = 0; i < f->nr_pieces; i++)
		netfront_page_put(nf, f->piece[i].page);
}

/* --- Measuring -------------------------------------------------------------------------------- */

static void await_answer(void)
{
	if (!semaphore_down_until(&answers, time_now_ns() + WAIT_NS))
		os_panic("ringbench: an answer did not come");
}

static unsigned int window_of(uint32_t size)
{
	unsigned int n = SLOTS_MAX / bytes_to_pages(size);

	return n < WINDOW_MAX ? n : WINDOW_MAX;
}

static uint64_t events(void)
{
	return netfront_counters(nf)->tx_events + netfront_counters(nf)->rx_events;
}

/* n frames to the other guest, a window at a time, its last one acknowledged. */
static void stream(uint32_t size, unsigned int n)
{
	unsigned int window = window_of(size);

	for (unsigned int i = 1; i <= n; i++) {
		bool last = i % window == 0 || i == n;

		frame[14] = last ? ACKNOWLEDGE : TAKE;
		send(frame, size, last ? 0 : NETFRONT_MORE);
		if (last)
			await_answer();
	}
}

/* n frames that each come back, `window` of them on the way. */
static void there_and_back(uint32_t size, unsigned int n, unsigned int window)
{
	for (unsigned int i = 0; i < n; i += window) {
		for (unsigned int k = 1; k <= window; k++)
			send(frame, size, k < window ? NETFRONT_MORE : 0);
		for (unsigned int k = 0; k < window; k++)
			await_answer();
	}
}

static uint16_t checksum(const uint8_t *p, unsigned int n)
{
	uint32_t sum = 0;

	for (unsigned int i = 0; i < n; i += 2)
		sum += get16(p + i);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

static void make_ping(uint32_t size)
{
	memset(frame, 0, size);
	ethernet(frame, dom0_mac, ETHER_IP);
	frame[14] = 0x45;
	put16(frame + 16, size - 14);
	frame[22] = 64;
	frame[23] = 1;
	memcpy(frame + 26, own_ip, 4);
	memcpy(frame + 30, dom0_ip, 4);
	put16(frame + 24, checksum(frame + 14, 20));
	frame[34] = 8;
	put16(frame + 36, checksum(frame + 34, size - 34));
}

static void run(const char *what, uint32_t size, unsigned int n, unsigned int window)
{
	if (!strcmp(what, "stream"))
		stream(size, n);
	else
		there_and_back(size, n, window);
}

static void measure(const char *tag, const char *what, uint32_t size, unsigned int n, unsigned int window)
{
	uint64_t ns, ev;
	char name[64];

	/* warm up: one frame until addresses are found, then as many as will be on the way */
	run(what, size, 1, 1);
	run(what, size, 2 * window, window);
	ev = events();
	ns = stamp();
	run(what, size, n, window);
	ns = stamp() - ns;
	sniprintf(name, sizeof(name), "%s.%s.s%u", tag, what, (unsigned int)size);
	report(name, n, ns, events() - ev);
}

static void measure_all(const char *tag, const uint8_t *peer, unsigned int n)
{
	static const uint32_t sizes[] = { 64, 1514, 4096, 16384, FRAME_MAX };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		ethernet(frame, peer, ETHER_TEST);
		measure(tag, "stream", sizes[i], sizes[i] > PAGE_SIZE ? n : 4 * n, window_of(sizes[i]));
		frame[14] = RETURN;
		measure(tag, "rtt", sizes[i], n / 4, 1);
	}
	for (size_t i = 0; i < 2; i++) {
		make_ping(sizes[i]);
		measure(tag, "dom0", sizes[i], n, 16);
		measure(tag, "dom0-rtt", sizes[i], n / 4, 1);
	}
}

static void serve(void *arg)
{
	netfront_serve(arg);
}

static void follow(void *arg)
{
	netfront_follow(arg);
}

static int open(void)
{
	static const struct netfront_user user = { .receive = receive };
	int rc = netfront_open(&nf, 0, &user);

	if (rc) {
		printf("ringbench: no network: %d\n", rc);
		return rc;
	}
	netfront_mac(nf, own_mac);
	thread_detach(thread_create("serve", serve, nf));
	thread_detach(thread_create("follow", follow, nf));
	return netfront_wait_up(nf, time_now_ns() + WAIT_NS) ? 0 : -1;
}

/* The other guest of the configuration has this one's address but for the last byte. */
int run_net(int argc, char **argv)
{
	const char *tag = argc > 2 ? argv[2] : "net";
	uint8_t peer[6];

	if (open())
		return 1;
	memcpy(own_ip, dom0_ip, 4);
	own_ip[3] = 2;
	memcpy(peer, own_mac, 6);
	peer[5] = argument(argc, argv, "peer", 0);
	measure_all(tag, peer, argument(argc, argv, "n", 256) & ~31u);
	return 0;
}

int run_netpeer(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	if (open())
		return 1;
	printf("ringbench: peer ready\n");
	fflush(stdout);
	thread_sleep_until(OS_FOREVER - 1);
	return 0;
}
