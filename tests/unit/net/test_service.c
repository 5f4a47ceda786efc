/* SPDX-License-Identifier: MIT */
/* What a service of domain 0's hears from strangers: whole lines, lines too long, and lines that take for ever. */
#include "world.h"
#include <sys/socket.h>
#include <unistd.h>
#include "net/service.h"
#include "os/os.h"

#define SECOND 1000000000ull

static uint64_t now, each;		/* passes with each look at the clock */
static int ours, theirs;

uint64_t os_now_ns(void)
{
	return now += each;
}

static int setup(void **state)
{
	int fd[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
		return -1;
	ours = fd[0];
	theirs = fd[1];
	now = each = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(ours);
	close(theirs);
	return 0;
}

static int line(char *text, size_t size)
{
	return net_service_line(ours, text, size, net_service_deadline());
}

static void lines(void **state)
{
	static const char said[] = "GET /\r\n\nseven..\n";
	char text[8];

	(void)state;
	assert_int_equal(write(theirs, said, sizeof(said) - 1), sizeof(said) - 1);
	assert_int_equal(line(text, sizeof(text)), 5);
	assert_string_equal(text, "GET /");
	assert_int_equal(line(text, sizeof(text)), 0);
	assert_int_equal(line(text, sizeof(text)), -1);		/* its newline is one too many */
}

/* A byte now and then does not keep the others out. */
static void a_line_that_drips(void **state)
{
	char text[64];

	(void)state;
	assert_int_equal(write(theirs, "a line of some length\n", 22), 22);
	each = SECOND;
	assert_int_equal(line(text, sizeof(text)), -1);
	each = SECOND / 10;
	assert_true(line(text, sizeof(text)) > 5);
}

/* Nor does who is slow to take the answer; a long one may take longer than a short one. */
static void an_answer_that_drips(void **state)
{
	static char text[40000];

	(void)state;
	each = SECOND;
	assert_true(net_service_write(ours, text, sizeof(text)));
	each = 11 * SECOND;
	assert_false(net_service_write(ours, text, sizeof(text)));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
TESTS(service, T(lines), T(a_line_that_drips), T(an_answer_that_drips));
