/* SPDX-License-Identifier: MIT */
/*
 * pvctl why: what ended a domain, what it was refused last, or why it could not be created, from
 * the records, the hypervisor's log, the kept console and xenstore. Says only what it knows.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "console/console.h"
#include "ctl/hyper.h"
#include "ctl/life.h"
#include "ctl/logscan.h"
#include "ctl/records.h"
#include "ctl/xstree.h"
#include "pvctl/format.h"
#include "pvctl/handshake.h"
#include "pvctl/verbs.h"

#define CONSOLE_LINES 20
#define REPORT_LINES 40

static void print_seconds(uint64_t ns)
{
	printf("%" PRIu64 ".%03u s", ns / 1000000000U, (unsigned int)(ns / 1000000U % 1000));
}

/* Text without terminal controls: escape sequences and bytes that are no characters. */
static void print_plain(const char *p, const char *end)
{
	for (; p < end; p++) {
		if (*p == '\033' && p + 1 < end && p[1] == '[') {
			for (p += 2; p < end && !isalpha((unsigned char)*p); p++)
				;
			continue;
		}
		if (isprint((unsigned char)*p) || *p == '\t')
			putchar(*p);
	}
}

static void print_report(const char *report, const char *nothing)
{
	if (!report || !*report) {
		if (nothing)
			printf("%s\n", nothing);
		return;
	}
	printf("The hypervisor's log says of it:\n");
	for (const char *line = report; *line;) {
		const char *end = line + strcspn(line, "\n");

		printf("  ");
		print_plain(line, end);
		putchar('\n');
		line = *end ? end + 1 : end;
	}
}

/* Where the last `lines` lines begin. */
static const char *last_lines(const char *text, int lines)
{
	const char *p = text + strlen(text);

	while (p > text && strchr("\r\n", p[-1]))
		p--;
	while (p > text && (p[-1] != '\n' || --lines > 0))
		p--;
	return p;
}

/* Lines that pvctl itself noted there are left out. */
static void print_console(const char *who)
{
	char *log = console_log(who, NULL);
	bool any = false;

	for (const char *p = log ? last_lines(log, CONSOLE_LINES) : ""; *p;) {
		const char *end = p + strcspn(p, "\n");

		if (strncmp(p, "[pvctl] ", 8)) {
			if (!any)
				printf("The last it printed (all of it: pvctl console -l %s):\n",
				       who);
			any = true;
			printf("  ");
			print_plain(p, end);
			putchar('\n');
		}
		p = *end ? end + 1 : end;
	}
	if (!any)
		printf("It printed nothing.\n");
	free(log);
}

static const char *end_sentence(int code)
{
	switch (code) {
	case RECORD_DESTROYED:
		return "was destroyed by the operator or another tool";
	case END_POWEROFF:
		return "powered itself off";
	case END_REBOOT:
		return "asked for a reboot";
	case END_SUSPEND:
		return "suspended itself";
	case END_CRASH:
		return "crashed";
	case END_WATCHDOG:
		return "was ended by its watchdog";
	}
	return "shut down for a reason that has no name";
}

static void tell_dead(const struct record_dead *d, const char *who)
{
	char cause[200];

	printf("Domain %u \"%s\" %s ", d->domid, d->name, end_sentence(d->code));
	print_seconds(d->lived_ns);
	printf(" after its start, ");
	print_seconds(os_now_ns() - d->ended_ns);
	printf(" ago.\n");
	if (d->report && logscan_cause(d->report, cause, sizeof(cause)))
		printf("What ended it: %s.\n", cause);
	print_report(d->report, d->code == END_CRASH ?
		     "The hypervisor's log has no fault of it: its kernel asked to be "
		     "taken as crashed (a panic)." : NULL);
	print_console(who);
}

static void tell_failure(const struct record_failed *f)
{
	printf("The last creation of \"%s\" failed ", f->name);
	print_seconds(os_now_ns() - f->when_ns);
	printf(" ago (%s):\n  %s\n", err_kind_name(f->err.kind), f->err.text);
}

/* A number of virtual pages that one vcpu stands still at is no fact: only states are told. */
static void tell_living(domid_t domid, const char *who)
{
	char name[DOMAIN_NAME_MAX + 1], state[7], *log, *report;
	ctl_info info;

	if (ctl_domain_info(domid, &info))
		return;
	xstree_name(domid, name);
	format_state(state, &info);
	printf("Domain %u \"%s\" exists, state %s", domid, name, state);
	if (info.flags & XEN_DOMINF_shutdown)
		printf(": it %s", end_sentence((int)(info.flags >> XEN_DOMINF_shutdownshift &
						     XEN_DOMINF_shutdownmask)));
	printf(".\n");
	log = ctl_log(false);
	report = log ? logscan_domain(log, domid, REPORT_LINES) : NULL;
	print_report(report, "The hypervisor's log has no complaint about it.");
	free(report);
	free(log);
	if (domid == 0)
		return;
	if (!handshake_print(domid))
		printf("No device handshake has stalled.\n");
	print_console(who);
}

int verb_why(int argc, char **argv)
{
	struct record_failed failed;
	struct record_dead dead;
	domid_t domid;
	bool living, was;

	if (argc != 2 || argv[1][0] == '-')
		return verb_usage(argv[0]);
	living = !life_find(argv[1], &domid);
	was = !living && !records_dead(argv[1], &dead);
	if (living)
		tell_living(domid, argv[1]);
	if (was) {
		tell_dead(&dead, argv[1]);
		free(dead.report);
	}
	if (!records_last_failure(argv[1], &failed) &&
	    (!was || failed.when_ns > dead.ended_ns)) {
		tell_failure(&failed);
		was = true;
	}
	if (living || was)
		return EXIT_DONE;
	fprintf(stderr, "pvctl: nothing is known of \"%s\": no such domain, now or among the last "
		"%d that ended or could not be created\n", argv[1], RECORDS_KEPT);
	return EXIT_FAILED;
}
