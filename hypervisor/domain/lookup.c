/* SPDX-License-Identifier: MIT */
/*
 * The list of domains, by ascending id, and references to them. domain_list_lock guards the list; a
 * domain leaves it when it is dead, and its structure goes with the last reference.
 */
#include "cpu.h"
#include "domain.h"

spinlock_t domctl_lock, domain_list_lock;
static struct list domains = LIST_INIT(domains);

/* The first from an id on, and with exact none but that; with a reference. */
static __force_inline struct domain *get(unsigned from, bool exact)
{
	struct domain *found = NULL;

	spin_lock(&domain_list_lock);
	list_for_each(p, &domains) {
		struct domain *d = list_entry(p, struct domain, link);

		if (d->id < from)
			continue;
		if (likely(!exact || d->id == from)) {
			domain_ref(d);
			found = d;
		}
		break;
	}
	spin_unlock(&domain_list_lock);
	return found;
}

struct domain *domain_get_next(uint16_t from) { return get(from, false); }

struct domain *domain_get(uint16_t id)
{
	if (unlikely(id == DOMID_SELF)) {
		domain_ref(current->domain);
		return current->domain;
	}
	return get(id, true);
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
	if (ok)
		list_add(at, &d->link);
	spin_unlock(&domain_list_lock);
	return ok;
}

void domain_list_remove(struct domain *d)
{
	spin_lock(&domain_list_lock);
	list_del(&d->link);
	spin_unlock(&domain_list_lock);
	domain_put(d);
}

void domain_put(struct domain *d)
{
	if (!__atomic_sub_fetch(&d->refs, 1, __ATOMIC_ACQ_REL))
		domain_free(d);
}
