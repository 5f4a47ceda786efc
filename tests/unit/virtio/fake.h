/* SPDX-License-Identifier: MIT */
/*
 * A virtio device that the drivers are given instead of one on a PCI bus, and the system under them. Machine
 * addresses are addresses. Pages are counted: at the end of a test none is left.
 */
#ifndef TESTS_VIRTIO_FAKE_H
#define TESTS_VIRTIO_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <kit/types.h>
#include "virtio/virtio.h"

typedef int test_group(size_t *total);
test_group test_queue, test_blk, test_net;

#define RUN_GROUP(tests, total) \
	(*(total) += sizeof(tests) / sizeof((tests)[0]), cmocka_run_group_tests(tests, NULL, NULL))

/* --- The device, of which there is one at a time ------------------------------------------------- */
struct fake {
	/* What it says of itself; set by the test before the driver opens it. */
	uint64_t offers;
	uint8_t config[64];
	uint16_t queue_size;
	/* What became of it. */
	struct virtq *queue[2];
	uint16_t seen[2];		/* chains taken from the available ring */
	volatile uint16_t bell[2];	/* the queue's index, when it was rung; FAKE_SILENT before */
	bool working, failed;
	unsigned int stops;
};
#define FAKE_SILENT 0xffff
extern struct fake fake;
void fake_reset(uint64_t offers);

/* The chain that the driver made available next, its descriptors in a row, those of an indirect table too. */
struct fake_chain { unsigned int head, n; struct virtq_desc desc[256]; };
bool fake_take(unsigned int queue, struct fake_chain *c);
/* A used entry, whatever it claims, made visible. */
void fake_use(unsigned int queue, uint32_t id, uint32_t len);
/* Only the used index moves. */
void fake_used_index(unsigned int queue, uint16_t by);
void fake_interrupt(unsigned int queue);

/* --- The system ------------------------------------------------------------------------------------ */
extern long fake_pages;			/* allocated and not freed */
/* Runs the driver's thread until it waits, or to its end. */
void fake_run_thread(void);

#endif
