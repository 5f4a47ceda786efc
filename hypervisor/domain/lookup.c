/* SPDX-License-Identifier: MIT */
/*
 * Finding domains, and references to them. Hypercalls find a domain by its id on every CPU at once, so that path
 * takes no lock and writes to nothing but the domain's own count: a table of chains by id, which domain_list_lock
 * guards for who changes it. The list by ascending id is for control operations, under that lock.
 *
 * A domain leaves both when it is dead; its structure goes with the last reference. A CPU may have found it just
 * before and not have counted itself yet. Interrupts are off and nothing is waited for between the two, so a CPU
 * that has answered a request for a flush since then holds a reference, or nothing.
 */
#include "cpu.h"
#include "domain.h"
#include "pt.h"

#define CHAINS 64

spinlock_t domctl_lock, domain_list_lock;
static struct list domains = LIST_INIT(domains);
static struct domain *chains[CHAINS];

static struct domain **chain(uint16_t id) { return &chains[id % CHAINS]; }

struct domain *domain_get(uint16_t id)
{
	struct domain *d;

	if (unlikely(id == DOMID_SELF)) {
		domain_ref(current->domain);
		return current->domain;
	}
	for (d = __atomic_load_n(chain(id), __ATOMIC_ACQUIRE); d && unlikely(d->id != id);)
		d = __atomic_load_n(&d->chain, __ATOMIC_ACQUIRE);
	if (likely(d))
		domain_ref(d);
	return d;
}

struct domain *domain_get_next(uint16_t from)
{
	struct domain *found = NULL;

	spin_lock(&domain_list_lock);
	list_for_each(p, &domains) {
		struct domain *d = list_entry(p, struct domain, link);

		if (d->id >= from) {
			domain_ref(d);
			found = d;
			break;
		}
	}
	spin_unlock(&domain_list_lock);
	return found;
}

/* false: that id is taken. The list takes over the creator's reference. */
bool domain_list_insert(struct domain *d)
{
	struct list *at = &domains;
	bool ok;

	spin_lock(&domain_list_lock);
	while (at->next != &domains && list_entry(at->next, struct domain, link)->id < d->id)
		at = at->next;
	ok = at->next == &domains || list_entry(at->next, struct domain, link)->id != d->id;
	if (ok) {
		list_add(at, &d->link);
		d->chain = *chain(d->id);
		__atomic_store_n(chain(d->id), d, __ATOMIC_RELEASE);
	}
	spin_unlock(&domain_list_lock);
	return ok;
}

void domain_list_remove(struct domain *d)
{
	struct domain **at = chain(d->id);

	spin_lock(&domain_list_lock);
	list_del(&d->link);
	while (*at != d)
		at = &(*at)->chain;
	__atomic_store_n(at, d->chain, __ATOMIC_RELEASE);
	spin_unlock(&domain_list_lock);
	tlb_flush_others();
	domain_put(d);
}

void domain_put(struct domain *d)
{
	if (!__atomic_sub_fetch(&d->refs, 1, __ATOMIC_ACQ_REL))
		domain_free(d);
}
