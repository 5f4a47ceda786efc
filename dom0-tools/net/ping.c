/* SPDX-License-Identifier: MIT */
/* The shell's ping: ICMP echo over a raw socket. Answers are hostile: read by length, matched by id and number. */
#include "net/net.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <lwip/inet_chksum.h>
#include "net/parse.h"
#include "os/os.h"

#define WAIT_MS 1000
#define ECHO 8
#define PAYLOAD 56

struct echo {
	uint8_t type, code;
	uint16_t sum, id, number;
	uint8_t payload[PAYLOAD];
};

static int send_echo(int fd, const struct sockaddr_in *to, uint16_t number)
{
	struct echo e = { .type = ECHO, .id = htons(0x5056), .number = htons(number) };

	memset(e.payload, 'p', sizeof(e.payload));
	e.sum = inet_chksum(&e, sizeof(e));
	return sendto(fd, &e, sizeof(e), 0, (const struct sockaddr *)to, sizeof(*to)) < 0 ? -errno : 0;
}

/* Whether the IP packet is the answer. */
static bool answers(const uint8_t *p, ssize_t n, uint16_t number)
{
	ssize_t header = n > 0 ? (p[0] & 15) * 4 : 0;

	return n >= header + 8 && header >= 20 && p[header] == 0 && net_get16(p + header + 4) == 0x5056 &&
	       net_get16(p + header + 6) == number;
}

/* True if the answer came within the time. */
static bool await_answer(int fd, uint16_t number, uint64_t end_ns)
{
	uint8_t packet[256];
	uint64_t now;

	while ((now = os_now_ns()) < end_ns) {
		uint64_t left = end_ns - now;
		struct timeval wait = { (time_t)(left / 1000000000), (suseconds_t)(left % 1000000000 / 1000 + 1) };

		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
		if (answers(packet, recv(fd, packet, sizeof(packet), 0), number))
			return true;
	}
	return false;
}

static unsigned int ping(int fd, const struct sockaddr_in *to, const char *name, unsigned int count)
{
	unsigned int came = 0;

	for (unsigned int i = 1; i <= count; i++) {
		uint64_t begin = os_now_ns();
		int rc = send_echo(fd, to, (uint16_t)i);

		if (rc) {
			printf("ping: %s: %s\n", name, strerror(-rc));
		} else if (await_answer(fd, (uint16_t)i, begin + WAIT_MS * 1000000ULL)) {
			came++;
			printf("%d bytes from %s: seq=%u time=%.3f ms\n", PAYLOAD + 8, name, i,
			       (double)(os_now_ns() - begin) / 1e6);
		} else {
			printf("no answer from %s: seq=%u\n", name, i);
		}
		fflush(stdout);
	}
	printf("%u sent, %u received\n", count, came);
	return came;
}

int net_run_ping(int argc, char **argv)
{
	unsigned int count = 4;
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct hostent *host;
	int fd, at = 1;

	if (argc > 2 && !strcmp(argv[1], "-c")) {
		count = (unsigned int)strtoul(argv[2], NULL, 10);
		at = 3;
	}
	if (argc != at + 1 || !count || count > 65535) {
		fprintf(stderr, "usage: ping [-c COUNT] ADDRESS\n");
		return 2;
	}
	host = gethostbyname(argv[at]);
	if (!host) {
		fprintf(stderr, "ping: %s: no such host\n", argv[at]);
		return 1;
	}
	memcpy(&to.sin_addr, host->h_addr, sizeof(to.sin_addr));
	fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	if (fd < 0) {
		fprintf(stderr, "ping: %s\n", strerror(errno));
		return 1;
	}
	count = ping(fd, &to, argv[at], count);
	closesocket(fd);
	return !count;
}
