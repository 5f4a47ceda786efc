/* SPDX-License-Identifier: MIT */
/* The table of verbs, their help, and what verbs share. */
#include <stdio.h>
#include <string.h>
#include "ctl/life.h"
#include "ctl/watcher.h"
#include "pvctl/pvctl.h"
#include "pvctl/verbs.h"

#define CTRL_C 3

static const struct verb {
	const char *name, *arguments, *summary, *details;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "create", "[-cpqnN] FILE [KEY=VALUE ...]", "Create a domain from a config file",
	  "  -c, --console  attach its console (leave with Ctrl-])\n"
	  "  -p, --paused   leave it paused\n"
	  "  -q, --quiet    say nothing\n"
	  "  -n, -N, --dryrun  read the config, print what it means as JSON, create nothing\n"
	  "  KEY=VALUE overrides a setting of the file\n", verb_create },
	{ "list", "[-l] [DOMAIN]", "List domains",
	  "  -l, --long  as JSON, with their configuration\n"
	  "  State: r running, b blocked, p paused, s shut down, then why (- poweroff,\n"
	  "  r reboot, s suspend, c crash, w watchdog, S soft reset), d dying\n", verb_list },
	{ "console", "[-l] DOMAIN", "Attach the console of a domain",
	  "  -l, --log  print what was kept of its output; works after its end too\n"
	  "  Leave with Ctrl-]\n", verb_console },
	{ "destroy", "DOMAIN", "End a domain at once", "", verb_destroy },
	{ "shutdown", "[-w] -a|DOMAIN", "Ask a domain to power off",
	  "  -w, --wait  until it is gone, or Ctrl-C\n  -a, --all   all domains but domain 0\n",
	  verb_shutdown },
	{ "reboot", "[-w] -a|DOMAIN", "Ask a domain to reboot",
	  "  -w, --wait  until it is gone, or Ctrl-C\n  -a, --all   all domains but domain 0\n",
	  verb_reboot },
	{ "pause", "DOMAIN", "Pause a domain", "", verb_pause },
	{ "unpause", "DOMAIN", "Let a paused domain run", "", verb_unpause },
	{ "sysrq", "DOMAIN LETTER", "Send a sysrq to a domain that is Linux: h lists them", "", verb_sysrq },
	{ "mem-set", "DOMAIN SIZE", "Set how much memory a domain should have",
	  "  SIZE in MiB, or with a letter: b, k, m, g, t\n", verb_mem_set },
	{ "mem-max", "DOMAIN SIZE", "Set how much memory a domain can be given",
	  "  SIZE in MiB, or with a letter: b, k, m, g, t\n", verb_mem_max },
	{ "vcpu-list", "[DOMAIN ...]", "List vcpus: where they run and where they may",
	  "  State: r running, b blocked, p offline\n", verb_vcpu_list },
	{ "vcpu-pin", "DOMAIN VCPU|all HARD|- [SOFT|-]", "Set on which CPUs a vcpu may run, and should",
	  "  HARD, SOFT  CPUs like all, 2 or 0-3,^1; - leaves them as they are\n", verb_vcpu_pin },
	{ "vcpu-set", "[-i] DOMAIN NUMBER", "Set how many vcpus a domain should use",
	  "  -i, --ignore-host  even if that is more than the machine has CPUs\n", verb_vcpu_set },
	{ "block-attach", "DOMAIN DISK ...", "Give a running domain a disk",
	  "  DISK as in the disk list of a config: TARGET,,VDEV,ACCESS or phy:TARGET,VDEV,ACCESS;\n"
	  "  a target is a disk that `disk` lists, or a file\n", verb_block_attach },
	{ "block-detach", "[-f] DOMAIN VDEV", "Take a disk from a domain",
	  "  -f, --force  even if the domain does not let go of it\n", verb_block_detach },
	{ "block-list", "DOMAIN ...", "List the disks of domains", "", verb_block_list },
	{ "network-attach", "DOMAIN [KEY=VALUE ...]", "Give a running domain a network interface",
	  "  as in a vif list: mac=, bridge=, ip=, rate=10Mb/s@20ms, devid=, mtu=,\n"
	  "  rxmode=copy|map|flip, antispoof=1\n", verb_network_attach },
	{ "network-detach", "[-f] DOMAIN DEVID|MAC", "Take a network interface from a domain",
	  "  -f, --force  even if the domain does not let go of it\n", verb_network_detach },
	{ "network-list", "DOMAIN ...", "List the network interfaces of domains", "", verb_network_list },
	{ "vif-rule", "add DOMAIN DEVID [NUMBER] RULE | del DOMAIN DEVID NUMBER | list DOMAIN DEVID",
	  "Change the firewall of a network interface",
	  "  RULE: allow|deny [from|to] [arp|ip|ip6|icmp|icmp6|tcp|udp] [src ADDR[/N]] [dst ADDR[/N]]\n"
	  "        [sport N[-M]] [dport N[-M]] [spoofed-mac] [spoofed-ip]\n"
	  "  The first rule that matches decides; what none matches may pass. from: what the domain\n"
	  "  sends, to: what it is sent. list shows how often each rule matched.\n", verb_vif_rule },
	{ "why", "DOMAIN", "Say in words what ended a domain, or what it was refused last",
	  "  Also for domains that are gone and for creations that failed\n", verb_why },
	{ "info", "", "Describe the machine and the hypervisor", "", verb_info },
	{ "dmesg", "[-c]", "Print the hypervisor's log", "  -c, --clear  and empty it\n",
	  verb_dmesg },
	{ "debug-keys", "KEYS", "Have the hypervisor report on itself, in its log",
	  "  One letter a report: h lists them, a audits all of memory\n", verb_debug_keys },
	{ "domid", "NAME", "Convert a name to an id", "", verb_domid },
	{ "domname", "ID", "Convert an id to a name", "", verb_domname },
	{ "uptime", "[-s] [DOMAIN ...]", "How long domains have been running",
	  "  -s, --short  with the time of day\n", verb_uptime },
	{ "xenstore", "ls [-f] [PATH] | read PATH ... | write PATH VALUE ... | rm PATH ... | "
	  "chmod PATH PERMISSION ... | watch [-n COUNT] PATH",
	  "Look into xenstore and change it",
	  "  ls     the tree below PATH (/ if there is none); -f prints whole paths\n"
	  "  chmod  the owner, then others: n, r, w or b (none, read, write, both) and a domain's number, as n0 r3\n"
	  "  watch  print the paths that change, COUNT of them or until Ctrl-C\n",
	  verb_xenstore },
	{ "help", "[VERB]", "Explain the verbs, or one of them", "", verb_help },
};

#define NR_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const struct verb *find(const char *name)
{
	for (size_t i = 0; i < NR_VERBS; i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

const char *pvctl_verb(unsigned int i)
{
	return i < NR_VERBS ? verbs[i].name : NULL;
}

int verb_usage(const char *name)
{
	const struct verb *v = find(name);

	fprintf(stderr, "Usage: pvctl %s %s\n%s", v->name, v->arguments, v->details);
	return EXIT_USAGE;
}

int verb_failed(const struct err *err)
{
	fprintf(stderr, "pvctl: %s\n", err->text);
	return EXIT_FAILED;
}

bool verb_domain(const char *who, domid_t *domid)
{
	if (!life_find(who, domid))
		return true;
	fprintf(stderr, "%s is an invalid domain identifier (rc=-6)\n", who);
	return false;
}

bool verb_interrupted(void)
{
	char c;

	return os_term_read(&c, 1, 0) == 1 && c == CTRL_C;
}

int verb_help(int argc, char **argv)
{
	const struct verb *v = argc > 1 ? find(argv[1]) : NULL;

	if (argc > 2)
		return verb_usage(argv[0]);
	if (argc == 2 && !v) {
		fprintf(stderr, "pvctl: no verb \"%s\"; \"pvctl help\" lists them\n", argv[1]);
		return EXIT_FAILED;
	}
	if (v) {
		printf("Usage: pvctl %s %s\n\n%s.\n%s", v->name, v->arguments, v->summary,
		       v->details);
		return EXIT_DONE;
	}
	printf("Usage: pvctl VERB [ARGUMENTS]\n\n");
	for (size_t i = 0; i < NR_VERBS; i++)
		printf(" %-14s %s\n", verbs[i].name, verbs[i].summary);
	printf("\n\"pvctl help VERB\" explains one. A DOMAIN is a name or an id.\n");
	return EXIT_DONE;
}

int pvctl_main(int argc, char **argv)
{
	static char *help[] = { "help", NULL };
	const struct verb *v;
	int rc;

	if (argc < 2) {
		verb_help(1, help);
		return EXIT_USAGE;
	}
	v = find(argv[1]);
	if (!v) {
		fprintf(stderr, "pvctl: no verb \"%s\"; \"pvctl help\" lists them\n", argv[1]);
		return EXIT_USAGE;
	}
	rc = v->run(argc - 1, argv + 1);
	fflush(stdout);
	return rc;
}

int pvctl_start(void)
{
	int rc = life_start();

	return rc ? rc : watcher_start();
}
