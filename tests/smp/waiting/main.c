/* SPDX-License-Identifier: MIT */
/*
 * Vcpus that wait for each other: a lock whose waiters sleep in SCHEDOP_poll until the holder kicks them, events
 * passed round in a ring of sleepers, vcpus that go down and are brought up again, and one that is brought up
 * again and again while it is about to block and does not, for its event is there already. Nobody sleeps
 * for ever, nobody is in twice.
 *
 * Needs: dom0_max_vcpus=4
 */
#include "smp.h"

#define TURNS 6000
#define LAPS 100
#define SPINS 20
#define TURNS_AT_LEAST 100	/* however slow the machine */

static evtchn_port_t kick[VCPU_MAX], ring[VCPU_MAX];
static unsigned int next_ticket, owner;		/* the lock */
static unsigned int holder[TURNS + VCPU_MAX];	/* which vcpu has a ticket */
static volatile unsigned long counter;
static unsigned long doubles;
static volatile unsigned int inside;
static unsigned int polls[VCPU_MAX], laps[VCPU_MAX];

static void poll(evtchn_port_t *port)
{
	struct sched_poll p = { .nr_ports = 1 };

	set_xen_guest_handle(p.ports, port);
	hypercall_sched_op(SCHEDOP_poll, &p);
}

static void lock(unsigned int vcpu, unsigned int ticket)
{
	__atomic_store_n(&holder[ticket], vcpu + 1, __ATOMIC_SEQ_CST);
	for (unsigned int i = 0; __atomic_load_n(&owner, __ATOMIC_SEQ_CST) != ticket; i++) {
		if (i < SPINS)
			continue;
		evtchn_clear(kick[vcpu]);
		if (__atomic_load_n(&owner, __ATOMIC_SEQ_CST) == ticket)
			break;
		polls[vcpu]++;
		poll(&kick[vcpu]);
	}
}

static void unlock(unsigned int ticket)
{
	unsigned int next;

	__atomic_store_n(&owner, ticket + 1, __ATOMIC_SEQ_CST);
	next = ticket + 1 < sizeof(holder) / sizeof(holder[0]) ?
	       __atomic_load_n(&holder[ticket + 1], __ATOMIC_SEQ_CST) : 0;
	if (next)
		evtchn_send(kick[next - 1]);
}

/* Lets the others pile up, on one CPU and on several. */
static void dawdle(void)
{
	uint64_t end = time_now_ns() + 200000;

	do
		smp_yield();
	while (time_now_ns() < end);
}

static void take_turns(unsigned int vcpu)
{
	while ((smp_goes_on() || counter < TURNS_AT_LEAST) && __atomic_load_n(&next_ticket, __ATOMIC_SEQ_CST) < TURNS) {
		unsigned int ticket = __atomic_fetch_add(&next_ticket, 1, __ATOMIC_SEQ_CST);

		lock(vcpu, ticket);
		if (__atomic_exchange_n(&inside, 1, __ATOMIC_SEQ_CST))
			doubles++;
		counter++;
		if (ticket % 8 == 0)
			dawdle();
		__atomic_store_n(&inside, 0, __ATOMIC_SEQ_CST);
		unlock(ticket);
	}
}

static void on_ring(evtchn_port_t port, void *arg)
{
	(void)port;
	(void)arg;
	laps[smp_self()]++;
}

/* Each sleeps until its event and wakes the next; vcpu 0 begins and ends. */
static void go_round(unsigned int vcpu)
{
	evtchn_set_handler(ring[vcpu], on_ring, NULL);
	smp_barrier();
	events_disable();
	for (unsigned int lap = 1; lap <= LAPS; lap++) {
		if (vcpu == 0)
			evtchn_send(ring[1]);
		while (laps[vcpu] < lap) {
			hypercall_sched_op(SCHEDOP_block, NULL);
			events_disable();
		}
		if (vcpu)
			evtchn_send(ring[(vcpu + 1) % smp_vcpus()]);
	}
	events_enable();
}

/* As many of vcpu 0's hypercalls as may fall into one of vcpu 1's; then it looks whether that one still runs. */
static void think_better(unsigned int vcpu)
{
	static volatile unsigned int blocks;
	static volatile bool over;

	if (vcpu == 0) {
		for (unsigned int seen = 0; smp_goes_on(); seen = blocks) {
			for (unsigned int i = smp_random(8); i > 0; i--)
				vcpu_up(1);
			while (blocks == seen)
				smp_yield();
		}
		over = true;
	}
	while (vcpu == 1 && !over) {
		events_disable();
		evtchn_send(ring[1]);
		hypercall_sched_op(SCHEDOP_block, NULL);
		if (++blocks % 4 == 0)
			smp_yield();
	}
}

static void nothing(unsigned int vcpu)
{
	(void)vcpu;
}

void test_main(void)
{
	unsigned int slept = 0;
	bool complete = true;

	for (unsigned int v = 0; v < smp_vcpus(); v++) {
		if (evtchn_bind_ipi(v, &kick[v]) || evtchn_bind_ipi(v, &ring[v]))
			os_panic("no ports");
	}
	smp_run(take_turns);
	for (unsigned int v = 0; v < smp_vcpus(); v++)
		slept += polls[v];
	say("# %u sleeps\n", slept);
	check("turns were taken, each once", counter >= TURNS_AT_LEAST && counter == next_ticket);
	check_value("two inside at once", doubles, 0);
	check("waiters slept", slept > 0);
	smp_run(go_round);
	for (unsigned int v = 0; v < smp_vcpus(); v++)
		complete &= laps[v] == LAPS;
	check("every event of every lap came", complete);
	smp_run(think_better);
	check("who thinks better of blocking goes on", true);
	for (unsigned int i = 0; i < 40; i++)
		smp_run(nothing);
	check("up and down forty times", true);
	for (unsigned int v = 1; v < smp_vcpus(); v++)
		while (vcpu_is_up(v))
			smp_yield();
	check_value("up, who is up already", vcpu_up(0), 0);
}
