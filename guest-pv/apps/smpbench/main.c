/* SPDX-License-Identifier: MIT */
/*
 * smpbench: what more vcpus bring a guest. The same work on one vcpu and on all of them at once, and how long an
 * event takes to a vcpu that sleeps. Times are the clock's, so they vary with the machine; each figure is
 * the best of some rounds.
 */
#include <libos.h>
#include <stdio.h>

#define STEPS 100000000UL
#define ROUNDS 5
#define WAKES 300

static volatile uint64_t sink[VCPU_MAX];
static volatile bool asleep, woken;
static evtchn_port_t port;

static void work(void *arg)
{
	uint64_t x = (uintptr_t)arg + 1;

	for (uint64_t i = 0; i < STEPS; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	sink[(uintptr_t)arg] = x;
}

/* ns until the work has been done on each of n vcpus. */
static uint64_t time_work(uintptr_t n)
{
	uint64_t begin = time_now_ns();

	for (uintptr_t v = 1; v < n; v++)
		worker_start(v, work, (void *)v);
	work(NULL);
	for (uintptr_t v = 1; v < n; v++)
		worker_wait(v, OS_FOREVER);
	return time_now_ns() - begin;
}

static uint64_t best_work(unsigned int n)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t t = time_work(n);

		if (t < best)
			best = t;
	}
	return best;
}

static void on_wake(evtchn_port_t p, void *arg)
{
	(void)p;
	(void)arg;
	woken = true;
}

static void sleeper(void *arg)
{
	(void)arg;
	evtchn_set_handler(port, on_wake, NULL);
	for (int i = 0; i < WAKES; i++) {
		events_disable();
		asleep = true;
		while (!woken) {
			events_block();
			events_disable();
		}
		events_enable();
		asleep = false;
		while (woken)
			;
	}
}

/* Least time from a send to the handler's mark. It gets a moment to fall asleep in fact. */
static uint64_t best_wake(void)
{
	uint64_t best = UINT64_MAX;

	if (evtchn_bind_ipi(1, &port) || worker_start(1, sleeper, NULL))
		return 0;
	for (int i = 0; i < WAKES; i++) {
		uint64_t begin;

		while (!asleep)
			;
		thread_sleep_ns(200000);
		begin = time_now_ns();
		evtchn_send(port);
		while (!woken)
			;
		begin = time_now_ns() - begin;
		if (begin < best)
			best = begin;
		while (asleep)
			;
		woken = false;
	}
	worker_wait(1, OS_FOREVER);
	return best;
}

int main(void)
{
	unsigned int n = vcpu_count();
	uint64_t one = best_work(1);

	printf("smpbench: work of one vcpu: %.1f ms\n", one / 1e6);
	if (n < 2) {
		printf("smpbench: there is one vcpu only (vcpus= in the domain's configuration, or dom0_max_vcpus=)\n");
		return 1;
	}
	for (unsigned int k = 2; k <= n; k++)
		printf("smpbench: %u vcpus do %.2f times the work of one\n", k, (double)k * one / best_work(k));
	printf("smpbench: event to a sleeping vcpu: %.1f us\n", best_wake() / 1e3);
	printf("smpbench: end\n");
	return 0;
}
