/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_event_channel_op, 2-level ABI. The operations of the FIFO ABI have no entry (-ENOSYS), which tells a
 * guest to stay with two levels. A domain acts on itself; dom0 may act on any.
 */
#include "hypercall.h"
#include "internal.h"
#include "uaccess.h"

/* The domain an operation names, with a reference: -ESRCH, or -EPERM unless it is ours or we are dom0. */
static int target_get(uint16_t id, struct domain **d)
{
	*d = domain_get(id);
	if (!*d)
		return -ESRCH;
	if (*d == current->domain || current->domain->privileged)
		return 0;
	domain_put(*d);
	return -EPERM;
}

/* A new port goes to the guest, an error is the answer. */
static long answer(int port, evtchn_port_t *out)
{
	if (port < 0)
		return port;
	*out = port;
	return 0;
}

static long op_alloc_unbound(void *arg)
{
	evtchn_alloc_unbound_t *a = arg;
	struct domain *d;
	int port = target_get(a->dom, &d);

	if (port < 0)
		return port;
	port = evtchn_alloc_unbound(d, a->remote_dom == DOMID_SELF ? current->domain->id : a->remote_dom);
	domain_put(d);
	return answer(port, &a->port);
}

static long op_bind_interdomain(void *arg)
{
	evtchn_bind_interdomain_t *a = arg;
	struct domain *rd = domain_get(a->remote_dom);
	int port;

	if (!rd)
		return -ESRCH;
	port = evtchn_bind_interdomain(current->domain, rd, a->remote_port);
	domain_put(rd);
	return answer(port, &a->local_port);
}

static long op_bind_virq(void *arg)
{
	evtchn_bind_virq_t *a = arg;

	return answer(evtchn_bind_virq(current->domain, a->virq, a->vcpu), &a->port);
}

static long op_bind_pirq(void *arg)
{
	evtchn_bind_pirq_t *a = arg;

	return answer(evtchn_bind_pirq(current->domain, a->pirq, a->flags & BIND_PIRQ__WILL_SHARE), &a->port);
}

static long op_bind_ipi(void *arg)
{
	evtchn_bind_ipi_t *a = arg;

	return answer(evtchn_bind_ipi(current->domain, a->vcpu), &a->port);
}

static long op_close(void *arg)
{
	return evtchn_close(current->domain, ((evtchn_close_t *)arg)->port);
}

static long op_unmask(void *arg)
{
	return evtchn_unmask(current->domain, ((evtchn_unmask_t *)arg)->port);
}

static long op_bind_vcpu(void *arg)
{
	const evtchn_bind_vcpu_t *a = arg;

	return evtchn_bind_vcpu(current->domain, a->port, a->vcpu);
}

static void fill_status(evtchn_status_t *a, const struct evtchn *c)
{
	static const uint8_t status[] = {
		[ECS_FREE] = EVTCHNSTAT_closed, [ECS_UNBOUND] = EVTCHNSTAT_unbound,
		[ECS_INTERDOMAIN] = EVTCHNSTAT_interdomain, [ECS_PIRQ] = EVTCHNSTAT_pirq,
		[ECS_VIRQ] = EVTCHNSTAT_virq, [ECS_IPI] = EVTCHNSTAT_ipi,
	};

	a->status = status[c->state];
	a->vcpu = c->vcpu;
	switch (c->state) {
	case ECS_UNBOUND:
		a->u.unbound.dom = c->remote_id;
		break;
	case ECS_INTERDOMAIN:
		a->u.interdomain.dom = c->remote->id;
		a->u.interdomain.port = c->remote_port;
		break;
	case ECS_PIRQ:
		a->u.pirq = c->pirq;
		break;
	case ECS_VIRQ:
		a->u.virq = c->virq;
		break;
	}
}

static long op_status(void *arg)
{
	evtchn_status_t *a = arg;
	const struct evtchn *c;
	struct domain *d;
	int err = target_get(a->dom, &d);

	if (err)
		return err;
	spin_lock(&d->event_lock);
	c = evtchn_find(d, a->port);
	if (c)
		fill_status(a, c);
	spin_unlock(&d->event_lock);
	domain_put(d);
	return c ? 0 : -EINVAL;
}

static long op_reset(void *arg)
{
	struct domain *d;
	int err = target_get(((evtchn_reset_t *)arg)->dom, &d);

	if (err)
		return err;
	/* Another domain must be paused, or it would bind behind our back. */
	if (d != current->domain && !d->controller_pauses)
		err = -EINVAL;
	else
		err = evtchn_reset(d);
	domain_put(d);
	return err;
}

static const struct subop ops[] = {
	[EVTCHNOP_bind_interdomain] = { op_bind_interdomain, sizeof(evtchn_bind_interdomain_t), true, false },
	[EVTCHNOP_bind_virq] = { op_bind_virq, sizeof(evtchn_bind_virq_t), true, false },
	[EVTCHNOP_bind_pirq] = { op_bind_pirq, sizeof(evtchn_bind_pirq_t), true, false },
	[EVTCHNOP_close] = { op_close, sizeof(evtchn_close_t), false, false },
	[EVTCHNOP_status] = { op_status, sizeof(evtchn_status_t), true, false },
	[EVTCHNOP_alloc_unbound] = { op_alloc_unbound, sizeof(evtchn_alloc_unbound_t), true, false },
	[EVTCHNOP_bind_ipi] = { op_bind_ipi, sizeof(evtchn_bind_ipi_t), true, false },
	[EVTCHNOP_bind_vcpu] = { op_bind_vcpu, sizeof(evtchn_bind_vcpu_t), false, false },
	[EVTCHNOP_unmask] = { op_unmask, sizeof(evtchn_unmask_t), false, false },
	[EVTCHNOP_reset] = { op_reset, sizeof(evtchn_reset_t), false, false },
};

long do_event_channel_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	int64_t port;

	(void)a3, (void)a4, (void)a5, (void)a6;
	/* What guests call by far the most often takes the short way. */
	if (likely((uint32_t)cmd == EVTCHNOP_send)) {
		port = guest_read_word(&((const evtchn_send_t *)arg)->port);
		return unlikely(port < 0) ? -EFAULT : evtchn_send(current->domain, port);
	}
	return subop_dispatch(ops, ARRAY_SIZE(ops), cmd, (void *)arg);
}
