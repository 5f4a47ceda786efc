/* SPDX-License-Identifier: MIT */
/*
 * kit/os.h in its plainest form: memory is handed out once from what the builder mapped, waiting is
 * asking again after each event, and with a single thread a lock is nothing. A real system puts its
 * allocator, its scheduler and its printf here.
 */
#include <kit/evtchn.h>
#include <kit/hypercall.h>
#include <kit/os.h>
#include <kit/pt.h>
#include <kit/pvconsole.h>
#include <kit/start_info.h>
#include <kit/time.h>
#include "system.h"

void *memset(void *to, int c, size_t n);
void *memcpy(void *to, const void *from, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);

static char *next_page, *next_va = (char *)0x100000000000;
static unsigned int good, bad;

/* Past the builder's page tables and stack: at least 512 KB are mapped there. */
void system_memory_init(void)
{
	next_page = (char *)start_info->pt_base + (start_info->nr_pt_frames + 1) * PAGE_SIZE;
}

void *os_pages_alloc(size_t n)
{
	char *va = next_page;
	const pte_t *e = pt_entry(va + (n - 1) * PAGE_SIZE, 1);

	if (!e || !(*e & PTE_PRESENT))
		return NULL;
	next_page += n * PAGE_SIZE;
	return memset(va, 0, n * PAGE_SIZE);
}

void os_pages_free(void *va, size_t n)
{
	(void)va;
	(void)n;
}

void *os_va_alloc(size_t n)
{
	void *va = next_va;

	next_va += n * PAGE_SIZE;
	return pt_populate(va, n) == 0 ? va : NULL;
}

void os_va_free(void *va, size_t n)
{
	(void)va;
	(void)n;
}

void os_wait_init(struct os_wait *w)
{
	(void)w;
}

/* Events are masked between asking and sleeping, so none is missed. */
bool os_wait_until(struct os_wait *w, bool (*pred)(void *arg), void *arg, uint64_t deadline_ns)
{
	bool enabled = events_disable(), met;

	(void)w;
	while (!(met = pred(arg)) && time_now_ns() < deadline_ns) {
		if (deadline_ns != OS_FOREVER)
			hypercall_set_timer_op(deadline_ns);
		events_block();
		events_disable();
	}
	events_restore(enabled);
	return met;
}

void os_wake(struct os_wait *w)
{
	(void)w;
}

void os_lock_init(struct os_lock *l)
{
	(void)l;
}

void os_lock(struct os_lock *l)
{
	(void)l;
}

void os_unlock(struct os_lock *l)
{
	(void)l;
}

/* A line is written whole: what the hypervisor says may come between any two writes. */
static void put(const char *s)
{
	static char line[120];
	static size_t used;

	for (; *s; s++) {
		line[used++] = *s;
		if (*s == '\n' || used == sizeof(line)) {
			pvconsole_write_now(line, used);
			used = 0;
		}
	}
}

/* The format as it stands: printf is what a real system adds. */
void os_panic(const char *fmt, ...)
{
	put("not ok test ended early: ");
	put(fmt);
	put("\n");
	hypercall_shutdown(SHUTDOWN_crash);
	__builtin_unreachable();
}

void report(const char *what, bool ok)
{
	put(ok ? "ok " : "not ok ");
	put(what);
	put("\n");
	if (ok)
		good++;
	else
		bad++;
}

static void put_number(unsigned int n)
{
	char digit[] = { '0' + n % 10, '\0' };

	if (n >= 10)
		put_number(n / 10);
	put(digit);
}

void finish(void)
{
	put("end of test: ");
	put_number(good);
	put(" ok, ");
	put_number(bad);
	put(" not ok\n");
	hypercall_shutdown(SHUTDOWN_poweroff);
	__builtin_unreachable();
}

void *memset(void *to, int c, size_t n)
{
	void *ret = to;

	__asm__ volatile("rep stosb" : "+D" (to), "+c" (n) : "a" (c) : "memory");
	return ret;
}

void *memcpy(void *to, const void *from, size_t n)
{
	void *ret = to;

	__asm__ volatile("rep movsb" : "+D" (to), "+S" (from), "+c" (n) : : "memory");
	return ret;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (unsigned char)*a - (unsigned char)*b;
}
