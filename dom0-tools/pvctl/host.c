/* SPDX-License-Identifier: MIT */
/* pvctl info, dmesg, debug-keys: the machine and the hypervisor. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/hyper.h"
#include "ctl/xstree.h"
#include "pvctl/verbs.h"

static void line(const char *key, const char *value)
{
	printf("%-23s: %s\n", key, value);
}

static void number(const char *key, uint64_t value)
{
	printf("%-23s: %" PRIu64 "\n", key, value);
}

static void print_physical(const struct xen_sysctl_physinfo *p)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} caps[] = {
		{ XEN_SYSCTL_PHYSCAP_pv, " pv" }, { XEN_SYSCTL_PHYSCAP_hvm, " hvm" },
		{ XEN_SYSCTL_PHYSCAP_directio, " pv_directio" }, { XEN_SYSCTL_PHYSCAP_hap, " hap" },
		{ XEN_SYSCTL_PHYSCAP_shadow, " shadow" },
		{ XEN_SYSCTL_PHYSCAP_gnttab_v1, " gnttab-v1" },
		{ XEN_SYSCTL_PHYSCAP_gnttab_v2, " gnttab-v2" },
	};

	number("nr_cpus", p->nr_cpus);
	number("max_cpu_id", p->max_cpu_id);
	number("nr_nodes", p->nr_nodes);
	number("cores_per_socket", p->cores_per_socket);
	number("threads_per_core", p->threads_per_core);
	printf("%-23s: %u.%03u\n", "cpu_mhz", p->cpu_khz / 1000, p->cpu_khz % 1000);
	printf("%-23s: ", "hw_caps");
	for (int i = 0; i < 8; i++)
		printf("%s%08x", i ? ":" : "", p->hw_cap[i]);
	printf("\n%-23s:", "virt_caps");
	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		if (p->capabilities & caps[i].bit)
			printf("%s", caps[i].name);
	putchar('\n');
	number("total_memory", p->total_pages >> 8);
	number("free_memory", p->free_pages >> 8);
	number("outstanding_claims", p->outstanding_pages >> 8);
	number("free_cpus", 0);
}

/* A text that the hypervisor tells about itself, in a buffer of the ABI's size. */
static void version_text(const char *key, unsigned int cmd, size_t size)
{
	char *text = os_alloc_pages(1);

	if (text && os_xen_version(cmd, text, size) >= 0) {
		text[size - 1] = 0;
		line(key, text);
	}
	os_free_pages(text, 1);
}

static void print_version(void)
{
	long version = os_xen_version(XENVER_version, NULL, 0);
	struct xen_platform_parameters params = { 0 };
	struct xen_compile_info compile = { .compiler = "" };
	char extra[XEN_EXTRAVERSION_LEN] = "";
	uint32_t scheduler;

	os_xen_version(XENVER_extraversion, extra, sizeof(extra));
	extra[sizeof(extra) - 1] = 0;
	number("xen_major", (uint64_t)version >> 16);
	number("xen_minor", (uint64_t)version & 0xffff);
	line("xen_extra", extra);
	printf("%-23s: %lu.%lu%s\n", "xen_version", (unsigned long)version >> 16,
	       (unsigned long)version & 0xffff, extra);
	version_text("xen_caps", XENVER_capabilities, XEN_CAPABILITIES_INFO_LEN);
	line("xen_scheduler", ctl_scheduler(&scheduler) ? "unknown" :
			      ctl_scheduler_name(scheduler));
	number("xen_pagesize", (uint64_t)os_xen_version(XENVER_pagesize, NULL, 0));
	if (os_xen_version(XENVER_platform_parameters, &params, sizeof(params)) >= 0)
		printf("%-23s: virt_start=0x%lx\n", "platform_params",
		       (unsigned long)params.virt_start);
	version_text("xen_changeset", XENVER_changeset, XEN_CHANGESET_INFO_LEN);
	version_text("xen_commandline", XENVER_commandline, sizeof(xen_commandline_t));
	if (os_xen_version(XENVER_compile_info, &compile, sizeof(compile)) < 0)
		return;
	line("cc_compiler", compile.compiler);
	line("cc_compile_by", compile.compile_by);
	line("cc_compile_domain", compile.compile_domain);
	line("cc_compile_date", compile.compile_date);
}

int verb_info(int argc, char **argv)
{
	struct xen_sysctl_physinfo physical;
	char host[DOMAIN_NAME_MAX + 1];
	struct err err;
	int rc;

	if (argc != 1)
		return verb_usage(argv[0]);
	rc = ctl_physinfo(&physical);
	if (rc) {
		err_set(&err, ERR_HYPERVISOR, "cannot describe the machine: %s", strerror(-rc));
		return verb_failed(&err);
	}
	xstree_name(0, host);
	line("host", host);
	line("machine", "x86_64");
	print_physical(&physical);
	print_version();
	return EXIT_DONE;
}

int verb_dmesg(int argc, char **argv)
{
	struct opts o = { .argc = argc, .argv = argv };
	bool clear = false;
	struct err err;
	char *log;
	int c;

	while ((c = opt_next(&o, "ch", "clear=c,help=h"))) {
		if (c != 'c')
			return verb_usage(argv[0]);
		clear = true;
	}
	if (o.at < argc)
		return verb_usage(argv[0]);
	log = ctl_log(clear);
	if (!log) {
		err_set(&err, ERR_HYPERVISOR, "cannot read the log: %s", strerror(errno));
		return verb_failed(&err);
	}
	fputs(log, stdout);
	free(log);
	return EXIT_DONE;
}

int verb_debug_keys(int argc, char **argv)
{
	struct err err;
	int rc;

	if (argc != 2 || argv[1][0] == '-')
		return verb_usage(argv[0]);
	rc = ctl_debug_keys(argv[1], strlen(argv[1]));
	if (!rc)
		return EXIT_DONE;
	err_set(&err, ERR_HYPERVISOR, "cannot send debug keys: %s", strerror(-rc));
	return verb_failed(&err);
}
