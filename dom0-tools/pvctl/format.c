/* SPDX-License-Identifier: MIT */
/* Rows, states, times and JSON. Names come from guests' configurations: JSON escapes them. */
#include <inttypes.h>
#include <string.h>
#include "ctl/cpuset.h"
#include "pvctl/format.h"

const char format_list_header[] =
	"Name                                        ID   Mem VCPUs\tState\tTime(s)\n";

void format_state(char out[7], const ctl_info *info)
{
	static const char reasons[] = "-rscwS";
	uint32_t f = info->flags;
	unsigned int code = f >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;

	out[0] = f & XEN_DOMINF_running ? 'r' : '-';
	out[1] = f & XEN_DOMINF_blocked ? 'b' : '-';
	out[2] = f & XEN_DOMINF_paused ? 'p' : '-';
	out[3] = f & XEN_DOMINF_shutdown ? 's' : '-';
	out[4] = '-';
	if (f & XEN_DOMINF_shutdown)
		out[4] = code < sizeof(reasons) - 1 ? reasons[code] : '?';
	out[5] = f & XEN_DOMINF_dying ? 'd' : '-';
	out[6] = 0;
}

void format_list_row(char *out, size_t size, const char *name, const ctl_info *info)
{
	char state[7];

	format_state(state, info);
	snprintf(out, size, "%-40s %5d %5lu %5d     %s  %8.1f\n", name, info->domain,
		 (unsigned long)((info->tot_pages + info->outstanding_pages) >> 8),
		 (int)info->nr_online_vcpus, state, (double)info->cpu_time / 1e9);
}

const char format_vcpu_header[] =
	"Name                                ID  VCPU   CPU State   Time(s) Affinity (Hard / Soft)\n";

void format_vcpu_row(char *out, size_t size, const char *name, domid_t domid,
		     const struct xen_domctl_getvcpuinfo *info, const char *hard, const char *soft)
{
	char cpu[12] = "-", state[4] = "--p";

	if (info->online) {
		snprintf(cpu, sizeof(cpu), "%u", info->cpu);
		state[0] = info->running ? 'r' : '-';
		state[1] = info->blocked ? 'b' : '-';
		state[2] = '-';
	}
	snprintf(out, size, "%-32s %5u %5u %5s   %s  %9.1f  %s / %s\n", name, domid, info->vcpu, cpu,
		 state, (double)info->cpu_time / 1e9, hard, soft);
}

void format_uptime(char *out, size_t size, uint64_t seconds)
{
	uint64_t days = seconds / 86400;
	unsigned int rest = (unsigned int)(seconds % 86400);
	int n = 0;

	if (days)
		n = snprintf(out, size, "%" PRIu64 " day%s, ", days, days > 1 ? "s" : "");
	if (n >= 0 && (size_t)n < size)
		snprintf(out + n, size - (size_t)n, "%2u:%02u:%02u", rest / 3600,
			 rest / 60 % 60, rest % 60);
}

static void json_text(FILE *out, const char *indent, const char *key, const char *text,
		      const char *end)
{
	fprintf(out, "%s\"%s\": \"", indent, key);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fprintf(out, "\"%s\n", end);
}

static void json_number(FILE *out, const char *indent, const char *key, uint64_t n, const char *end)
{
	fprintf(out, "%s\"%s\": %" PRIu64 "%s\n", indent, key, n, end);
}

#define IN3 "                "
#define IN4 IN3 "    "

/* One list of CPUs a vcpu that was given any; xl prints the same. */
static void json_cpus(FILE *out, const char *key, const uint64_t *sets)
{
	const char *comma = "";

	fprintf(out, IN3 "\"%s\": [\n", key);
	for (unsigned int i = 0; i < DOMAIN_MAX_VCPUS && sets[i]; i++, comma = ",\n") {
		fprintf(out, "%s" IN4 "[", comma);
		comma = "";
		for (unsigned int cpu = 0; cpu < CPUSET_MAX; cpu++) {
			if (sets[i] >> cpu & 1) {
				fprintf(out, "%s%u", comma, cpu);
				comma = ", ";
			}
		}
		fputc(']', out);
	}
	fprintf(out, "\n" IN3 "],\n");
}

static void json_build(FILE *out, const ctl_info *info, const struct domain_config *c)
{
	fprintf(out, "            \"b_info\": {\n");
	json_number(out, IN3, "max_vcpus", c ? c->max_vcpus : info->max_vcpu_id + 1, ",");
	json_number(out, IN3, "max_memkb", c ? c->max_memory_kb : info->max_pages * 4, ",");
	json_number(out, IN3, "target_memkb", c ? c->memory_kb : info->tot_pages * 4, ",");
	if (c && c->cpus[0])
		json_cpus(out, "vcpu_hard_affinity", c->cpus);
	if (c && c->cpus_soft[0])
		json_cpus(out, "vcpu_soft_affinity", c->cpus_soft);
	if (c) {
		fprintf(out, IN3 "\"sched_params\": {\n");
		if (c->weight)
			json_number(out, IN4, "weight", c->weight, ",");
		json_number(out, IN4, "cap", c->cap, "");
		fprintf(out, IN3 "},\n");
		json_number(out, IN3, "event_channels", c->max_event_channels, ",");
		json_text(out, IN3, "kernel", c->kernel, ",");
		if (c->cmdline)
			json_text(out, IN3, "cmdline", c->cmdline, ",");
		if (c->ramdisk)
			json_text(out, IN3, "ramdisk", c->ramdisk, ",");
	}
	fprintf(out, IN3 "\"type.pv\": {\n" IN3 "}\n            }%s\n", c ? "," : "");
}

void format_json(FILE *out, const char *name, const ctl_info *info, const struct domain_config *c)
{
	char uuid[37];

	domain_uuid_text(c ? c->uuid : info->handle, uuid);
	fprintf(out, "    {\n");
	if (info)
		json_number(out, "        ", "domid", info->domain, ",");
	fprintf(out, "        \"config\": {\n            \"c_info\": {\n");
	json_text(out, IN3, "type", "pv", ",");
	json_text(out, IN3, "name", name, ",");
	json_text(out, IN3, "uuid", uuid, "");
	fprintf(out, "            },\n");
	json_build(out, info, c);
	if (c) {
		json_text(out, "            ", "on_poweroff",
			  domain_action_name(c->on[END_POWEROFF]), ",");
		json_text(out, "            ", "on_reboot",
			  domain_action_name(c->on[END_REBOOT]), ",");
		json_text(out, "            ", "on_watchdog",
			  domain_action_name(c->on[END_WATCHDOG]), ",");
		json_text(out, "            ", "on_crash",
			  domain_action_name(c->on[END_CRASH]), "");
	}
	fprintf(out, "        }\n    }");
}
