/* SPDX-License-Identifier: MIT */
/*
 * System time is the TSC, scaled by one constant factor found at boot; the guest scales it the same way with
 * the numbers in its vcpu_time_info, so both agree to the nanosecond. Wall clock is system time plus
 * a constant from the CMOS clock, which dom0 may set. time_lock guards the wall clock.
 */
#include "time.h"
#include "cpu.h"
#include "domain.h"
#include "irq.h"
#include "printk.h"
#include "x86.h"

uint64_t tsc_khz;

static uint32_t tsc_mul;
static int8_t tsc_shift;
static spinlock_t time_lock;
static uint64_t wall_ns_at_boot;		/* Unix time of system time 0, ns */

static uint64_t scale(uint64_t delta)
{
	delta = tsc_shift >= 0 ? delta << tsc_shift : delta >> -tsc_shift;
	return (unsigned __int128)delta * tsc_mul >> 32;
}

s_time_t now(void) { return scale(rdtsc() - this_cpu()->tsc_boot); }

static void __init set_scale(void)
{
	uint64_t num = 1000000, den = tsc_khz;	/* ns a tick, brought into [1/2, 1) */

	while (num >= den) {
		den <<= 1;
		tsc_shift++;
	}
	while (num * 2 < den) {
		num <<= 1;
		tsc_shift--;
	}
	tsc_mul = (num << 32) / den;
}

static void __init calibrate(void)
{
	uint64_t tsc_hz, apic_hz;

	time_calibrate(&tsc_hz, &apic_hz);
	tsc_khz = tsc_hz / 1000;
	apic_khz = apic_hz / 1000;
	if (!tsc_khz || !apic_khz)
		panic("TSC (%lu kHz) or APIC timer (%u kHz) stands still", tsc_khz, apic_khz);
}

/* --- wall clock --- */

static uint8_t __init cmos(uint8_t reg)
{
	outb(0x70, reg);
	return inb(0x71);
}

struct rtc { uint8_t s, m, h, day, month, year; };

static struct rtc __init rtc_sample(void)
{
	while (cmos(0x0a) & 0x80)		/* update in progress: at most 2 ms */
		;
	return (struct rtc){ cmos(0), cmos(2), cmos(4), cmos(7), cmos(8), cmos(9) };
}

static unsigned __init from_bcd(uint8_t v) { return (v >> 4) * 10 + (v & 15); }

static uint64_t __init unix_days(unsigned y, unsigned m, unsigned d)
{
	/* years begin in March, so that the leap day comes last */
	y -= m <= 2;
	m = (m + 9) % 12;
	return 365UL * y + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + d - 1 - 719468;
}

static uint64_t __init rtc_seconds(void)
{
	struct rtc a, b;
	uint8_t mode = cmos(0x0b);
	uint8_t *f = (uint8_t *)&a;
	unsigned pm;

	do {
		a = rtc_sample();
		b = rtc_sample();
	} while (a.s != b.s);
	pm = a.h & 0x80;
	a.h &= 0x7f;
	for (unsigned i = 0; i < sizeof(a) && !(mode & 4); i++)
		f[i] = from_bcd(f[i]);
	if (!(mode & 2))
		a.h = a.h % 12 + (pm ? 12 : 0);
	return unix_days(2000 + a.year, a.month, a.day) * 86400 + a.h * 3600UL + a.m * 60UL + a.s;
}

/* shared_info's wc_*: an odd version says "being written". time_lock held. */
static void publish_wallclock(struct domain *d)
{
	shared_info_t *s = d->shared;
	uint64_t ns = wall_ns_at_boot + d->time_offset_seconds * SECONDS(1);
	uint32_t version = s->wc_version | 1;

	WRITE_ONCE(s->wc_version, version);
	barrier();
	s->wc_sec = ns / 1000000000;
	s->wc_sec_hi = ns / 1000000000 >> 32;
	s->wc_nsec = ns % 1000000000;
	barrier();
	WRITE_ONCE(s->wc_version, version + 1);
}

void time_init_domain(struct domain *d)
{
	spin_lock(&time_lock);
	publish_wallclock(d);
	spin_unlock(&time_lock);
}

int time_set_wallclock(uint64_t secs, uint32_t ns, s_time_t system_time)
{
	if (ns >= 1000000000 || secs > UINT64_MAX / 1000000000 / 2 || system_time < 0)
		return -1;
	spin_lock(&time_lock);
	wall_ns_at_boot = secs * 1000000000 + ns - system_time;
	spin_unlock(&time_lock);
	for (struct domain *d = domain_get_next(0), *next; d; d = next) {
		time_init_domain(d);
		next = domain_get_next(d->id + 1);
		domain_put(d);
	}
	return 0;
}

/* --- vcpu time --- */

void time_fill(vcpu_time_info_t *t)
{
	uint32_t version = t->version | 1;

	WRITE_ONCE(t->version, version);
	barrier();
	t->tsc_timestamp = this_cpu()->tsc_boot;
	t->system_time = 0;
	t->tsc_to_system_mul = tsc_mul;
	t->tsc_shift = tsc_shift;
	t->flags = 0;
	barrier();
	WRITE_ONCE(t->version, version + 1);
}

void time_update_vcpu(struct vcpu *v) { time_fill(&v->info->time); }

/* The factor never changes, but the page may have been cleared: builders do so with shared_info. */
void time_refresh_vcpu(struct vcpu *v)
{
	if (likely(v->info->time.tsc_to_system_mul == tsc_mul && v->info->time.tsc_timestamp == this_cpu()->tsc_boot))
		return;
	time_update_vcpu(v);
	time_init_domain(v->domain);
}

void __init time_init(void)
{
	calibrate();
	set_scale();
	this_cpu()->tsc_boot = rdtsc();
	wall_ns_at_boot = rtc_seconds() * 1000000000;
	printk(LOG_INFO, "TSC %lu.%03lu MHz, APIC timer %u.%03u MHz", tsc_khz / 1000, tsc_khz % 1000,
	       apic_khz / 1000, apic_khz % 1000);
}
