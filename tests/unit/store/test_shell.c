/* SPDX-License-Identifier: MIT */
/* Commands, scripts and completion, over real files and a pvctl that only notes its arguments. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "host_os.h"
#include "power/power.h"
#include "pvctl/pvctl.h"
#include "shell/builtin.h"
#include "shell/shell.h"
#include "test.h"
#include "xenstore/xs.h"

static char called[256];        /* pvctl's last arguments, or the end of the machine */
static char dir[] = "/tmp/store-test-XXXXXX";

int lspci_main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int disk_main(int argc, char **argv)
{
	(void)argv;
	return argc;
}

int net_run_ip(int argc, char **argv)
{
	(void)argv;
	return argc;
}

int net_run_ping(int argc, char **argv)
{
	(void)argv;
	return argc;
}

int net_run_switch(int argc, char **argv)
{
	(void)argv;
	return argc;
}

int pvctl_main(int argc, char **argv)
{
	int i;

	called[0] = '\0';
	for (i = 0; i < argc; i++)
		sprintf(called + strlen(called), "[%s]", argv[i]);
	return argc > 1 && !strcmp(argv[1], "fail") ? 3 : 0;
}

const char *pvctl_verb(unsigned int i)
{
	static const char *const verbs[] = { "create", "console", "pause", NULL };

	return verbs[i];
}

int power_off(void)
{
	strcpy(called, "off");
	return -ENOSYS;
}

int power_reset(void)
{
	strcpy(called, "reset");
	return -ENOSYS;
}

static void path_in(char *out, const char *name)
{
	sprintf(out, "%s/%s", dir, name);
}

static void write_file(const char *name, const char *text)
{
	char path[64];
	FILE *f;

	path_in(path, name);
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
}

static int setup(void **state)
{
	char path[64];

	(void)state;
	assert_non_null(mkdtemp(dir));
	path_in(path, "sub");
	mkdir(path, 0700);
	return 0;
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	edit_free(&shell_editor);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

/* Runs a script of one or more lines with stdout and stderr in a buffer; its status. */
static char output[8192];

static int run(const char *script, bool echo)
{
	int out = dup(1), err = dup(2), fd, ret;
	char name[64], path[64];
	ssize_t n;

	write_file("script", script);
	path_in(path, "script");
	path_in(name, "output");
	fflush(stdout);
	freopen(name, "w+", stdout);
	dup2(fileno(stdout), 2);
	ret = echo ? shell_script(path) : shell_source(path);
	fflush(stdout);
	fd = fileno(stdout);
	lseek(fd, 0, SEEK_SET);
	n = read(fd, output, sizeof(output) - 1);
	output[n > 0 ? n : 0] = '\0';
	dup2(out, 1);
	dup2(err, 2);
	close(out);
	close(err);
	return ret;
}

static void commands_run(void **state)
{
	(void)state;
	assert_int_equal(run("echo 'a  b' c\n", false), 0);
	assert_string_equal(output, "a  b c\n");
	assert_int_equal(run("pvctl create 'my file' k=v", false), 0);
	assert_string_equal(called, "[pvctl][create][my file][k=v]");
	assert_int_equal(run("xl fail; echo $?\nxl fail", false), 3);
	assert_string_equal(output, "3\n");
	assert_int_equal(run("nonsense", false), 127);
	assert_string_equal(output, "nonsense: no such command (try help)\n");
	assert_int_equal(run("echo 'a", false), 2);
	assert_string_equal(output, "shell: a quote is not closed\n");
	assert_int_equal(run("sleep 0; sleep -1", false), 1);
	assert_string_equal(output, "sleep: -1: not a number of seconds up to 86400\n");
	assert_int_equal(run("sleep", false), 2);
	assert_string_equal(output, "usage: sleep SECONDS\n");
	assert_int_equal(run("poweroff", false), 1);
	assert_string_equal(called, "off");
	assert_int_equal(run("reboot", false), 1);
	assert_string_equal(called, "reset");
}

static void files_are_shown(void **state)
{
	char line[200], want[200];

	(void)state;
	write_file("no-newline", "text");
	snprintf(line, sizeof(line), "cat %s/no-newline; echo next", dir);
	assert_int_equal(run(line, false), 0);
	assert_string_equal(output, "text\nnext\n");
	snprintf(line, sizeof(line), "cat %s/absent", dir);
	snprintf(want, sizeof(want), "cat: %s/absent: No such file or directory\n", dir);
	assert_int_equal(run(line, false), 1);
	assert_string_equal(output, want);
	snprintf(line, sizeof(line), "ls %s", dir);
	assert_int_equal(run(line, false), 0);
	assert_non_null(strstr(output, "           4  no-newline\n"));
	assert_non_null(strstr(output, "              sub/\n"));
	snprintf(line, sizeof(line), "source %s/absent", dir);
	assert_int_equal(run(line, false), 1);
}

static void scripts_tell_what_failed(void **state)
{
	char want[200];

	(void)state;
	assert_int_equal(run("# comment\n\necho ok\nxl fail; echo $?\n", true), 1);
	assert_non_null(strstr(output, "dom0# # comment\ndom0# \ndom0# echo ok\nok\n"
				       "dom0# xl fail; echo $?\nexit status 3\n3\n"));
	snprintf(want, sizeof(want), "%s/script: ", dir);
	assert_non_null(strstr(output, want));
	assert_int_equal(shell_script("/nonexistent"), -ENOENT);
}

static void bad_scripts_end(void **state)
{
	static char script[EDIT_LINE + 20];

	(void)state;
	snprintf(script, sizeof(script), "source %s/script", dir);
	assert_int_equal(run(script, false), 2);        /* itself, again and again */
	assert_non_null(strstr(output, "script: files run files 8 deep\n"));
	memset(script, 'x', sizeof(script) - 1);
	assert_int_equal(run(script, false), 2);
	assert_non_null(strstr(output, "a line is longer than 1022 letters\n"));
	script[EDIT_LINE - 2] = '\0';
	memcpy(script, "echo ", 5);
	assert_int_equal(run(script, false), 0);
	assert_int_equal(strlen(output), EDIT_LINE - 2 - 5 + 1);
}

static struct edit_choices c;

static void offers(const char *line, const char *want)
{
	char got[512] = "";
	unsigned int i;

	c.n = 0;
	shell_complete(line, strlen(line), &c);
	for (i = 0; i < c.n; i++)
		sprintf(got + strlen(got), "%s ", c.text[i]);
	assert_string_equal(got, want);
}

static void completion(void **state)
{
	struct xs_handle *h = xs_open(0);
	char line[100], want[100];

	(void)state;
	xs_write(h, XBT_NULL, "/local/domain/4/name", "webserver", 9);
	offers("po", "poweroff ");
	offers("echo; rebo", "reboot ");
	offers("pvctl c", "create console ");
	offers("  xl  pa", "pause ");
	offers("pvctl console web", "webserver ");
	offers("echo web", "");
	snprintf(line, sizeof(line), "cat %s/su", dir);
	snprintf(want, sizeof(want), "%s/sub/ ", dir);
	offers(line, want);
	snprintf(line, sizeof(line), "pvctl create %s/su", dir);
	offers(line, want);
	offers("cat /nonexistent/x", "");
	xs_rm(h, XBT_NULL, "/local/domain/4");
	xs_close(h);
}

int test_shell(size_t *total)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_run), cmocka_unit_test(files_are_shown),
		cmocka_unit_test(scripts_tell_what_failed), cmocka_unit_test(bad_scripts_end), cmocka_unit_test(completion),
	};

	*total += sizeof(tests) / sizeof(tests[0]);
	return cmocka_run_group_tests(tests, setup, teardown);
}
