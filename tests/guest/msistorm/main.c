/* SPDX-License-Identifier: MIT */
/*
 * A device that sends messages as fast as it can be told to, for 60 ms. The guest goes on meanwhile; Parvus lets
 * through the 4096 that are a storm, then is deaf to the device for 10 ms, and so on; and when it is over, each message
 * arrives again.
 *
 * How fast is fast must not depend on the machine that runs the test:
 * Clock: instructions
 * Device: virtio-serial-pci,addr=5,vectors=8,ioeventfd=off
 */
#include "test.h"
#include <pci/pci.h>
#include <virtio/virtio.h>

#define SERIAL (5 << 3)			/* bdf */
#define SERIAL_CONTROL 3		/* the queue whose chains the device takes at once, whatever they say */
#define STORM_NS 60000000UL
#define SILENCE_NS 10000000UL
#define STORM 4096

static struct virtio_device serial;
static struct virtq control;
static volatile unsigned int count;

static void hit(void *arg)
{
	(void)arg;
	count++;
}

static void kick(void)
{
	static char byte;
	struct virtq_desc one = { .addr = virt_to_maddr(&byte), .len = 1 };
	uint32_t written;

	while (virtq_get(&control, &written))
		;
	virtq_arm(&control, 1);
	virtq_add(&control, &one, 1, 0, &byte);
	virtq_kick(&control);
}

void test_main(void)
{
	unsigned int kicks = 0, late = 0, seen = 0;
	uint64_t start, last, quiet = 0;

	events_enable();
	check_value("device", virtio_open(&serial, SERIAL, VIRTIO_F_EVENT_IDX), 0);
	check_value("queue", virtq_open(&control, &serial, SERIAL_CONTROL, VIRTQ_MAX, hit, NULL), 0);
	virtio_start(&serial);
	start = last = time_now_ns();
	for (uint64_t now = start; now < start + STORM_NS; now = time_now_ns()) {
		kick();
		kicks++;
		if (count != seen) {
			seen = count;
			last = now;
		} else if (now - last > quiet) {
			quiet = now - last;
		}
	}
	say("# %u messages, %u interrupts, %lu us of silence\n", kicks, seen, quiet / 1000);
	check("the storm is one", kicks > 4 * STORM);
	check("the first of it arrive", seen >= STORM);
	if (on_parvus()) {
		check("then there is silence", quiet > SILENCE_NS * 9 / 10 && quiet < SILENCE_NS * 2);
		check("it comes back", seen > STORM);
	}
	for (last = time_now_ns(); time_now_ns() < last + 2 * SILENCE_NS; )
		;
	for (unsigned int i = 0; i < 100; i++) {
		uint64_t begin = time_now_ns();

		seen = count;
		kick();
		while (count == seen && time_now_ns() < begin + SILENCE_NS)
			;
		late += count != seen + 1;
	}
	check_value("after it each arrives", late, 0);
	virtio_close(&serial);
}
