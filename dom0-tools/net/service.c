/* SPDX-License-Identifier: MIT */
/*
 * A listener and its thread. Whoever connects is a stranger: connections are served one at a time, and one that is
 * silent for IDLE_S, or drips so that a line or a piece of the answer takes longer, is closed: it cannot keep the others out.
 */
#include "net/service.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include "os/os.h"

#define IDLE_S 10
#define PIECE 4096u			/* of an answer, to be taken within that time */
#define WAITING 4			/* connections not yet served */

struct service {
	int fd;
	void (*serve)(int fd);
};

static void run(void *arg)
{
	struct service *s = arg;
	const struct timeval idle = { .tv_sec = IDLE_S };
	int peer;

	for (;;) {
		peer = accept(s->fd, NULL, NULL);
		if (peer < 0) {
			os_sleep_ms(100);
			continue;
		}
		setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof(idle));
		setsockopt(peer, SOL_SOCKET, SO_SNDTIMEO, &idle, sizeof(idle));
		s->serve(peer);
		close(peer);
	}
}

static int listener(uint16_t port)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), rc;

	if (fd < 0)
		return -errno;
	if (!bind(fd, (struct sockaddr *)&here, sizeof(here)) && !listen(fd, WAITING))
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

int net_service_start(const char *name, uint16_t port, void (*serve)(int fd))
{
	struct service *s = malloc(sizeof(*s));
	int rc;

	if (!s)
		return -ENOMEM;
	s->serve = serve;
	s->fd = rc = listener(port);
	if (rc >= 0)
		rc = os_thread_start(name, run, s);
	if (rc)
		free(s);
	return rc;
}

uint64_t net_service_deadline(void)
{
	return os_now_ns() + IDLE_S * 1000000000ULL;
}

static bool write_piece(int fd, const char *p, size_t n)
{
	uint64_t end = net_service_deadline();
	ssize_t k;

	for (; n; n -= (size_t)k, p += k)
		if (os_now_ns() >= end || (k = write(fd, p, n)) <= 0)
			return false;
	return true;
}

bool net_service_write(int fd, const void *p, size_t n)
{
	const char *at = p;

	for (size_t piece; n; n -= piece, at += piece) {
		piece = n < PIECE ? n : PIECE;
		if (!write_piece(fd, at, piece))
			return false;
	}
	return true;
}

int net_service_line(int fd, char *line, size_t size, uint64_t end_ns)
{
	size_t n = 0;
	char c;

	while (n + 1 < size && os_now_ns() < end_ns && read(fd, &c, 1) == 1) {
		if (c == '\n') {
			n -= n && line[n - 1] == '\r';
			line[n] = '\0';
			return (int)n;
		}
		line[n++] = c;
	}
	return -1;
}
