/* SPDX-License-Identifier: MIT */
/*
 * The console: devices named by console=, the log ring, and what guests write with CONSOLEIO_write. dom0's
 * text goes to the devices untouched, for it runs the operator's shell there; a domU's is gathered
 * into lines, stripped of control characters, marked "(d<domid>) " and logged as debug text of a guest.
 * The console lock guards everything here; it is the innermost lock.
 */
#include "boot.h"
#include "domain.h"
#include "lib.h"
#include "lock.h"
#include "printk.h"

#define RING_BYTES 32768		/* power of two */

static spinlock_t output_lock;
static bool use_serial, use_vga;
static char ring[RING_BYTES];
static uint32_t ring_prod, ring_cleared;	/* count of bytes ever logged; where a clear happened */

void console_lock(void)
{
	spin_lock(&output_lock);
}

void console_unlock(void)
{
	spin_unlock(&output_lock);
}

void console_break_lock(void)
{
	output_lock = (spinlock_t){ 0 };
}

/* Is `word` one of the comma-separated words of console=? */
static bool wanted(const char *word)
{
	size_t n = strlen(word);

	for (const char *p = opt.console; p; p = strchr(p, ',')) {
		p += *p == ',';
		if (!strncmp(p, word, n) && (!p[n] || p[n] == ','))
			return true;
	}
	return false;
}

/* A device that comes into use gets what was said so far. */
static void __init replay(void (*write)(const char *s, size_t n))
{
	uint32_t from = ring_prod > RING_BYTES ? ring_prod - RING_BYTES : 0;

	for (; from != ring_prod; from++)
		write(&ring[from % RING_BYTES], 1);
}

void __init console_init(void)
{
	use_serial = wanted("com1") && serial_init(opt.com1_baud);
	if (use_serial)
		replay(serial_write);
}

void __init console_late_init(void)
{
	use_vga = wanted("vga") && vga_init();
	if (use_vga)
		replay(vga_write);
}

void console_irq_init(void)
{
	if (use_serial)
		serial_irq_init();
}

void console_write(const char *s, size_t n)
{
	if (use_serial)
		serial_write(s, n);
	if (use_vga)
		vga_write(s, n);
}

void console_log(const char *s, size_t n, bool show)
{
	for (size_t i = 0; i < n; i++)
		ring[ring_prod++ % RING_BYTES] = s[i];
	if (show)
		console_write(s, n);
}

/* A finished line of a domU. */
static void flush_line(struct domain *d)
{
	char text[sizeof(d->line) + 16];
	int n = snprintf(text, sizeof(text), "(d%u) %.*s\n", d->id, (int)d->line_len, d->line);

	d->line_len = 0;
	if (log_limit_passes(d))
		console_log(text, MIN((size_t)n, sizeof(text) - 1), opt.guest_loglvl >= LOG_DEBUG);
}

void console_guest_write(struct domain *d, const char *s, size_t n)
{
	console_lock();
	if (d->privileged) {
		console_write(s, n);
		n = 0;
	}
	for (; n--; s++) {
		if (*s != '\n' && (*s >= ' ' || *s == '\t'))
			d->line[d->line_len++] = *s;
		if (*s == '\n' || d->line_len == sizeof(d->line))
			flush_line(d);
	}
	console_unlock();
}

void console_domain_gone(struct domain *d)
{
	console_lock();
	if (d->line_len)
		flush_line(d);
	console_unlock();
}

size_t console_guest_read(char *buf, size_t n)
{
	size_t got;

	console_lock();
	got = serial_read(buf, n);
	console_unlock();
	return got;
}

size_t console_ring_read(uint32_t *index, char *buf, size_t n, bool incremental)
{
	uint32_t from, oldest;
	size_t got = 0;

	console_lock();
	oldest = ring_prod > RING_BYTES ? ring_prod - RING_BYTES : 0;
	from = incremental ? *index : ring_cleared;
	if (from - oldest > ring_prod - oldest)		/* lost or never logged */
		from = oldest;
	while (got < n && from != ring_prod)
		buf[got++] = ring[from++ % RING_BYTES];
	*index = from;
	console_unlock();
	return got;
}

void console_ring_clear(void)
{
	console_lock();
	ring_cleared = ring_prod;
	console_unlock();
}
