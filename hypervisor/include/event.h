/* SPDX-License-Identifier: MIT */
/*
 * Event channels, 2-level ABI: 4096 ports a domain. d->event_lock guards the port table; pending and mask
 * bits live in shared_info and are only touched atomically.
 */
#ifndef HV_EVENT_H
#define HV_EVENT_H

#include "types.h"
#include <xen/event_channel.h>
#include "lock.h"

struct domain;
struct vcpu;

#define EVTCHN_MAX 4096

int evtchn_init(struct domain *d);
/* Close all ports (dying domain, reset); preemptible: -ERESTART, call again. */
int evtchn_close_all(struct domain *d);
void evtchn_free(struct domain *d);		/* all ports are closed: free the table */

/* Hypervisor-internal senders. A virq nobody bound is dropped. */
void evtchn_send_virq(struct vcpu *v, unsigned virq);		/* per-vcpu virqs, and global ones bound to v */
void evtchn_send_global_virq(unsigned virq);			/* VIRQ_CONSOLE, VIRQ_DOM_EXC: to dom0 */
void evtchn_send_pirq(struct domain *d, unsigned pirq);

/*
 * Sets the pending bit of a port of v's domain and wakes v or who polls the port, as the ABI says. Held: the
 * event_lock of v's domain or of the domain the port is bound to; either keeps the binding in place.
 */
void evtchn_set_pending(struct vcpu *v, unsigned port);
/* SCHEDOP_poll: 1 pending, 0 not, -EINVAL: no such port. */
int evtchn_port_poll(const struct domain *d, unsigned port);
/* v begins or ends polling port (0: any); between them each event of the domain looks at v. Called by v alone,
 * the end also whenever v starts to run. */
void evtchn_poll_begin(struct vcpu *v, unsigned port);
void evtchn_poll_end(struct vcpu *v);
/* An upcall waits and v has not masked upcalls. */
bool evtchn_upcall_due(const struct vcpu *v);
/* alloc_unbound on behalf of another domain (domain builder); port or -errno. */
int evtchn_alloc_unbound(struct domain *d, uint16_t remote);
/* The vcpu_info moved (register_vcpu_info): pending bits must be looked at again. */
void evtchn_kick_vcpu(struct vcpu *v);

/* 'e' debug dump */
void evtchn_dump(struct domain *d);

#endif
