/* SPDX-License-Identifier: MIT */
/*
 * The shell's own commands, as a table. Each gets its arguments as a C program would, writes to
 * stdout, complains to stderr, and returns 0; 1 with a message that names what was wrong; or 2
 * with its usage.
 */
#include "builtin.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "../block/verb.h"
#include "../net/net.h"
#include "../os/os.h"
#include "../pci/lspci.h"
#include "../power/power.h"
#include "../pvctl/pvctl.h"

static int complain(const char *command, const char *what, const char *why)
{
	fprintf(stderr, "%s: %s: %s\n", command, what, why);
	return 1;
}

static int usage(const char *command)
{
	const struct builtin *b = builtins;

	while (strcmp(b->name, command))
		b++;
	fprintf(stderr, "usage: %s %s\n", b->name, b->args);
	return 2;
}

static int cat_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char buf[512], last = '\n';
	size_t n;

	if (!f)
		return complain("cat", path, strerror(errno));
	while ((n = fread(buf, 1, sizeof(buf), f))) {
		fwrite(buf, 1, n, stdout);
		last = buf[n - 1];
	}
	if (ferror(f)) {
		fclose(f);
		return complain("cat", path, strerror(EIO));
	}
	fclose(f);
	if (last != '\n')       /* the prompt stands at the begin of a line */
		putchar('\n');
	return 0;
}

static int copy_stream(FILE *from, FILE *to)
{
	char buf[4096];
	size_t n;

	while ((n = fread(buf, 1, sizeof(buf), from)))
		if (fwrite(buf, 1, n, to) != n)
			return EIO;
	return ferror(from) || fflush(to) ? EIO : 0;
}

static int run_cp(int argc, char **argv)
{
	FILE *from, *to;
	int error;

	if (argc != 3)
		return usage("cp");
	from = fopen(argv[1], "r");
	if (!from)
		return complain("cp", argv[1], strerror(errno));
	to = fopen(argv[2], "w");
	error = to ? copy_stream(from, to) : errno;
	fclose(from);
	if (to)
		fclose(to);
	return error ? complain("cp", argv[2], strerror(error)) : 0;
}

static int run_cat(int argc, char **argv)
{
	int i, status = 0;

	if (argc < 2)
		return usage("cat");
	for (i = 1; i < argc; i++)
		status |= cat_file(argv[i]);
	return status;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_entry(const char *dir, const char *name)
{
	char path[1024];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (stat(path, &st))
		printf("%12s  %s\n", "?", name);
	else if (S_ISDIR(st.st_mode))
		printf("%12s  %s/\n", "", name);
	else
		printf("%12ld  %s\n", (long)st.st_size, name);
}

static int list_dir(const char *path)
{
	DIR *d = opendir(path);
	char **names = NULL;
	size_t n = 0, i;
	struct dirent *entry;

	if (!d)
		return complain("ls", path, strerror(errno));
	while ((entry = readdir(d))) {
		char **more;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		more = realloc(names, (n + 1) * sizeof(*names));
		if (!more)
			break;
		names = more;
		names[n] = strdup(entry->d_name);
		n += names[n] != NULL;
	}
	closedir(d);
	if (n)
		qsort(names, n, sizeof(*names), by_name);
	for (i = 0; i < n; i++) {
		list_entry(path, names[i]);
		free(names[i]);
	}
	free(names);
	return 0;
}

static int list_path(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return complain("ls", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return list_dir(path);
	printf("%12ld  %s\n", (long)st.st_size, path);
	return 0;
}

static int run_ls(int argc, char **argv)
{
	int i, status = 0;

	if (argc < 2)
		return list_path("/");
	for (i = 1; i < argc; i++)
		status |= list_path(argv[i]);
	return status;
}

static int run_echo(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		printf("%s%s", i > 1 ? " " : "", argv[i]);
	putchar('\n');
	return 0;
}

static int run_sleep(int argc, char **argv)
{
	char *end;
	double seconds = argc == 2 ? strtod(argv[1], &end) : -1;

	if (argc != 2)
		return usage("sleep");
	if (end == argv[1] || *end || !(seconds >= 0 && seconds <= 86400))
		return complain("sleep", argv[1], "not a number of seconds up to 86400");
	os_sleep_ms(seconds * 1000);
	return 0;
}

static int run_history(int argc, char **argv)
{
	unsigned int i;

	(void)argc;
	(void)argv;
	for (i = 0; i < shell_editor.nhistory; i++)
		printf("%4u  %s\n", i + 1, shell_editor.history[i]);
	return 0;
}

static int run_clear(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fputs("\x1b[H\x1b[2J", stdout);
	return 0;
}

static int run_source(int argc, char **argv)
{
	int status = argc == 2 ? shell_source(argv[1]) : usage("source");

	return status < 0 ? complain("source", argv[1], strerror(-status)) : status;
}

static int machine_off(const char *command, bool reset)
{
	int ret;

	fflush(stdout);
	ret = reset ? power_reset() : power_off();
	return complain(command, "the hypervisor refused", strerror(-ret));
}

static int run_poweroff(int argc, char **argv)
{
	(void)argc;
	return machine_off(argv[0], false);
}

static int run_reboot(int argc, char **argv)
{
	(void)argc;
	return machine_off(argv[0], true);
}

static int run_help(int argc, char **argv)
{
	const struct builtin *b;

	(void)argc;
	(void)argv;
	for (b = builtins; b->name; b++)
		printf("  %-8s %-18s %s\n", b->name, b->args, b->about);
	puts("Several commands on a line are separated by ';'. $? is the last exit status.\n"
	     "Quotes '...' and \"...\" keep blanks; '#' starts a comment. Tab completes.");
	return 0;
}

const struct builtin builtins[] = {
	{ "pvctl", "VERB ...", "create, watch and end domains; see pvctl help", pvctl_main },
	{ "xl", "VERB ...", "the same, for fingers that know xl", pvctl_main },
	{ "lspci", "", "list the PCI functions of the machine", lspci_main },
	{ "disk", "[VERB ...]", "list the disks; make and end RAM disks, copy; see disk help", disk_main },
	{ "ls", "[PATH ...]", "list files", run_ls },
	{ "cat", "FILE ...", "print files", run_cat },
	{ "cp", "FROM TO", "copy a file; below /tmp files can be made", run_cp },
	{ "echo", "[WORD ...]", "print the words", run_echo },
	{ "sleep", "SECONDS", "wait", run_sleep },
	{ "source", "FILE", "run the commands in a file", run_source },
	{ "ip", "[ADDRESS/N | dhcp]", "show domain 0's network address, or set it", net_run_ip },
	{ "ping", "[-c N] ADDRESS", "ask a host for a sign of life", net_run_ping },
	{ "net", "", "the ports of the network switch, with their counters", net_run_switch },
	{ "history", "", "list the commands typed", run_history },
	{ "clear", "", "clear the screen", run_clear },
	{ "reboot", "", "reset the machine; guests end without warning", run_reboot },
	{ "poweroff", "", "switch the machine off; guests end without warning", run_poweroff },
	{ "help", "", "this list", run_help },
	{ NULL, NULL, NULL, NULL },
};

int builtin_run(int argc, char **argv)
{
	const struct builtin *b = builtins;
	int status;

	while (b->name && strcmp(b->name, argv[0]))
		b++;
	if (!b->name) {
		fprintf(stderr, "%s: no such command (try help)\n", argv[0]);
		return 127;
	}
	status = b->run(argc, argv);
	fflush(stdout);
	fflush(stderr);
	return status;
}
