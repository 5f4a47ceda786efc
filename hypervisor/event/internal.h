/* SPDX-License-Identifier: MIT */
/*
 * The port table of a domain, private to event/. Ports come in buckets, so that a domain with ten ports pays
 * for sixty-four. A binding between two ports changes only under the event_lock of both domains, hence
 * either lock is enough to follow it.
 */
#ifndef HV_EVENT_INTERNAL_H
#define HV_EVENT_INTERNAL_H

#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "event.h"
#include "irq.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"

#define BUCKET_PORTS 64u

enum evtchn_state { ECS_FREE, ECS_UNBOUND, ECS_INTERDOMAIN, ECS_PIRQ, ECS_VIRQ, ECS_IPI };

struct evtchn {
	uint8_t state;			/* enum evtchn_state */
	uint16_t vcpu;			/* whom to notify */
	union {
		uint16_t remote_id;	/* ECS_UNBOUND: the domain that may bind */
		uint16_t remote_port;	/* ECS_INTERDOMAIN */
		uint16_t pirq;		/* ECS_PIRQ */
		uint16_t virq;		/* ECS_VIRQ */
	};
	struct domain *remote;		/* ECS_INTERDOMAIN: alive, it closes its ports before it goes */
};

struct evtchn_table {
	struct evtchn *bucket[EVTCHN_MAX / BUCKET_PORTS];
	unsigned nr;			/* ports in existing buckets */
	unsigned first_free;		/* no free port below */
	uint64_t close_next;		/* progress of evtchn_close_all, at the domain's end */
	uint16_t pirq_port[NR_PIRQS];	/* 0: not bound */
	/* atomic: */
	uint64_t polling[MAX_VCPUS / 64];	/* vcpus in SCHEDOP_poll, by id */
	uint32_t nr_polling;
};

/* The channel behind a guest-given port, NULL if there is none. */
static inline struct evtchn *evtchn_find(const struct domain *d, uint64_t port)
{
	const struct evtchn_table *t = d->evtchn;

	if (unlikely(port >= t->nr))
		return NULL;
	port = index_nospec(port, t->nr);
	return &t->bucket[port / BUCKET_PORTS][port % BUCKET_PORTS];
}

/* Both locks, lower address first; a and b may be the same domain. */
void evtchn_lock_two(struct domain *a, struct domain *b);
void evtchn_unlock_two(struct domain *a, struct domain *b);
/* A free port, or -ENOSPC, -ENOMEM, -EINVAL (d is dying). event_lock held; the port is taken by setting its state. */
int evtchn_get_free(struct domain *d);
/* 0, or -EINVAL: port is not in use. No lock held. */
int evtchn_close(struct domain *d, unsigned port);
/* EVTCHNOP_reset: every port. -ERESTART: progress is in current's hypercall. */
int evtchn_reset(struct domain *d);

/* bind.c; a port or -errno */
int evtchn_bind_interdomain(struct domain *d, struct domain *rd, unsigned remote_port);
int evtchn_bind_virq(struct domain *d, unsigned virq, unsigned vcpu);
int evtchn_bind_pirq(struct domain *d, unsigned pirq, bool shareable);
int evtchn_bind_ipi(struct domain *d, unsigned vcpu);
/* 0 or -errno */
int evtchn_bind_vcpu(struct domain *d, unsigned port, unsigned vcpu);
bool evtchn_virq_is_global(unsigned virq);

/* send.c; 0 or -EINVAL */
long evtchn_send(struct domain *d, unsigned port);
int evtchn_unmask(struct domain *d, unsigned port);

#endif
