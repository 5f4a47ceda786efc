/* SPDX-License-Identifier: MIT */
/*
 * TCP from a guest's side: sends or receives a stream and says how long it was, how fast, and its CRC.
 *
 *	tcp IP listen PORT		receives streams, one after the other, for ever
 *	tcp IP send HOST PORT MB	sends one of so many MB, and ends
 *	tcp IP echo PORT		sends back what comes, for ever
 *
 * IP is "dhcp" or "ADDRESS/PREFIX[,GATEWAY]".
 */
#include <libos.h>
#include <inet/inet.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK (32 * 1024)
#define START_NS 30000000000ULL

static uint8_t buf[CHUNK];
static uint32_t crc_table[256];

static void make_crc_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int k = 0; k < 8; k++)
			c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
		crc_table[i] = c;
	}
}

static uint32_t crc(uint32_t c, const uint8_t *p, size_t n)
{
	c = ~c;
	while (n--)
		c = crc_table[(c ^ *p++) & 255] ^ c >> 8;
	return ~c;
}

static void report(const char *what, uint64_t bytes, uint32_t sum, uint64_t ns)
{
	printf("%s %llu bytes, crc %08lx, %.1f MB/s\n", what, (unsigned long long)bytes, (unsigned long)sum,
	       bytes * 1e3 / (ns + 1));
	fflush(stdout);
}

static int die(const char *what)
{
	printf("tcp: %s: %s\n", what, strerror(errno));
	return 1;
}

static void take(int fd)
{
	uint64_t begin = time_now_ns(), bytes = 0;
	uint32_t sum = 0;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		sum = crc(sum, buf, n);
		bytes += n;
	}
	report("received", bytes, sum, time_now_ns() - begin);
}

static void echo(int fd)
{
	ssize_t n, k, done;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (done = 0; done < n; done += k)
			if ((k = write(fd, buf + done, n - done)) <= 0)
				return;
}

static int serve(const char *port, void (*fn)(int fd))
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), peer;

	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here)) || listen(fd, 4))
		return die("listen");
	printf("listening\n");
	fflush(stdout);
	while ((peer = accept(fd, NULL, NULL)) >= 0) {
		fn(peer);
		close(peer);
	}
	return die("accept");
}

/* Bytes that differ from place to place, so that a lost or doubled piece shows. */
static void fill(uint64_t at)
{
	uint64_t x = at * 0x9e3779b97f4a7c15ULL | 1;

	for (size_t i = 0; i < sizeof(buf); i += 8) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(buf + i, &x, 8);
	}
}

static int send_stream(const char *host, const char *port, uint64_t bytes)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(atoi(port)),
				  .sin_addr.s_addr = inet_addr(host) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	uint64_t begin = time_now_ns();
	uint32_t sum = 0;

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return die("connect");
	for (uint64_t at = 0; at < bytes; ) {
		ssize_t k, done = 0;

		fill(at);
		sum = crc(sum, buf, sizeof(buf));
		for (; done < (ssize_t)sizeof(buf); done += k)
			if ((k = write(fd, buf + done, sizeof(buf) - done)) <= 0)
				return die("write");
		at += done;
	}
	shutdown(fd, SHUT_WR);
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	report("sent", bytes, sum, time_now_ns() - begin);
	return close(fd);
}

int main(int argc, char **argv)
{
	char text[64];
	int rc;

	make_crc_table();
	rc = argc < 4 ? -EINVAL : inet_start(0, argv[1], time_now_ns() + START_NS);
	if (rc) {
		printf("tcp: %s\n", strerror(-rc));
		return 1;
	}
	inet_text(text, sizeof(text));
	printf("address %s\n", text);
	if (!strcmp(argv[2], "listen"))
		return serve(argv[3], take);
	if (!strcmp(argv[2], "echo"))
		return serve(argv[3], echo);
	if (!strcmp(argv[2], "send") && argc == 6)
		return send_stream(argv[3], argv[4], strtoull(argv[5], NULL, 10) << 20);
	printf("tcp: no such thing to do: %s\n", argv[2]);
	return 1;
}
