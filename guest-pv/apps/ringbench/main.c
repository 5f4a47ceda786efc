/* SPDX-License-Identifier: MIT */
/*
 * ringbench: how much goes through rings, as a guest sees it. Its first argument says what it does:
 *   client server=DOMID [n=COUNT]           the raw ring; prints what its server has to be told
 *   server client=DOMID ref=REF port=PORT   answers that client
 *   disk vdev=NAME tag=WORD [persistent=1] [random=0] [n=COUNT]   reads and writes a disk
 *   net TAG peer=BYTE [n=COUNT]             sends frames to a netpeer, and pings to the control domain
 *   netpeer                                 answers that one
 * scripts/ringbench runs it on both hypervisors and makes tables of what it prints.
 */
#include "ringbench.h"

static const struct { const char *name; int (*run)(int argc, char **argv); } parts[] = {
	{ "client", run_client }, { "server", run_server }, { "disk", run_disk },
	{ "net", run_net }, { "netpeer", run_netpeer },
};

unsigned long argument(int argc, char **argv, const char *key, unsigned long missing)
{
	size_t n = strlen(key);

	for (int i = 1; i < argc; i++)
		if (!strncmp(argv[i], key, n) && argv[i][n] == '=')
			return strtoul(argv[i] + n + 1, NULL, 0);
	return missing;
}

int main(int argc, char **argv)
{
	int rc = 1;

	for (size_t i = 0; argc > 1 && i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!strcmp(parts[i].name, argv[1]))
			rc = parts[i].run(argc, argv);
	printf("ringbench: %s\n", rc ? "failed" : "end");
	return rc;
}
