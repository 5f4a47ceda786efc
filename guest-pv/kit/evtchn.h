/* SPDX-License-Identifier: MIT */
/*
 * Event channels: the hypervisor's calls, the shared pending and mask bits, and dispatch of pending
 * ports to handlers. Functions returning int give 0 or a negative error of <xen/errno.h>.
 * A new port is masked until evtchn_set_handler or evtchn_unmask.
 */
#ifndef KIT_EVTCHN_H
#define KIT_EVTCHN_H

#include <kit/types.h>
#include <xen/event_channel.h>

/* Runs with events masked, on the stack of whatever was interrupted: it must not sleep. */
typedef void (*evtchn_handler_t)(evtchn_port_t port, void *arg);

int evtchn_alloc_unbound(domid_t remote, evtchn_port_t *port);	/* remote may bind to our port */
int evtchn_alloc_unbound_for(domid_t dom, domid_t remote, evtchn_port_t *port); /* port is dom's */
int evtchn_bind_interdomain(domid_t remote, evtchn_port_t remote_port, evtchn_port_t *port);
int evtchn_bind_virq(unsigned int virq, unsigned int vcpu, evtchn_port_t *port);
int evtchn_bind_pirq(unsigned int pirq, bool shared, evtchn_port_t *port);	/* a device's, mapped */
int evtchn_bind_ipi(unsigned int vcpu, evtchn_port_t *port);
int evtchn_bind_vcpu(evtchn_port_t port, unsigned int vcpu);	/* moves it; not one of a vcpu's own */
int evtchn_send(evtchn_port_t port);
int evtchn_close(evtchn_port_t port);		/* also forgets the handler; the port ends masked */

/* Sets the handler and unmasks the port; an event already pending is delivered. NULL masks it. */
void evtchn_set_handler(evtchn_port_t port, evtchn_handler_t fn, void *arg);

void evtchn_mask(evtchn_port_t port);
void evtchn_unmask(evtchn_port_t port);
bool evtchn_pending(evtchn_port_t port);
void evtchn_clear(evtchn_port_t port);		/* forgets a pending event */

/* For the upcall entry: calls the handlers of all pending, unmasked ports of this vcpu. A port
 * without a handler is masked, so that it cannot storm. Call with events masked. */
void evtchn_dispatch(void);

/* This vcpu's event mask, as a pair that nests. */
bool events_disable(void);			/* true: they were enabled */
void events_restore(bool enabled);		/* argument: what events_disable returned */
void events_enable(void);
bool events_enabled(void);

/* Sleeps the vcpu until an event comes. Call with events masked; returns with them enabled. */
void events_block(void);

#endif
