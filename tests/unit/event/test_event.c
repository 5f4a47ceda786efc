/* SPDX-License-Identifier: MIT */
/*
 * Event channels (hypervisor/event): the hypercall as guests see it, then the table's invariants under a
 * long run of arbitrary operations by three domains.
 */
#include "../../../hypervisor/event/internal.h"
#include "fake.h"
#include "hypercall.h"

static struct domain *d0, *d1, *d2;

static int setup(void **state)
{
	(void)state;
	fake_reset();
	d0 = fake_domain(0, 1, 0);
	d1 = fake_domain(1, 4, 0);
	d2 = fake_domain(2, 1, 0);
	fake_run(d1, 0);
	return 0;
}

/* Every test ends with all domains gone: a reference lost or kept shows here, a byte lost to the sanitizer. */
static int teardown(void **state)
{
	(void)state;
	fake_domain_end(d2);
	fake_domain_end(d1);
	fake_domain_end(d0);
	assert_int_equal(fake_domains_alive, 0);
	assert_int_equal(fake_pirq_bound, 0);
	return 0;
}

static long op(unsigned cmd, void *arg) { return fake_hypercall(do_event_channel_op, cmd, arg, 0, NULL); }

static int alloc(uint16_t dom, uint16_t remote)
{
	evtchn_alloc_unbound_t a = { .dom = dom, .remote_dom = remote };
	long r = op(EVTCHNOP_alloc_unbound, &a);

	return r ? r : (int)a.port;
}

static int bind(uint16_t remote, unsigned port)
{
	evtchn_bind_interdomain_t a = { .remote_dom = remote, .remote_port = port };
	long r = op(EVTCHNOP_bind_interdomain, &a);

	return r ? r : (int)a.local_port;
}

static int bind_virq(unsigned virq, unsigned vcpu)
{
	evtchn_bind_virq_t a = { .virq = virq, .vcpu = vcpu };
	long r = op(EVTCHNOP_bind_virq, &a);

	return r ? r : (int)a.port;
}

static int bind_ipi(unsigned vcpu)
{
	evtchn_bind_ipi_t a = { .vcpu = vcpu };
	long r = op(EVTCHNOP_bind_ipi, &a);

	return r ? r : (int)a.port;
}

static int bind_pirq(unsigned pirq)
{
	evtchn_bind_pirq_t a = { .pirq = pirq };
	long r = op(EVTCHNOP_bind_pirq, &a);

	return r ? r : (int)a.port;
}

static int move(unsigned port, unsigned vcpu)
{
	return op(EVTCHNOP_bind_vcpu, &(evtchn_bind_vcpu_t){ .port = port, .vcpu = vcpu });
}

static int send(unsigned port) { return op(EVTCHNOP_send, &(evtchn_send_t){ port }); }
static int shut(unsigned port) { return op(EVTCHNOP_close, &(evtchn_close_t){ port }); }
static int unmask(unsigned port) { return op(EVTCHNOP_unmask, &(evtchn_unmask_t){ port }); }

static evtchn_status_t status(uint16_t dom, unsigned port, long *ret)
{
	evtchn_status_t s = { .dom = dom, .port = port };

	*ret = op(EVTCHNOP_status, &s);
	return s;
}

static void clear(struct domain *d)
{
	memset(d->shared, 0, PAGE_SIZE);
	fake_unblocked = 0;
	fake_last_unblocked = NULL;
}

/* d1 offers, d0 binds; current is d1 afterwards. */
static int connect(int *peer)
{
	int port = alloc(DOMID_SELF, 0);

	fake_run(d0, 0);
	*peer = bind(1, port);
	fake_run(d1, 0);
	clear(d0);
	return port;
}

static void interdomain_delivers(void **state)
{
	int peer, port = connect(&peer);

	(void)state;
	assert_true(port > 0 && peer > 0);
	assert_int_equal(send(port), 0);
	assert_true(test_bit(peer, d0->shared->evtchn_pending));
	assert_int_equal(d0->vcpu[0]->info->evtchn_pending_sel, BIT(peer / 64));
	assert_int_equal(d0->vcpu[0]->info->evtchn_upcall_pending, 1);
	assert_ptr_equal(fake_last_unblocked, d0->vcpu[0]);
	/* a second event before the first is seen changes nothing */
	assert_int_equal(send(port), 0);
	assert_int_equal(fake_unblocked, 1);
}

static void binding_raises_the_local_side(void **state)
{
	int port = alloc(DOMID_SELF, 0), peer;

	(void)state;
	fake_run(d0, 0);
	peer = bind(1, port);
	assert_true(test_bit(peer, d0->shared->evtchn_pending));
	assert_false(test_bit(port, d1->shared->evtchn_pending));
}

static void masked_waits_for_unmask(void **state)
{
	int peer, port = connect(&peer);

	(void)state;
	set_bit(peer, d0->shared->evtchn_mask);
	send(port);
	assert_true(test_bit(peer, d0->shared->evtchn_pending));
	assert_int_equal(d0->vcpu[0]->info->evtchn_upcall_pending, 0);
	assert_int_equal(fake_unblocked, 0);
	fake_run(d0, 0);
	assert_int_equal(unmask(peer), 0);
	assert_false(test_bit(peer, d0->shared->evtchn_mask));
	assert_int_equal(d0->vcpu[0]->info->evtchn_upcall_pending, 1);
	assert_int_equal(unmask(EVTCHN_MAX), -EINVAL);
}

static void only_the_invited_may_bind(void **state)
{
	int port = alloc(DOMID_SELF, 2);

	(void)state;
	fake_run(d0, 0);
	assert_int_equal(bind(1, port), -EINVAL);
	assert_int_equal(bind(1, 0), -EINVAL);
	assert_int_equal(bind(1, 4000), -EINVAL);
	assert_int_equal(bind(1, 0xffffffff), -EINVAL);
	assert_int_equal(bind(7, port), -ESRCH);
	fake_run(d2, 0);
	assert_true(bind(1, port) > 0);
	assert_int_equal(bind(1, port), -EINVAL);
}

static void only_dom0_acts_for_others(void **state)
{
	long ret;

	(void)state;
	assert_int_equal(alloc(2, 0), -EPERM);
	assert_int_equal(alloc(9, 0), -ESRCH);
	status(2, 1, &ret);
	assert_int_equal(ret, -EPERM);
	assert_int_equal(op(EVTCHNOP_reset, &(evtchn_reset_t){ 2 }), -EPERM);
	fake_run(d0, 0);
	assert_true(alloc(2, DOMID_SELF) > 0);
	assert_int_equal(op(EVTCHNOP_reset, &(evtchn_reset_t){ 2 }), -EINVAL);	/* not paused */
	d2->controller_pauses = 1;
	assert_int_equal(op(EVTCHNOP_reset, &(evtchn_reset_t){ 2 }), 0);
	assert_int_equal(status(2, 1, &ret).status, EVTCHNSTAT_closed);
	assert_int_equal(ret, 0);
}

static void close_leaves_the_peer_unbound(void **state)
{
	int peer, port = connect(&peer);
	evtchn_status_t s;
	long ret;

	(void)state;
	fake_run(d0, 0);
	assert_int_equal(shut(peer), 0);
	assert_int_equal(shut(peer), -EINVAL);
	assert_int_equal(shut(0), -EINVAL);
	s = status(1, port, &ret);
	assert_int_equal(s.status, EVTCHNSTAT_unbound);
	assert_int_equal(s.u.unbound.dom, 0);
	fake_run(d1, 0);
	assert_int_equal(send(port), 0);	/* nobody hears it, no error */
	fake_run(d0, 0);
	assert_int_equal(bind(1, port), peer);	/* the lowest free port again, and bound anew */
}

static void loopback(void **state)
{
	int a = alloc(DOMID_SELF, DOMID_SELF), b = bind(DOMID_SELF, a);
	long ret;

	(void)state;
	assert_true(a > 0 && b > 0 && a != b);
	clear(d1);
	send(a);
	assert_true(test_bit(b, d1->shared->evtchn_pending));
	send(b);
	assert_true(test_bit(a, d1->shared->evtchn_pending));
	assert_int_equal(shut(a), 0);
	assert_int_equal(status(DOMID_SELF, b, &ret).status, EVTCHNSTAT_unbound);
}

static void virqs(void **state)
{
	int timer = bind_virq(VIRQ_TIMER, 2), console;

	(void)state;
	assert_true(timer > 0);
	assert_int_equal(bind_virq(VIRQ_TIMER, 2), -EEXIST);
	assert_int_equal(bind_virq(VIRQ_TIMER, 4), -ENOENT);
	assert_int_equal(bind_virq(NR_VIRQS, 0), -EINVAL);
	assert_int_equal(bind_virq(VIRQ_CONSOLE, 1), -EINVAL);
	assert_int_equal(move(timer, 0), -EINVAL);
	assert_int_equal(send(timer), -EINVAL);
	evtchn_send_virq(d1->vcpu[2], VIRQ_TIMER);
	evtchn_send_virq(d1->vcpu[1], VIRQ_TIMER);	/* unbound: dropped */
	assert_int_equal(d1->vcpu[2]->info->evtchn_upcall_pending, 1);
	assert_int_equal(d1->vcpu[1]->info->evtchn_upcall_pending, 0);

	console = bind_virq(VIRQ_CONSOLE, 0);
	assert_int_equal(move(console, 3), 0);
	evtchn_send_virq(d1->vcpu[0], VIRQ_CONSOLE);
	assert_int_equal(d1->vcpu[3]->info->evtchn_upcall_pending, 1);
	assert_int_equal(shut(console), 0);		/* bound at vcpu 0, though it notifies vcpu 3 */
	assert_int_equal(bind_virq(VIRQ_CONSOLE, 0), console);
}

static void global_virq_goes_to_dom0(void **state)
{
	int port;

	(void)state;
	fake_run(d0, 0);
	port = bind_virq(VIRQ_DOM_EXC, 0);
	evtchn_send_global_virq(VIRQ_DOM_EXC);
	assert_true(test_bit(port, d0->shared->evtchn_pending));
}

static void ipi_and_bind_vcpu(void **state)
{
	int port = bind_ipi(3), plain = alloc(DOMID_SELF, 0);
	long ret;

	(void)state;
	assert_int_equal(bind_ipi(4), -ENOENT);
	assert_int_equal(move(port, 0), -EINVAL);
	assert_int_equal(send(port), 0);
	assert_ptr_equal(fake_last_unblocked, d1->vcpu[3]);
	assert_int_equal(move(plain, 2), 0);
	assert_int_equal(move(plain, 4), -ENOENT);
	assert_int_equal(move(4000, 0), -EINVAL);
	assert_int_equal(status(DOMID_SELF, plain, &ret).vcpu, 2);
}

static void pirqs(void **state)
{
	int port;

	(void)state;
	assert_int_equal(bind_pirq(4), -EPERM);
	assert_int_equal(bind_pirq(NR_PIRQS), -EINVAL);
	fake_run(d0, 0);
	port = bind_pirq(4);
	assert_int_equal(fake_pirq_bound, BIT(4));
	assert_int_equal(bind_pirq(4), -EEXIST);
	evtchn_send_pirq(d0, 4);
	evtchn_send_pirq(d0, 5);
	assert_true(test_bit(port, d0->shared->evtchn_pending));
	assert_int_equal(shut(port), 0);
	assert_int_equal(fake_pirq_bound, 0);
	evtchn_send_pirq(d0, 4);
	assert_int_equal(bind_pirq(4), port);
}

static void ports_run_out(void **state)
{
	unsigned times;

	(void)state;
	for (int i = 1; i < EVTCHN_MAX; i++)
		assert_int_equal(alloc(DOMID_SELF, 0), i);
	assert_int_equal(alloc(DOMID_SELF, 0), -ENOSPC);
	assert_int_equal(shut(77), 0);
	assert_int_equal(alloc(DOMID_SELF, 0), 77);
	fake_preempt_after = 3;
	assert_int_equal(fake_hypercall(do_event_channel_op, EVTCHNOP_reset, &(evtchn_reset_t){ DOMID_SELF }, 0,
					&times), 0);
	assert_true(times > 50);
	assert_int_equal(alloc(DOMID_SELF, 0), 1);
}

static void a_new_port_has_no_old_event(void **state)
{
	int port = bind_ipi(0);

	(void)state;
	send(port);
	shut(port);
	assert_int_equal(alloc(DOMID_SELF, 0), port);
	assert_false(test_bit(port, d1->shared->evtchn_pending));
}

static void polling(void **state)
{
	int peer, port = connect(&peer);

	(void)state;
	set_bit(peer, d0->shared->evtchn_mask);
	assert_int_equal(evtchn_port_poll(d0, peer), 0);
	assert_int_equal(evtchn_port_poll(d0, EVTCHN_MAX), -EINVAL);
	evtchn_poll_begin(d0->vcpu[0], peer + 1);
	send(port);
	assert_int_equal(fake_unblocked, 0);		/* another port is polled */
	assert_int_equal(evtchn_port_poll(d0, peer), 1);
	clear_bit(peer, d0->shared->evtchn_pending);
	evtchn_poll_begin(d0->vcpu[0], peer);
	send(port);
	assert_int_equal(fake_unblocked, 1);		/* masked or not */
	evtchn_poll_end(d0->vcpu[0]);
	evtchn_poll_end(d0->vcpu[0]);
	assert_int_equal(d0->evtchn->nr_polling, 0);
}

static void bad_arguments(void **state)
{
	(void)state;
	assert_int_equal(op(EVTCHNOP_send, BAD_POINTER), -EFAULT);
	assert_int_equal(op(EVTCHNOP_alloc_unbound, NULL), -EFAULT);
	assert_int_equal(op(EVTCHNOP_init_control, &(uint64_t[4]){ 0 }), -ENOSYS);
	assert_int_equal(op(EVTCHNOP_set_priority, &(uint64_t){ 0 }), -ENOSYS);
	assert_int_equal(op(0xffffffff, NULL), -ENOSYS);
	assert_int_equal(alloc(DOMID_SELF, 0), 1);
	for (unsigned i = 0; i < 3; i++) {
		const unsigned port = (const unsigned[]){ BUCKET_PORTS, EVTCHN_MAX, ~0u }[i];
		long ret;

		status(DOMID_SELF, port, &ret);
		assert_int_equal(ret, -EINVAL);
		assert_int_equal(send(port), -EINVAL);
		assert_int_equal(shut(port), -EINVAL);
		assert_int_equal(unmask(port), -EINVAL);
		assert_int_equal(move(port, 0), -EINVAL);
	}
	d1->dying = DYING;
	assert_int_equal(alloc(DOMID_SELF, 0), -EINVAL);
}

/* --- the invariants --- */

static void check(const struct domain *d)
{
	for (unsigned p = 0; p < d->evtchn->nr; p++) {
		const struct evtchn *c = evtchn_find(d, p), *r;

		assert_true(c->vcpu < d->max_vcpus);
		switch (c->state) {
		case ECS_FREE:
			assert_true(p == 0 || p >= d->evtchn->first_free);
			break;
		case ECS_INTERDOMAIN:
			r = evtchn_find(c->remote, c->remote_port);
			assert_non_null(r);
			assert_int_equal(r->state, ECS_INTERDOMAIN);
			assert_int_equal(r->remote_port, p);
			assert_ptr_equal(r->remote, d);
			break;
		case ECS_VIRQ:
			assert_int_equal(d->vcpu[evtchn_virq_is_global(c->virq) ? 0 : c->vcpu]->virq_port[c->virq], p);
			break;
		case ECS_PIRQ:
			assert_int_equal(d->evtchn->pirq_port[c->pirq], p);
			break;
		}
	}
	assert_int_equal(evtchn_find(d, 0) ? evtchn_find(d, 0)->state : ECS_FREE, ECS_FREE);
}

static uint32_t random_below(uint32_t n)
{
	static uint64_t x = 88172645463325252ULL;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (x >> 20) % n;
}

static void any_operations_keep_the_table_whole(void **state)
{
	struct domain *const d[] = { d0, d1, d2 };

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		struct domain *who = d[random_below(3)];
		unsigned port = random_below(80), vcpu = random_below(5);
		uint16_t dom = random_below(12) == 0 ? DOMID_SELF : random_below(4);
		long ret;

		fake_run(who, random_below(who->max_vcpus));
		switch (random_below(11)) {
		case 0: alloc(dom, random_below(4)); break;
		case 1: bind(dom, port); break;
		case 2: bind_virq(random_below(26), vcpu); break;
		case 3: bind_ipi(vcpu); break;
		case 4: bind_pirq(random_below(20)); break;
		case 5: case 6: shut(port); break;
		case 7: send(port); break;
		case 8: move(port, vcpu); break;
		case 9: unmask(port); break;
		case 10: status(dom, port, &ret); break;
		}
		if (random_below(20000) == 0)
			op(EVTCHNOP_reset, &(evtchn_reset_t){ DOMID_SELF });
		if (i % 100 == 0)
			check(d0), check(d1), check(d2);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* The end of a domain closes its ports from the first on, wherever a reset of its own had got to. */
static void a_reset_cut_short_leaves_nothing(void **state)
{
	struct domain *d3 = fake_domain(3, 1, 0);
	evtchn_reset_t self = { DOMID_SELF };
	evtchn_status_t status = { .dom = DOMID_SELF };

	(void)state;
	fake_run(d3, 0);
	for (unsigned i = 0; i < 40; i++)
		assert_true(alloc(DOMID_SELF, 2) > 0);
	fake_preempt_after = 1;
	host_current->cont.done = 0;
	assert_int_equal(do_event_channel_op(EVTCHNOP_reset, (uint64_t)&self, 0, 0, 0, 0), -ERESTART);
	fake_preempt_after = 0;
	fake_run(d2, 0);
	status.port = alloc(DOMID_SELF, 3);
	fake_run(d3, 0);
	assert_int_equal(bind(2, status.port), 1);
	fake_domain_end(d3);
	fake_run(d2, 0);
	assert_int_equal(op(EVTCHNOP_status, &status), 0);
	assert_int_equal(status.status, EVTCHNSTAT_unbound);
	fake_run(d1, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(interdomain_delivers), TEST(binding_raises_the_local_side), TEST(masked_waits_for_unmask),
		TEST(only_the_invited_may_bind), TEST(only_dom0_acts_for_others), TEST(close_leaves_the_peer_unbound),
		TEST(loopback), TEST(virqs), TEST(global_virq_goes_to_dom0), TEST(ipi_and_bind_vcpu), TEST(pirqs),
		TEST(ports_run_out), TEST(a_new_port_has_no_old_event), TEST(polling), TEST(bad_arguments),
		TEST(a_reset_cut_short_leaves_nothing), TEST(any_operations_keep_the_table_whole),
	};
	int failed = cmocka_run_group_tests_name("event", tests, NULL, NULL);

	printf("%zu passed, %d failed\n", ARRAY_SIZE(tests) - failed, failed);
	return failed != 0;
}
