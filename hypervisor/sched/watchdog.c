/* SPDX-License-Identifier: MIT */
/*
 * Watchdogs of a domain (SCHEDOP_watchdog): two timers that shut it down unless it pokes them in time. Their
 * use is guarded by d->shutdown_lock; the timer itself by the timer lock.
 */
#include "domain.h"
#include "errno.h"
#include "lib.h"

#define NR_WATCHDOGS ARRAY_SIZE(((struct domain *)NULL)->watchdog)

static void watchdog_due(void *arg)
{
	domain_shutdown(arg, SHUTDOWN_watchdog);
}

void watchdog_init(struct domain *d)
{
	for (unsigned i = 0; i < NR_WATCHDOGS; i++)
		timer_init(&d->watchdog[i], watchdog_due, d);
}

static int claim(struct domain *d)
{
	for (unsigned i = 0; i < NR_WATCHDOGS; i++) {
		if (!d->watchdog_used[i]) {
			d->watchdog_used[i] = true;
			return i;
		}
	}
	return -ENOSPC;
}

/* id 0: a new one, its id is returned (0 seconds: due at once); else poke it, or end it by 0 seconds. */
int watchdog_set(struct domain *d, unsigned id, unsigned seconds)
{
	int slot, ret = 0;

	if (id > NR_WATCHDOGS)
		return -EINVAL;
	spin_lock(&d->shutdown_lock);
	if (id == 0) {
		slot = claim(d);
		ret = slot < 0 ? slot : slot + 1;
	} else {
		slot = index_nospec(id - 1, NR_WATCHDOGS);
		if (!d->watchdog_used[slot])
			ret = -EINVAL;
	}
	if (ret < 0)
		goto out;
	if (seconds || id == 0) {
		timer_set(&d->watchdog[slot], now() + SECONDS(seconds));
	} else {
		timer_stop(&d->watchdog[slot]);
		d->watchdog_used[slot] = false;
	}
out:
	spin_unlock(&d->shutdown_lock);
	return ret;
}

void watchdog_stop_all(struct domain *d)
{
	spin_lock(&d->shutdown_lock);
	for (unsigned i = 0; i < NR_WATCHDOGS; i++)
		d->watchdog_used[i] = false;
	spin_unlock(&d->shutdown_lock);
	for (unsigned i = 0; i < NR_WATCHDOGS; i++)
		timer_stop_sync(&d->watchdog[i]);	/* the handler takes shutdown_lock */
}
