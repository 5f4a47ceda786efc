/* SPDX-License-Identifier: MIT */
/* pvctl destroy, shutdown, reboot, sysrq, pause, unpause: requests to one domain, or to all. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/hyper.h"
#include "ctl/life.h"
#include "ctl/records.h"
#include "ctl/xstree.h"
#include "pvctl/verbs.h"

#define WAIT_STEP_MS 50

int verb_destroy(int argc, char **argv)
{
	struct err err;
	domid_t domid;

	if (argc != 2 || argv[1][0] == '-')
		return verb_usage(argv[0]);
	if (!verb_domain(argv[1], &domid))
		return EXIT_FAILED;
	if (domid == 0) {
		fprintf(stderr, "Cannot destroy privileged domain 0.\n");
		return EXIT_FAILED;
	}
	return life_destroy(domid, RECORD_DESTROYED, &err) ? verb_failed(&err) : EXIT_DONE;
}

static int simple(int argc, char **argv, int (*op)(domid_t))
{
	struct err err;
	domid_t domid;
	int rc;

	if (argc != 2 || argv[1][0] == '-')
		return verb_usage(argv[0]);
	if (!verb_domain(argv[1], &domid))
		return EXIT_FAILED;
	if (!domid) {
		fprintf(stderr, "pvctl: cannot %s domain 0: it is the one that runs this\n", argv[0]);
		return EXIT_FAILED;
	}
	rc = op(domid);
	if (!rc)
		return EXIT_DONE;
	err_set(&err, ERR_HYPERVISOR, "cannot %s domain %u: %s", argv[0], domid, strerror(-rc));
	return verb_failed(&err);
}

int verb_pause(int argc, char **argv)
{
	return simple(argc, argv, ctl_domain_pause);
}

int verb_unpause(int argc, char **argv)
{
	return simple(argc, argv, ctl_domain_unpause);
}

/* All but domain 0, for the caller to free; how many, or negative after saying why. */
static int all_guests(domid_t **ids)
{
	ctl_info *infos;
	int n = ctl_domain_list(&infos), found = 0;

	*ids = n < 0 ? NULL : malloc((size_t)n * sizeof(**ids));
	for (int i = 0; *ids && i < n; i++)
		if (infos[i].domain)
			(*ids)[found++] = infos[i].domain;
	free(infos);
	if (*ids)
		return found;
	fprintf(stderr, "pvctl: cannot list the domains: %s\n", strerror(n < 0 ? -n : ENOMEM));
	return -1;
}

/* Its entries are the last thing that goes. */
static bool is_forgotten(domid_t domid)
{
	char *name = xstree_read(domid, "name");

	free(name);
	return !name;
}

/* Gone, or shut down and meant to stay. One that was destroyed may be listed for as long as others map its memory. */
static bool ended(domid_t domid)
{
	struct record_living r;
	ctl_info info;

	if (ctl_domain_info(domid, &info))
		return true;
	if (info.flags & XEN_DOMINF_dying)
		return is_forgotten(domid);
	if (!(info.flags & XEN_DOMINF_shutdown))
		return false;
	if (records_living(domid, &r))
		return false;           /* on its way out */
	domain_config_free(&r.config);
	return r.preserved;
}

static int wait_ended(const domid_t *ids, unsigned int n)
{
	fprintf(stderr, "Waiting for %u domain%s\n", n, n == 1 ? "" : "s");
	for (unsigned int i = 0; i < n; i++) {
		while (!ended(ids[i])) {
			if (verb_interrupted())
				return EXIT_FAILED;
			os_sleep_ms(WAIT_STEP_MS);
		}
		fprintf(stderr, "Domain %u has ended\n", ids[i]);
	}
	return EXIT_DONE;
}

/* A guest that exists; domain 0 follows none of the entries by which guests are asked. */
static bool find_guest(const char *who, domid_t *domid)
{
	if (!verb_domain(who, domid))
		return false;
	if (!*domid)
		fprintf(stderr, "pvctl: domain 0 cannot be asked; \"poweroff\" and \"reboot\" at the prompt are for the machine\n");
	return *domid;
}

static int ask(const domid_t *ids, unsigned int n, const char *what, const char *doing, bool all)
{
	int status = EXIT_DONE;
	struct err err;

	for (unsigned int i = 0; i < n; i++) {
		fprintf(stderr, "%s domain %u\n", doing, ids[i]);
		/* One that ended meanwhile is no reason not to ask the others. */
		if (life_request(ids[i], what, &err) && !(all && ended(ids[i])))
			status = verb_failed(&err);
	}
	return status;
}

static int request(int argc, char **argv, const char *what, const char *doing)
{
	struct opts o = { .argc = argc, .argv = argv };
	bool wait = false, all = false;
	domid_t one, *ids = NULL;
	int c, status, n = 1;

	while ((c = opt_next(&o, "wah", "wait=w,all=a,help=h"))) {
		if (c == '?' || c == 'h')
			return verb_usage(argv[0]);
		wait |= c == 'w';
		all |= c == 'a';
	}
	if (argc - o.at != !all)
		return verb_usage(argv[0]);
	if (all)
		n = all_guests(&ids);
	else if (!find_guest(argv[o.at], &one))
		n = -1;
	if (n < 0)
		return EXIT_FAILED;
	status = ask(all ? ids : &one, (unsigned int)n, what, doing, all);
	if (wait && status == EXIT_DONE)
		status = wait_ended(all ? ids : &one, (unsigned int)n);
	free(ids);
	return status;
}

int verb_shutdown(int argc, char **argv)
{
	return request(argc, argv, "poweroff", "Shutting down");
}

int verb_reboot(int argc, char **argv)
{
	return request(argc, argv, "reboot", "Rebooting");
}

int verb_sysrq(int argc, char **argv)
{
	struct err err;
	domid_t domid;
	int rc;

	if (argc != 3 || argv[1][0] == '-')
		return verb_usage(argv[0]);
	if (strlen(argv[2]) != 1) {
		fprintf(stderr, "pvctl: invalid sysrq \"%s\": expected one letter\n", argv[2]);
		return EXIT_FAILED;
	}
	if (!find_guest(argv[1], &domid))
		return EXIT_FAILED;
	rc = xstree_write(domid, "control/sysrq", argv[2]);
	if (!rc)
		return EXIT_DONE;
	err_set(&err, ERR_XENSTORE, "cannot send a sysrq to domain %u: %s", domid, strerror(-rc));
	return verb_failed(&err);
}
