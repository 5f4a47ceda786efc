/* SPDX-License-Identifier: MIT */
/*
 * COM1, a 16550: output is polled, input comes by interrupt into a small ring that dom0 reads when
 * VIRQ_CONSOLE tells it to. A full ring leaves what arrives to the port, which holds its sender back as well as
 * it can. The console lock guards ring and port.
 */
#include "boot.h"
#include "event.h"
#include "irq.h"
#include "x86.h"

#define COM1		0x3f8
#define COM1_IRQ	4
#define DATA		(COM1 + 0)	/* and divisor low, with LCR_DLAB */
#define IER		(COM1 + 1)	/* and divisor high */
#define FCR		(COM1 + 2)
#define LCR		(COM1 + 3)
#define MCR		(COM1 + 4)
#define LSR		(COM1 + 5)
#define SCR		(COM1 + 7)
#define IER_RX		1
#define FCR_ENABLE_CLEAR 7
#define LCR_8N1		3
#define LCR_DLAB	0x80
#define MCR_DTR_RTS_OUT2 0x0b
#define LSR_RX_READY	1
#define LSR_TX_EMPTY	0x20
#define FIFO_BYTES	16
#define RX_RING		1024		/* power of two */
#define TX_SPIN_MAX	1000000		/* polls before a dead port is given up on for this character */

static bool present;
static char rx[RX_RING];
static uint32_t rx_prod, rx_cons;
static bool rx_held;			/* the port does not interrupt until the ring is half empty */

bool __init serial_init(unsigned baud)
{
	outb(SCR, 0x5a);
	if (inb(SCR) != 0x5a)
		return false;
	outb(IER, 0);
	if (baud) {
		unsigned div = 115200 / baud;

		outb(LCR, LCR_8N1 | LCR_DLAB);
		outb(DATA, div & 0xff);
		outb(IER, div >> 8);
	}
	outb(LCR, LCR_8N1);
	outb(FCR, FCR_ENABLE_CLEAR);
	outb(MCR, MCR_DTR_RTS_OUT2);
	present = true;
	return true;
}

/* The transmit FIFO takes 16 characters once it reports empty. */
static void putc(char c)
{
	static unsigned room;

	if (!room) {
		for (unsigned n = 0; !(inb(LSR) & LSR_TX_EMPTY) && n < TX_SPIN_MAX; n++)
			__builtin_ia32_pause();
		room = FIFO_BYTES;
	}
	room--;
	outb(DATA, c);
}

void serial_write(const char *s, size_t n)
{
	static char last;

	if (!present)
		return;
	for (; n--; last = *s++) {
		if (*s == '\n' && last != '\r')
			putc('\r');
		putc(*s);
	}
}

static void rx_interrupt(void)
{
	console_lock();
	while (rx_prod - rx_cons < RX_RING && inb(LSR) & LSR_RX_READY)
		rx[rx_prod++ % RX_RING] = inb(DATA);
	rx_held = rx_prod - rx_cons == RX_RING;
	if (rx_held)
		outb(IER, 0);
	console_unlock();
	evtchn_send_global_virq(VIRQ_CONSOLE);
}

size_t serial_read(char *buf, size_t n)
{
	size_t i = 0;

	while (i < n && rx_cons != rx_prod)
		buf[i++] = rx[rx_cons++ % RX_RING];
	if (rx_held && rx_prod - rx_cons <= RX_RING / 2) {
		rx_held = false;
		outb(IER, IER_RX);
	}
	return i;
}

void serial_irq_init(void)
{
	bool level, low;

	if (present && irq_set_hv_handler(isa_irq_to_gsi(COM1_IRQ, &level, &low), rx_interrupt) == 0)
		outb(IER, IER_RX);
}
