/* SPDX-License-Identifier: MIT */
/* What the tests may ask of the stand-ins: domains, RAM, guest memory that faults, preemption on demand. */
#ifndef FAKE_H
#define FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "domain.h"
#include "errno.h"
#include "grant.h"
#include "mm.h"

#define RAM_FRAMES 256
#define BAD_POINTER ((void *)0xffff800000001000)	/* inside the hypervisor: every access faults */

/* A domain of that many vcpus in the list, with ports and (frames > 0) a grant table. Domain 0 is dom0. */
struct domain *fake_domain(uint16_t id, unsigned vcpus, unsigned grant_frames);
void fake_domain_end(struct domain *d);		/* dying, closed, released; freed with its last reference */
void fake_run(struct domain *d, unsigned vcpu);	/* becomes current */
void fake_reset(void);				/* RAM free, nobody current */

/* A frame of RAM allocated to d. */
uint64_t fake_frame(struct domain *d);
uint64_t fake_frame_state(uint64_t n);

extern unsigned fake_unblocked;			/* calls of vcpu_unblock */
extern struct vcpu *fake_last_unblocked;
extern unsigned fake_preempt_after;		/* 0: never; n: every n-th question is answered yes */
extern uint64_t fake_pirq_bound;		/* bit per pirq */
extern unsigned fake_domains_alive;

/* Runs op until it no longer asks to be called again, as the exit path does; *times counts the calls. */
long fake_hypercall(hypercall_fn *fn, uint64_t a1, void *a2, uint64_t a3, unsigned *times);

#endif
