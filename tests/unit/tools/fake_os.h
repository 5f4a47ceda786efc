/* SPDX-License-Identifier: MIT */
/*
 * A hypervisor, xenstored and console daemon small enough to count all they hold. Each call that
 * can fail for a reason outside the caller's control counts one step; step number fail_at fails.
 */
#ifndef TESTS_TOOLS_FAKE_OS_H
#define TESTS_TOOLS_FAKE_OS_H

#include "os/os.h"

#define FAKE_TOTAL_PAGES 65536ULL

struct fake {
	unsigned int steps, fail_at;            /* fail_at 0: nothing fails */
	/* what is held now */
	bool domain;
	domid_t domid;
	uint64_t pages;
	int mappings, buffers, ports, nodes, transactions, introduced, consoles;
	/* what was done to the domain */
	bool pinned, paused, hypercall_page;
	vcpu_guest_context_t context;
	bool fragmented;                        /* no 2 MB extents */
	bool held;                              /* others map the domain: destroyed, it stays as a dying one */
	domid_t dying;                          /* 0: none */
	domid_t strangers;                      /* how many others are dying, of the ids from 1 on */
	bool ended;                             /* shut down, with that code */
	unsigned int code;
	uint64_t now_ns;
	/* The thread that was started last, and what it meets when it waits for xenstore. */
	void (*thread)(void *arg);
	void *thread_arg;
	void (*wait)(int timeout_ms);
};

extern struct fake fake;

void *fake_frame(xen_pfn_t mfn);                /* contents of a frame of the domain */
const char *fake_node(const char *path);        /* value in the store, NULL: not there */

#endif
