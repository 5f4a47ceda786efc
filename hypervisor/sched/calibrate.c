/* SPDX-License-Identifier: MIT */
/*
 * How fast the TSC and the APIC timer count, by the PIT's channel 2. The machine may itself be a guest and stand
 * still at any moment, for as long as it likes. So a reading of the three clocks is the quickest of several, and
 * good if it took about as long as the quickest ever; and a window between two readings counts only if the
 * channel's output is still low at its end: then the count has not run out, and the ticks between are
 * exact. Standing still inside a window does no harm: all three clocks go on. Boot only.
 */
#include "irq.h"
#include "printk.h"
#include "time.h"
#include "x86.h"

#define PIT_HZ 1193182UL
#define WINDOW_TICKS (PIT_HZ / 100)	/* 10 ms, of the 55 that the count lasts */
#define READINGS 6
#define WINDOWS 16
#define TOO_LONG (1UL << 31)		/* TSC ticks; some ten times the count's life, at least */
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_LATCH 0x80			/* channel 2 */
#define PIT_ONCE 0xb0			/* channel 2, both bytes, mode 0: the output rises when the count runs out */
#define GATE_PORT 0x61
#define GATE_ON 1
#define GATE_SPEAKER 2
#define GATE_OUTPUT 0x20

struct reading { uint64_t tsc, took; uint32_t apic; uint16_t pit; };

struct window { uint64_t tsc, apic, took; uint16_t ticks; };

static uint64_t quickest __initdata;	/* reading so far */

static struct reading __init read_once(void)
{
	struct reading r = { .tsc = rdtsc() };

	outb(PIT_COMMAND, PIT_LATCH);
	r.apic = apic_timer_count();
	r.pit = inb(PIT_CHANNEL2);
	r.pit |= inb(PIT_CHANNEL2) << 8;
	r.took = rdtsc() - r.tsc;
	r.tsc += r.took / 2;
	quickest = MIN(quickest, r.took);
	return r;
}

static struct reading __init read_clocks(void)
{
	struct reading best = read_once();

	for (unsigned i = 1; i < READINGS; i++) {
		struct reading r = read_once();

		if (r.took < best.took)
			best = r;
	}
	return best;
}

static void __init start_count(void)
{
	uint8_t gate = inb(GATE_PORT) & ~(GATE_SPEAKER | GATE_ON);

	outb(GATE_PORT, gate);
	outb(PIT_COMMAND, PIT_ONCE);
	outb(PIT_CHANNEL2, 0xff);
	outb(PIT_CHANNEL2, 0xff);
	outb(GATE_PORT, gate | GATE_ON);
	apic_timer_arm(0xffffffff);
	read_once();				/* the count is loaded after this */
}

/* false: the count ran out, nobody knows how long ago, or there is none. */
static bool __init measure(struct window *w)
{
	struct reading begin, end;

	start_count();
	begin = read_clocks();
	do {
		end = read_clocks();
		if (end.tsc - begin.tsc > TOO_LONG)
			return false;
	} while ((uint16_t)(begin.pit - end.pit) < WINDOW_TICKS);
	*w = (struct window){ .tsc = end.tsc - begin.tsc, .apic = begin.apic - end.apic,
			      .took = MAX(begin.took, end.took), .ticks = begin.pit - end.pit };
	return !(inb(GATE_PORT) & GATE_OUTPUT);
}

void __init time_calibrate(uint64_t *tsc_hz, uint64_t *apic_hz)
{
	struct window best = { .took = ~0UL }, w;

	quickest = ~0UL;
	for (unsigned i = 0; i < WINDOWS && (!best.ticks || best.took / 2 > quickest); i++)
		if (measure(&w) && w.took < best.took)
			best = w;
	apic_timer_arm(0);
	if (!best.ticks)
		panic("no way to calibrate the clocks: the PIT does not count, or the machine stands still");
	*tsc_hz = best.tsc * PIT_HZ / best.ticks;
	*apic_hz = best.apic * PIT_HZ / best.ticks;
}
