/* SPDX-License-Identifier: MIT */
/* See kit.h. There is one thread: what waits has the backend work, ten times at most. */
#include "kit.h"
#include <stdlib.h>
#include <string.h>
#include <kit/evtchn.h>
#include <kit/p2m.h>
#include <kit/pt.h>
#include <kit/time.h>
#include <xen/errno.h>

struct kit_grant kit_grants[KIT_REFS];
unsigned int kit_nr_grants, kit_nr_pages, kit_sent, kit_max_grants = KIT_REFS;
void (*kit_peer)(struct blkfront *f);
struct blkfront *kit_device;

char *linear_base;
unsigned long *p2m_table, p2m_entries = ~0ul;

mfn_t virt_to_mfn(const void *va) { return (uintptr_t)va >> 12; }
const pte_t *pt_entry(const void *va, unsigned int level) { (void)va; (void)level; return NULL; }

void *os_pages_alloc(size_t n)
{
	kit_nr_pages += n;
	return memset(aligned_alloc(4096, n * 4096), 0, n * 4096);
}

void os_pages_free(void *va, size_t n)
{
	for (unsigned int i = 8; i < KIT_REFS; i++)
		assert_false(kit_grants[i].used && kit_grants[i].mfn == (uintptr_t)va >> 12);
	kit_nr_pages -= n;
	free(va);
}

int gnttab_grant(domid_t domid, mfn_t mfn, bool readonly)
{
	static unsigned int hand;

	(void)domid;
	(void)readonly;
	for (unsigned int i = 0; i < KIT_REFS && kit_nr_grants < kit_max_grants; i++) {
		unsigned int ref = 8 + hand++ % (KIT_REFS - 8);

		if (kit_grants[ref].used)
			continue;
		kit_grants[ref].used = true;
		kit_grants[ref].mfn = mfn;
		kit_nr_grants++;
		return (int)ref;
	}
	return -XEN_ENOSPC;
}

int gnttab_end(grant_ref_t ref)
{
	assert_true(ref >= 8 && ref < KIT_REFS && kit_grants[ref].used);
	if (kit_grants[ref].held)
		return -XEN_EBUSY;
	kit_grants[ref].used = false;
	kit_nr_grants--;
	return 0;
}

void evtchn_set_handler(evtchn_port_t port, evtchn_handler_t fn, void *arg)
{
	(void)port;
	(void)fn;
	(void)arg;
}

int evtchn_close(evtchn_port_t port)
{
	(void)port;
	return 0;
}

uint64_t time_now_ns(void) { return 0; }

int evtchn_send(evtchn_port_t port)
{
	(void)port;
	kit_sent++;
	return 0;
}

void os_lock_init(struct os_lock *l) { l->opaque[0] = NULL; }

void os_lock(struct os_lock *l)
{
	assert_null(l->opaque[0]);
	l->opaque[0] = l;
}

void os_unlock(struct os_lock *l)
{
	assert_ptr_equal(l->opaque[0], l);
	l->opaque[0] = NULL;
}

void os_wait_init(struct os_wait *w) { (void)w; }
void os_wake(struct os_wait *w) { (void)w; }

bool os_wait_until(struct os_wait *w, bool (*pred)(void *arg), void *arg, uint64_t deadline_ns)
{
	(void)w;
	(void)deadline_ns;
	for (int i = 0; !pred(arg); i++) {
		assert_true(i < 10);
		kit_peer(kit_device);
	}
	return true;
}
