/* SPDX-License-Identifier: MIT */
/*
 * All that the control domain's tools need of the operating system under them, beyond ISO C and
 * stdio: hypercalls, foreign frames, grants, event channels, threads, the terminal and clocks.
 * os/libos.c implements it on the library OS; a Linux dom0 would implement the same header on
 * privcmd, evtchn and gntdev, and no other source would change.
 *
 * Errors: a function returning int or long gives a negative errno of this C library (the
 * implementation translates the hypervisor's numbers, which differ from newlib's above 34).
 * Times are nanoseconds unless the name says _ms. All functions may be called from any thread.
 *
 * Operations in use (a hypervisor must implement these, and those that Xen's own tools use):
 *   domctl        createdomain 1, destroydomain 2, pausedomain 3, unpausedomain 4,
 *                 getdomaininfo 5, setvcpuaffinity 9, max_mem 11, setvcpucontext 12, getvcpuinfo 14,
 *                 max_vcpus 15, scheduler_op 16 (putinfo), hypercall_init 22, getvcpuaffinity 25
 *   sysctl        readconsole 1, physinfo 3, sched_id 4, getdomaininfolist 6, debug_keys 7
 *   memory_op     populate_physmap 6
 *   mmuext_op     pin_l4_table 3 (foreign domain)
 *   grant_table   setup_table 2 (foreign domain), map_grant_ref 0, unmap_grant_ref 1, copy 5
 *   event_channel alloc_unbound 6 (also with dom = the guest), bind_interdomain 0, bind_virq 1,
 *                 send 4, close 3, unmask 9
 *   xen_version   version 0, extraversion 1, compile_info 2, capabilities 3, changeset 4,
 *                 platform_parameters 5, pagesize 7, commandline 9
 *   mmu_update    foreign frames by (foreign domid) update of one's own tables
 *   platform_op   enter_acpi_sleep 51 (S5)
 *   sched_op      shutdown 2 (the control domain's: halt, if S5 failed, and reset)
 */
#ifndef DOM0_TOOLS_OS_H
#define DOM0_TOOLS_OS_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/sysctl.h>
#include <xen/memory.h>
#include <xen/platform.h>
#include <xen/version.h>

#define OS_PAGE_SHIFT 12
#define OS_PAGE_SIZE 4096UL

/* --- Hypercall buffers --------------------------------------------------------------------
 * Memory that a guest handle inside a hypercall structure points to must come from here. */
void *os_alloc_pages(size_t n);                 /* zeroed, page-aligned; NULL if there is none */
void os_free_pages(void *p, size_t n);          /* p may be NULL */
/* The machine address of memory from os_alloc_pages: what a device is told. */
uint64_t os_maddr(const void *p);

/* --- Hypercalls ---------------------------------------------------------------------------
 * Interface versions are filled in here. `size` is that of the structure at `arg`. */
int os_domctl(struct xen_domctl *op);
int os_sysctl(struct xen_sysctl *op);
int os_platform_op(struct xen_platform_op *op);
long os_memory_op(unsigned int cmd, void *arg, size_t size);
long os_xen_version(unsigned int cmd, void *arg, size_t size);
int os_mmuext_op(struct mmuext_op *ops, unsigned int n, domid_t domid);

/* --- Frames of other domains --------------------------------------------------------------
 * Maps n machine frames of domid at consecutive addresses. All or nothing; NULL with errno set.
 * os_unmap undoes os_map_foreign and os_grant_map, with the same n. */
#define OS_PROT_READ 1
#define OS_PROT_WRITE 2
void *os_map_foreign(domid_t domid, const xen_pfn_t *mfns, size_t n, int prot);
void os_unmap(void *p, size_t n);

/* --- Grants -------------------------------------------------------------------------------*/
/* Maps the page that domid granted as ref; NULL with errno set. Unmap with os_grant_unmap. */
void *os_grant_map(domid_t domid, uint32_t ref, int prot);
void os_grant_unmap(void *p);
/* Addresses of n pages with nothing behind them, for grants to be mapped at; NULL: no memory. */
void *os_reserve_pages(size_t n);
void os_release_pages(void *p, size_t n);       /* nothing is mapped there any more */
/* One hypercall for n operations GNTTABOP_map_grant_ref, _unmap_grant_ref or _copy; 0 when all of
 * them have a status of their own. */
int os_grant_batch(unsigned int cmd, void *ops, unsigned int n);
/* Makes domid's grant table (version 1) n frames large at least and stores their frames. */
int os_grant_setup(domid_t domid, unsigned int n, xen_pfn_t *mfns);

/* --- Event channels -----------------------------------------------------------------------
 * A handle owns the ports bound through it and is waited on by one thread. */
struct os_evtchn;
struct os_evtchn *os_evtchn_open(void);         /* NULL: no memory */
void os_evtchn_close(struct os_evtchn *h);      /* closes its ports; h may be NULL */
int os_evtchn_bind_unbound(struct os_evtchn *h, domid_t remote);           /* local port */
int os_evtchn_bind_interdomain(struct os_evtchn *h, domid_t remote, uint32_t port); /* same */
int os_evtchn_bind_virq(struct os_evtchn *h, unsigned int virq);           /* same */
int os_evtchn_unbind(struct os_evtchn *h, uint32_t port);
int os_evtchn_notify(struct os_evtchn *h, uint32_t port);
/* Next port with an event (events coalesce; it is armed again on return), or -ETIMEDOUT, or
 * -EINTR after os_evtchn_wake, which goes before events. timeout_ms < 0 waits for ever, 0 polls. */
int os_evtchn_wait(struct os_evtchn *h, int timeout_ms);
void os_evtchn_wake(struct os_evtchn *h);       /* from any thread; remembered until the wait */
/* Allocates a port inside another domain, to be bound by `remote`: for the domain builder. */
int os_evtchn_alloc_for(domid_t domid, domid_t remote);

/* --- Threads ------------------------------------------------------------------------------
 * Objects are made on the heap (NULL: no memory) so that their size stays the OS's business. */
int os_thread_start(const char *name, void (*fn)(void *), void *arg);      /* detached */
void os_sleep_ms(unsigned int ms);
struct os_mutex;                                /* not recursive */
struct os_mutex *os_mutex_new(void);
void os_mutex_free(struct os_mutex *m);
void os_mutex_lock(struct os_mutex *m);
void os_mutex_unlock(struct os_mutex *m);
struct os_cond;
struct os_cond *os_cond_new(void);
void os_cond_free(struct os_cond *c);
int os_cond_wait(struct os_cond *c, struct os_mutex *m, int timeout_ms);   /* 0, -ETIMEDOUT */
void os_cond_broadcast(struct os_cond *c);

/* --- The operator's terminal --------------------------------------------------------------
 * Raw: no echo, no line discipline, bytes as they come. */
int os_term_read(void *buf, size_t n, int timeout_ms);  /* bytes read, or -ETIMEDOUT */
int os_term_write(const void *buf, size_t n);           /* all of it: n, or an error */

/* --- Clocks and the machine ---------------------------------------------------------------*/
uint64_t os_now_ns(void);                       /* monotonic, since boot of this domain */
uint64_t os_wall_ns(void);                      /* since 1970-01-01 UTC */
int os_machine_off(bool reset);                 /* halt or reset; returns on error only */

#endif
