/* SPDX-License-Identifier: MIT */
/*
 * What pvbench's operations cost on the bare machine, in ring 0 without a hypervisor: their floor. Measured as
 * pvbench does (its measure.h), by the same names, and only what a kernel of its own has to do too.
 */
#include "native.h"

#define COM1 0x3f8
#define LINE_STATUS 5
#define THR_EMPTY 0x20

static void say(const char *text)
{
	for (; *text; text++) {
		while (!(inb(COM1 + LINE_STATUS) & THR_EMPTY))
			;
		outb(COM1, *text);
	}
}

static void say_number(uint64_t n, unsigned int digits)
{
	char text[21];
	char *p = text + sizeof(text) - 1;

	*p = 0;
	for (; n || digits; n /= 10, digits -= digits ? 1 : 0)
		*--p = '0' + n % 10;
	say(p);
}

void native_say(const char *name, const struct stats *s)
{
	uint64_t mean = s->sum * 100 / s->n;

	say("bench ");
	say(name);
	say(" ");
	say_number(s->min, 1);
	say(" ");
	say_number(mean / 100, 1);
	say(".");
	say_number(mean % 100, 2);
	say(" ");
	say_number(s->n, 1);
	say("\n");
}

void native_run(const struct bench *table, size_t n)
{
	for (; n; n--, table++) {
		struct stats s = bench_measure(table);

		native_say(table->name, &s);
	}
}

void native_main(void)
{
	machine_setup();
	if (!bench_calibrate()) {
		say("native: the counter does not count instructions (QEMU -icount shift=0 is needed)\n");
		return;
	}
	native_run(bench_calibration, CALIBRATIONS);
	native_instructions();
	native_tables();
	native_traps();
	native_interrupts();
	say("native: end\n");
}
