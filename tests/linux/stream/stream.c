/* SPDX-License-Identifier: MIT */
/*
 * A stream of TCP between two Linux guests, in large pieces, so that the network is what takes the time:
 *   stream send PORT MB         waits for one connection, sends so many megabytes, no two alike
 *   stream take ADDRESS PORT    takes all that comes
 * Both print "stream: BYTES bytes, sum HEX", the taker also the seconds.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PIECE (256 << 10)

static uint64_t piece[PIECE / 8];
static uint64_t sum, bytes;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* The order counts, so nothing may be missing, double or elsewhere. n: a multiple of 8. */
static void add(size_t n)
{
	bytes += n;
	for (size_t i = 0; i < n / 8; i++)
		sum = (sum << 5 | sum >> 59) + piece[i];
}

static struct sockaddr_in address(const char *host, const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };

	if (host && inet_pton(AF_INET, host, &a.sin_addr) != 1)
		die(host);
	return a;
}

static int accept_one(const char *port)
{
	struct sockaddr_in a = address(NULL, port);
	int s = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (s < 0 || bind(s, (struct sockaddr *)&a, sizeof(a)) || listen(s, 1))
		die("listen");
	return accept(s, NULL, NULL);
}

static void send_all(int s, unsigned int megabytes)
{
	for (uint64_t n = 0; n < (uint64_t)megabytes << 20; n += PIECE) {
		for (size_t i = 0; i < PIECE / 8; i++)
			piece[i] = (n + i) * 0x9e3779b97f4a7c15ULL;
		add(PIECE);
		for (size_t at = 0; at < PIECE; ) {
			ssize_t k = write(s, (char *)piece + at, PIECE - at);

			if (k <= 0)
				die("write");
			at += (size_t)k;
		}
	}
}

static void take_all(int s)
{
	size_t at = 0;
	ssize_t k;

	while ((k = read(s, (char *)piece + at, PIECE - at)) > 0) {
		at += (size_t)k;
		if (at == PIECE) {
			add(at);
			at = 0;
		}
	}
	if (k < 0)
		die("read");
	add(at & ~7UL);
}

int main(int argc, char **argv)
{
	struct timespec begin, end;
	struct sockaddr_in a;
	int s;

	if (argc != 4)
		return 2;
	if (!strcmp(argv[1], "send")) {
		s = accept_one(argv[2]);
		send_all(s, (unsigned int)atoi(argv[3]));
		printf("stream: %llu bytes, sum %llx\n", (unsigned long long)bytes, (unsigned long long)sum);
		return 0;
	}
	a = address(argv[2], argv[3]);
	s = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(s, (struct sockaddr *)&a, sizeof(a)))
		die("connect");
	clock_gettime(CLOCK_MONOTONIC, &begin);
	take_all(s);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("stream: %llu bytes, sum %llx, %.2f s\n", (unsigned long long)bytes, (unsigned long long)sum,
	       (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
	return 0;
}
