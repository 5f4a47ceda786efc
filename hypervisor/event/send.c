/* SPDX-License-Identifier: MIT */
/*
 * Delivery. An event is a bit in the domain's shared page; if it is unmasked and was clear, the selector bit of
 * its word and the upcall flag of its vcpu are raised, and a vcpu that waits is woken. All these words
 * belong to the guest as well: they are changed by single atomic instructions and never trusted.
 *
 * The order (pending bit, selector, upcall flag) mirrors the order in which guests clear them, so that no event
 * gets lost between the two.
 */
#include "internal.h"

/* Out of line: the path without pollers needs no registers saved. */
static __attribute__((noinline)) void wake_pollers(struct domain *d, unsigned port)
{
	for (unsigned w = 0; w < ARRAY_SIZE(d->evtchn->polling); w++) {
		uint64_t bits = __atomic_load_n(&d->evtchn->polling[w], __ATOMIC_RELAXED);

		for (; bits; bits &= bits - 1) {
			struct vcpu *v = d->vcpu[w * 64 + __builtin_ctzll(bits)];
			unsigned wanted = READ_ONCE(v->poll_port);

			if (wanted == 0 || wanted == port)
				vcpu_unblock(v);
		}
	}
}

static void raise_upcall(struct vcpu *v)
{
	if (__atomic_exchange_n(&v->info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST))
		return;
	/* current sees it on its way out, unless it has just decided to wait. */
	if (v != current || unlikely(READ_ONCE(v->sched.flags)))
		vcpu_unblock(v);
}

static void raise_selector(struct vcpu *v, unsigned port)
{
	if (!test_and_set_bit(port / 64, &v->info->evtchn_pending_sel))
		raise_upcall(v);
}

void evtchn_set_pending(struct vcpu *v, unsigned port)
{
	struct domain *d = v->domain;

	if (test_and_set_bit(port, d->shared->evtchn_pending))
		return;
	if (!test_bit(port, d->shared->evtchn_mask))
		raise_selector(v, port);
	if (unlikely(__atomic_load_n(&d->evtchn->nr_polling, __ATOMIC_RELAXED)))
		wake_pollers(d, port);
}

static void notify(struct domain *d, unsigned port, const struct evtchn *c)
{
	struct vcpu *v = d->vcpu[READ_ONCE(c->vcpu)];

	/* A domain under construction may have ports before it has vcpus. */
	if (likely(v))
		evtchn_set_pending(v, port);
}

long evtchn_send(struct domain *d, unsigned port)
{
	const struct evtchn *c;
	long err = 0;

	spin_lock(&d->event_lock);
	c = evtchn_find(d, port);
	if (unlikely(!c))
		err = -EINVAL;
	else if (likely(c->state == ECS_INTERDOMAIN))
		notify(c->remote, c->remote_port, evtchn_find(c->remote, c->remote_port));
	else if (c->state == ECS_IPI)
		notify(d, port, c);
	else if (c->state != ECS_UNBOUND)	/* unbound: nobody hears it, and that is no error */
		err = -EINVAL;
	spin_unlock(&d->event_lock);
	return err;
}

int evtchn_unmask(struct domain *d, unsigned port)
{
	const struct evtchn *c;
	int err = -EINVAL;

	spin_lock(&d->event_lock);
	c = evtchn_find(d, port);
	if (c) {
		err = 0;
		if (c->state != ECS_FREE && test_and_clear_bit(port, d->shared->evtchn_mask) &&
		    test_bit(port, d->shared->evtchn_pending))
			raise_selector(d->vcpu[c->vcpu], port);
	}
	spin_unlock(&d->event_lock);
	return err;
}

void evtchn_send_virq(struct vcpu *v, unsigned virq)
{
	struct domain *d = v->domain;
	unsigned port;

	spin_lock(&d->event_lock);
	port = v->virq_port[virq];
	if (port)
		notify(d, port, evtchn_find(d, port));
	spin_unlock(&d->event_lock);
}

void evtchn_send_global_virq(unsigned virq)
{
	if (dom0 && dom0->vcpu[0])
		evtchn_send_virq(dom0->vcpu[0], virq);
}

void evtchn_send_pirq(struct domain *d, unsigned pirq)
{
	unsigned port;

	spin_lock(&d->event_lock);
	port = d->evtchn->pirq_port[pirq];
	if (port)
		notify(d, port, evtchn_find(d, port));
	spin_unlock(&d->event_lock);
}

int evtchn_port_poll(const struct domain *d, unsigned port)
{
	/* Without the lock: ports come into being, but never leave the table while the domain runs. */
	if (port >= __atomic_load_n(&d->evtchn->nr, __ATOMIC_ACQUIRE))
		return -EINVAL;
	return test_bit(index_nospec(port, EVTCHN_MAX), d->shared->evtchn_pending);
}

void evtchn_poll_begin(struct vcpu *v, unsigned port)
{
	struct evtchn_table *t = v->domain->evtchn;

	WRITE_ONCE(v->poll_port, port);
	if (!test_and_set_bit(v->id, t->polling))
		__atomic_add_fetch(&t->nr_polling, 1, __ATOMIC_SEQ_CST);
}

void evtchn_poll_end(struct vcpu *v)
{
	struct evtchn_table *t = v->domain->evtchn;

	if (unlikely(test_bit(v->id, t->polling)) && test_and_clear_bit(v->id, t->polling))
		__atomic_sub_fetch(&t->nr_polling, 1, __ATOMIC_SEQ_CST);
}

bool evtchn_upcall_due(const struct vcpu *v)
{
	return READ_ONCE(v->info->evtchn_upcall_pending) && !READ_ONCE(v->info->evtchn_upcall_mask);
}

void evtchn_kick_vcpu(struct vcpu *v)
{
	/* Selector bits raised in the old place are not to be lost: let the guest look at every word. */
	__atomic_store_n(&v->info->evtchn_pending_sel, ~0UL, __ATOMIC_SEQ_CST);
	raise_upcall(v);
}
