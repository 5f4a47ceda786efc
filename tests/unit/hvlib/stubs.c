/* SPDX-License-Identifier: MIT */
/* The machine under the sources: captured messages, a small physical memory that ioremap shows in copies of
 * exactly the length asked for (so that a sanitizer sees each byte too far), a serial port. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hvlib.h"

struct domain;

char log_text[65536], serial_text[65536];
static size_t log_len, serial_len;

/* One CPU: who waits for a lock here waits for ever. */
void spin_wait(const void *l, uint16_t ticket) { (void)l, (void)ticket; abort(); }

void log_reset(void)
{
	log_len = 0;
	log_text[0] = 0;
}

void serial_reset(void)
{
	serial_len = 0;
	serial_text[0] = 0;
}

void printk(int level, const char *fmt, ...)
{
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	log_len += vsnprintf(log_text + log_len, sizeof(log_text) - log_len, fmt, ap);
	va_end(ap);
	if (log_len > sizeof(log_text) - 512)
		log_reset();
}

void panic(const char *fmt, ...)
{
	fail_msg("panic: %s", fmt);
	abort();
}

bool log_limit_passes(struct domain *d)
{
	(void)d;
	return true;
}

bool serial_init(unsigned baud)
{
	(void)baud;
	return true;
}

void serial_write(const char *s, size_t n)
{
	assert_true(serial_len + n < sizeof(serial_text));
	memcpy(serial_text + serial_len, s, n);
	serial_text[serial_len += n] = 0;
}

size_t serial_read(char *buf, size_t n)
{
	(void)buf, (void)n;
	return 0;
}

void serial_irq_init(void) { }
bool vga_init(void) { return false; }
void vga_write(const char *s, size_t n) { (void)s, (void)n; }

#define MEMORY_BYTES 0x200000
static uint8_t memory[MEMORY_BYTES];
static void *mapped[256];
static unsigned nr_mapped;

void memory_reset(void)
{
	memset(memory, 0, sizeof(memory));
	while (nr_mapped)
		free(mapped[--nr_mapped]);
}

void memory_put(uint64_t maddr, const void *p, size_t n)
{
	assert_true(maddr + n <= MEMORY_BYTES);
	memcpy(memory + maddr, p, n);
}

void *ioremap(uint64_t maddr, uint64_t bytes, bool uncached)
{
	void *p;

	(void)uncached;
	if (nr_mapped == sizeof(mapped) / sizeof(mapped[0]) || maddr > MEMORY_BYTES || bytes > MEMORY_BYTES - maddr)
		return NULL;
	p = mapped[nr_mapped++] = malloc(bytes);
	return memcpy(p, memory + maddr, bytes);
}

uint32_t random32(void)
{
	static uint64_t s = 0x9e3779b97f4a7c15;

	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return s >> 16;
}
