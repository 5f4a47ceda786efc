/* SPDX-License-Identifier: MIT */
/*
 * Byte rings: what goes in comes out in order, whatever the sizes; indices a peer must not have
 * written make the ring full or empty, never an access outside it.
 */
#include "fake.h"
#include <kit/ring.h>
#include <stdlib.h>
#include <string.h>

#define SIZE 64

static char buf[SIZE];
static uint32_t cons, prod;
static struct byte_ring ring = { buf, SIZE, &cons, &prod };

static void stream(void **state)
{
	unsigned char sent = 0, expected = 0, part[100];
	size_t n, i;

	(void)state;
	srand(1);
	cons = prod = 0xffffff00;	/* the indices wrap on the way */
	for (int round = 0; round < 10000; round++) {
		n = rand() % sizeof(part);
		for (i = 0; i < n; i++)
			part[i] = sent + i;
		sent += byte_ring_write(&ring, part, n);
		assert_true(byte_ring_used(&ring) + byte_ring_space(&ring) == SIZE);
		n = byte_ring_read(&ring, part, rand() % sizeof(part));
		for (i = 0; i < n; i++)
			assert_int_equal(part[i], (unsigned char)(expected + i));
		expected += n;
	}
}

static void hostile_indices(void **state)
{
	static const uint32_t distance[] = { SIZE + 1, 2 * SIZE, 0x7fffffff, 0x80000000, 0xffffffff };
	char part[256];

	(void)state;
	for (size_t i = 0; i < sizeof(distance) / sizeof(distance[0]); i++) {
		cons = 5;
		prod = cons + distance[i];
		assert_int_equal(byte_ring_read(&ring, part, sizeof(part)), 0);
		assert_int_equal(cons, 5);
		assert_int_equal(byte_ring_write(&ring, part, sizeof(part)), 0);
		assert_int_equal(prod, cons + distance[i]);
	}
}

TESTS(ring, cmocka_unit_test(stream), cmocka_unit_test(hostile_indices));
