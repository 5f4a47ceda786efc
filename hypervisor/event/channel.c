/* SPDX-License-Identifier: MIT */
/*
 * The port table: how ports come and go. Port 0 never exists. The lowest free port is taken, as guests
 * expect. All under d->event_lock; closing an interdomain channel takes the peer's lock too, for the
 * peer's port turns unbound in the same moment.
 */
#include "internal.h"

#define DUMP_MOST 128		/* lines about a domain */

int evtchn_init(struct domain *d)
{
	d->evtchn = hv_alloc(sizeof(*d->evtchn));
	if (!d->evtchn)
		return -ENOMEM;
	d->evtchn->first_free = 1;
	return 0;
}

void evtchn_free(struct domain *d)
{
	if (!d->evtchn)
		return;
	for (unsigned i = 0; i < d->evtchn->nr / BUCKET_PORTS; i++)
		hv_free(d->evtchn->bucket[i]);
	hv_free(d->evtchn);
	d->evtchn = NULL;
}

void evtchn_lock_two(struct domain *a, struct domain *b)
{
	if (a > b) {
		evtchn_lock_two(b, a);
		return;
	}
	spin_lock(&a->event_lock);
	if (a != b)
		spin_lock(&b->event_lock);
}

void evtchn_unlock_two(struct domain *a, struct domain *b)
{
	spin_unlock(&a->event_lock);
	if (a != b)
		spin_unlock(&b->event_lock);
}

int evtchn_get_free(struct domain *d)
{
	struct evtchn_table *t = d->evtchn;

	if (READ_ONCE(d->dying) != ALIVE)
		return -EINVAL;
	for (; t->first_free < t->nr; t->first_free++)
		if (evtchn_find(d, t->first_free)->state == ECS_FREE)
			return t->first_free;
	if (t->nr == EVTCHN_MAX)
		return -ENOSPC;
	struct evtchn *bucket = hv_alloc(BUCKET_PORTS * sizeof(*bucket));

	if (!bucket)
		return -ENOMEM;
	t->bucket[t->nr / BUCKET_PORTS] = bucket;
	/* evtchn_port_poll reads without the lock: the bucket first, then the number. */
	__atomic_store_n(&t->nr, t->nr + BUCKET_PORTS, __ATOMIC_RELEASE);
	return t->first_free;
}

int evtchn_alloc_unbound(struct domain *d, uint16_t remote)
{
	int port;

	spin_lock(&d->event_lock);
	port = evtchn_get_free(d);
	if (port >= 0)
		*evtchn_find(d, port) = (struct evtchn){ .state = ECS_UNBOUND, .remote_id = remote };
	spin_unlock(&d->event_lock);
	return port;
}

static void free_port(struct domain *d, struct evtchn *c, unsigned port)
{
	/* Whoever gets this port next starts without a stale event. */
	clear_bit(port, d->shared->evtchn_pending);
	*c = (struct evtchn){ .state = ECS_FREE };
	d->evtchn->first_free = MIN(d->evtchn->first_free, port);
}

/* Ends whatever c is bound to; both locks held if that is another domain. */
static void unbind(struct domain *d, struct evtchn *c)
{
	switch (c->state) {
	case ECS_INTERDOMAIN:
		*evtchn_find(c->remote, c->remote_port) =
			(struct evtchn){ .state = ECS_UNBOUND, .remote_id = d->id,
					 .vcpu = evtchn_find(c->remote, c->remote_port)->vcpu };
		break;
	case ECS_VIRQ:
		/* A global virq may notify another vcpu by now, but is recorded at vcpu 0. */
		d->vcpu[evtchn_virq_is_global(c->virq) ? 0 : c->vcpu]->virq_port[c->virq] = 0;
		break;
	case ECS_PIRQ:
		d->evtchn->pirq_port[c->pirq] = 0;
		pirq_unbind(d, c->pirq);
		break;
	}
}

/*
 * Which second lock is needed is known only under the first, and the order may ask for the other one
 * first: look, let go, take both, look again.
 */
int evtchn_close(struct domain *d, unsigned port)
{
	for (;;) {
		struct domain *rd = d;
		struct evtchn *c;
		bool done;

		spin_lock(&d->event_lock);
		c = evtchn_find(d, port);
		if (!c || c->state == ECS_FREE) {
			spin_unlock(&d->event_lock);
			return -EINVAL;
		}
		if (c->state == ECS_INTERDOMAIN)
			rd = c->remote;
		domain_ref(rd);
		if (rd != d) {
			spin_unlock(&d->event_lock);
			evtchn_lock_two(d, rd);
		}
		done = c->state != ECS_INTERDOMAIN || c->remote == rd;
		if (done && c->state != ECS_FREE) {
			unbind(d, c);
			free_port(d, c, port);
		}
		evtchn_unlock_two(d, rd);
		domain_put(rd);
		if (done)
			return 0;
	}
}

static int close_from(struct domain *d, uint64_t *next)
{
	while (*next < d->evtchn->nr) {
		evtchn_close(d, *next);
		if (++*next % 16 == 0 && preempt_needed())
			return -ERESTART;
	}
	return 0;
}

int evtchn_reset(struct domain *d) { return close_from(d, &current->cont.done); }

/* Counts for itself: a reset that the end of the domain interrupted has closed only what there was then. */
int evtchn_close_all(struct domain *d) { return d->evtchn ? close_from(d, &d->evtchn->close_next) : 0; }

void evtchn_dump(struct domain *d)
{
	static const char *const names[] = { "free", "unbound", "interdomain", "pirq", "virq", "ipi" };

	unsigned shown = 0;

	for (unsigned port = 1; port < READ_ONCE(d->evtchn->nr); port++) {
		struct evtchn c;

		spin_lock(&d->event_lock);	/* not while the console is slow */
		c = *evtchn_find(d, port);
		spin_unlock(&d->event_lock);
		if (c.state == ECS_FREE || shown++ >= DUMP_MOST)
			continue;
		printk(LOG_INFO, "d%u port %u: %s, vcpu %u, pending %d, mask %d, %s%u\n", d->id, port,
		       names[c.state], c.vcpu, test_bit(port, d->shared->evtchn_pending),
		       test_bit(port, d->shared->evtchn_mask),
		       c.state == ECS_INTERDOMAIN ? "peer port " : "of ", c.remote_port);
	}
	if (shown > DUMP_MOST)
		printk(LOG_INFO, "d%u: %u ports more\n", d->id, shown - DUMP_MOST);
}
