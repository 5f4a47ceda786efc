/* SPDX-License-Identifier: MIT */
/*
 * Binding ports to what sends through them: another domain's port, a virtual interrupt, a physical interrupt,
 * a vcpu of the domain itself. All under the event_lock of the domains concerned.
 */
#include "internal.h"

bool evtchn_virq_is_global(unsigned virq)
{
	return virq != VIRQ_TIMER && virq != VIRQ_DEBUG && virq != VIRQ_XENOPROF && virq != VIRQ_XENPMU;
}

int evtchn_bind_interdomain(struct domain *d, struct domain *rd, unsigned remote_port)
{
	struct evtchn *l, *r;
	int port;

	evtchn_lock_two(d, rd);
	port = evtchn_get_free(d);
	if (port < 0)
		goto out;
	r = evtchn_find(rd, remote_port);
	if (!r || r->state != ECS_UNBOUND || r->remote_id != d->id) {
		port = -EINVAL;
		goto out;
	}
	l = evtchn_find(d, port);
	*l = (struct evtchn){ .state = ECS_INTERDOMAIN, .remote = rd, .remote_port = remote_port };
	r->state = ECS_INTERDOMAIN;
	r->remote = d;
	r->remote_port = port;
	/* The peer may have sent before we were bound: let the local side look. */
	evtchn_set_pending(d->vcpu[0], port);
out:
	evtchn_unlock_two(d, rd);
	return port;
}

int evtchn_bind_virq(struct domain *d, unsigned virq, unsigned vcpu)
{
	struct vcpu *v;
	int port;

	if (virq >= NR_VIRQS || (evtchn_virq_is_global(virq) && vcpu != 0))
		return -EINVAL;
	virq = index_nospec(virq, NR_VIRQS);
	v = domain_vcpu(d, vcpu);
	if (!v)
		return -ENOENT;
	spin_lock(&d->event_lock);
	port = v->virq_port[virq] ? -EEXIST : evtchn_get_free(d);
	if (port >= 0) {
		*evtchn_find(d, port) = (struct evtchn){ .state = ECS_VIRQ, .virq = virq, .vcpu = v->id };
		v->virq_port[virq] = port;
	}
	spin_unlock(&d->event_lock);
	return port;
}

int evtchn_bind_pirq(struct domain *d, unsigned pirq, bool shareable)
{
	struct evtchn_table *t = d->evtchn;
	int port, err;

	if (pirq >= NR_PIRQS)
		return -EINVAL;
	if (!d->privileged)
		return -EPERM;
	pirq = index_nospec(pirq, NR_PIRQS);
	spin_lock(&d->event_lock);
	port = t->pirq_port[pirq] ? -EEXIST : evtchn_get_free(d);
	if (port < 0)
		goto out;
	/* An interrupt may arrive at once: it waits for our lock, and finds the port. */
	err = pirq_bind(d, pirq, shareable);
	if (err) {
		port = err;
		goto out;
	}
	t->pirq_port[pirq] = port;
	*evtchn_find(d, port) = (struct evtchn){ .state = ECS_PIRQ, .pirq = pirq };
out:
	spin_unlock(&d->event_lock);
	return port;
}

int evtchn_bind_ipi(struct domain *d, unsigned vcpu)
{
	struct vcpu *v = domain_vcpu(d, vcpu);
	int port;

	if (!v)
		return -ENOENT;
	spin_lock(&d->event_lock);
	port = evtchn_get_free(d);
	if (port >= 0)
		*evtchn_find(d, port) = (struct evtchn){ .state = ECS_IPI, .vcpu = v->id };
	spin_unlock(&d->event_lock);
	return port;
}

int evtchn_bind_vcpu(struct domain *d, unsigned port, unsigned vcpu)
{
	struct vcpu *v = domain_vcpu(d, vcpu);
	struct evtchn *c;
	int err = -EINVAL;

	if (!v)
		return -ENOENT;
	spin_lock(&d->event_lock);
	c = evtchn_find(d, port);
	if (!c)
		goto out;
	switch (c->state) {
	case ECS_VIRQ:
		if (!evtchn_virq_is_global(c->virq))
			break;
		/* fall through */
	case ECS_UNBOUND:
	case ECS_INTERDOMAIN:
	case ECS_PIRQ:
		/* Senders with only the peer's lock read this field. */
		WRITE_ONCE(c->vcpu, v->id);
		err = 0;
		break;
	}
out:
	spin_unlock(&d->event_lock);
	return err;
}
