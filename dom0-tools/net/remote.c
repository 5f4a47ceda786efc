/* SPDX-License-Identifier: MIT */
/*
 * pvctl over the network: off unless the command line says remote=PORT,PASSWORD. A connection says the password on a
 * line, then commands as at the prompt ("list", "create /etc/pvctl/hello.cfg"), and gets after each its output, a
 * line "= STATUS", and the next turn.
 *
 * Trust: nobody. Guests cannot reach the port at all (dom0.c drops it at the switch); from outside, the
 * password must match, each wrong one costs a second and the connection. It travels in clear: the port belongs on a
 * wire, or a forwarded port of the host's loopback, that is the operator's own. What waits for keys or watches for
 * ever is for the console: those verbs are refused.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "net/dom0.h"
#include "net/service.h"
#include "os/os.h"
#include "pvctl/pvctl.h"
#include "shell/parse.h"

#define LINE 1024
#define WRONG_MS 1000

static char password[64];

/* Takes as long for a wrong one as for the right one. */
static bool is_password(const char *line)
{
	char guess[sizeof(password)] = "";
	unsigned int differ = strlen(line) >= sizeof(password);

	strncpy(guess, line, sizeof(guess) - 1);
	for (size_t i = 0; i < sizeof(password); i++)
		differ |= (unsigned char)(guess[i] ^ password[i]);
	return !differ;
}

static bool has_option(int argc, char **argv, const char *option)
{
	for (int i = 2; i < argc; i++)
		if (!strcmp(argv[i], option))
			return true;
	return false;
}

/* Verbs that use the operator's terminal. argv[0] is "pvctl". */
static bool needs_terminal(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (!strcmp(verb, "console"))
		return !has_option(argc, argv, "-l") && !has_option(argc, argv, "--log");
	if (!strcmp(verb, "create"))
		for (int i = 2; i < argc; i++)
			if (!strcmp(argv[i], "--console") || (argv[i][0] == '-' && argv[i][1] != '-' && strchr(argv[i], 'c')))
				return true;
	if (!strcmp(verb, "shutdown") || !strcmp(verb, "reboot"))
		for (int i = 2; i < argc; i++)
			if (!strcmp(argv[i], "--wait") || (argv[i][0] == '-' && argv[i][1] != '-' && strchr(argv[i], 'w')))
				return true;
	return !strcmp(verb, "xenstore") && has_option(argc, argv, "watch");
}

static int run(int argc, char **argv)
{
	if (needs_terminal(argc, argv)) {
		fprintf(stderr, "pvctl: %s: this needs the console\n", argv[1]);
		return 1;
	}
	return pvctl_main(argc, argv);
}

/* The commands of a line; the status of the last. */
static int run_line(const char *line)
{
	char *argv[PARSE_WORDS + 1];
	struct parse p;
	int rc = 0, more;

	argv[0] = "pvctl";
	while ((more = parse_command(&p, &line, rc)) > 0) {
		memcpy(argv + 1, p.argv, ((size_t)p.argc + 1) * sizeof(argv[0]));
		rc = p.argc ? run(p.argc + 1, argv) : rc;
	}
	if (more < 0)
		fprintf(stderr, "%s\n", p.error);
	return more < 0 ? 2 : rc;
}

/* Output goes to memory, by this thread's own streams, and then out. */
static bool execute(int fd, const char *line)
{
	char *text = NULL, status[24];
	FILE *out, *old_out = stdout, *old_err = stderr;
	size_t len = 0;
	int rc;
	bool sent;

	out = open_memstream(&text, &len);
	if (!out)
		return false;
	stdout = stderr = out;
	rc = run_line(line);
	stdout = old_out;
	stderr = old_err;
	fclose(out);
	snprintf(status, sizeof(status), "= %d\n", rc);
	sent = net_service_write(fd, text, len) && net_service_write(fd, status, strlen(status));
	free(text);
	return sent;
}

static void serve(int fd)
{
	char line[LINE];

	if (net_service_line(fd, line, sizeof(line), net_service_deadline()) < 0)
		return;
	if (!is_password(line)) {
		os_sleep_ms(WRONG_MS);
		net_service_write(fd, "wrong password\n", 15);
		return;
	}
	while (net_service_line(fd, line, sizeof(line), net_service_deadline()) >= 0 && execute(fd, line))
		;
}

int remote_start(uint16_t port, const char *word)
{
	if (strlen(word) < 8 || strlen(word) >= sizeof(password))
		return -EINVAL;
	strcpy(password, word);
	net_dom0_guard(port);
	return net_service_start("remote", port, serve);
}
