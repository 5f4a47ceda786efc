/* SPDX-License-Identifier: MIT */
/* Debug keys (sysctl debug_keys): short reports on the console, read where they stand, under domctl_lock alone. */
#include "control.h"
#include "audit.h"
#include "cpu.h"
#include "boot.h"
#include "event.h"
#include "mm.h"
#include "printk.h"

static void each_domain(void (*fn)(struct domain *d))
{
	struct domain *d;

	for (unsigned id = 0; id < HV_DOMID_FIRST_RESERVED && (d = domain_get_next(id)); ) {
		id = d->id + 1;
		fn(d);
		domain_put(d);
	}
}

static void report_domain(struct domain *d)
{
	printk(LOG_ERR, "domain %u: refs %u, pages %u of %u, pauses %u, %s%s", d->id, d->refs, d->tot_pages,
	       d->max_pages, d->controller_pauses, d->dying ? "dying " : "", d->is_shut_down ? "shut down" : "");
	for (unsigned i = 0; i < d->max_vcpus; i++) {
		const struct vcpu *v = d->vcpu[i];

		if (v)
			printk(LOG_ERR, "  vcpu %u: flags %x, pauses %u, %s, rip %lx, rsp %lx, run %ld us in %lu times", i,
			       v->sched.flags, v->sched.pause_count,
			       v->sched.running ? "running" : "not running", v->regs.rip, v->regs.rsp,
			       vcpu_run_time(v) / 1000, v->sched.runs);
	}
}

static void key_domains(void)
{
	each_domain(report_domain);
}

/* Twice, with a pause between, tells how idle an idle machine is. */
static void key_idle(void)
{
	printk(LOG_ERR, "at %ld us:", now() / 1000);
	for (unsigned i = 0; i < nr_cpus; i++)
		printk(LOG_ERR, "  CPU %u: woken %lu times from its halt", i, cpus[i]->wakeups);
}

static void key_events(void)
{
	each_domain(evtchn_dump);
}

static void key_memory(void)
{
	printk(LOG_ERR, "memory: %lu of %lu pages free", page_free_count(), page_total_count());
}

static void key_reset(void)
{
	machine_reset();
}

static void key_help(void);

static const struct { char key; void (*fn)(void); const char *what; } keys[] = {
	{ 'h', key_help, "this list" },
	{ 'q', key_domains, "domains and vcpus" },
	{ 'i', key_idle, "how often idle CPUs were woken" },
	{ 'e', key_events, "event channels" },
	{ 'm', key_memory, "memory" },
	{ 'a', audit_run, "audit of all frames and page tables" },
	{ 'R', key_reset, "reset the machine" },
};

static void key_help(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		printk(LOG_ERR, "key '%c': %s", keys[i].key, keys[i].what);
}

void debug_key(char key)
{
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
		if (keys[i].key == key) {
			keys[i].fn();
			return;
		}
	}
	printk(LOG_WARN, "no debug key '%c'; 'h' lists them", key);
}
