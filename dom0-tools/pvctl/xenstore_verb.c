/* SPDX-License-Identifier: MIT */
/* pvctl xenstore: look into the store and change it, as the xenstore-* commands do. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/xstree.h"
#include "pvctl/verbs.h"

#define PATH_BYTES 3073
#define MAX_DEPTH 64
#define MAX_PERMS 16
#define WATCH_STEP_MS 100

static int complain(const char *what, const char *path)
{
	fprintf(stderr, "pvctl: cannot %s %s: %s\n", what, path, strerror(errno));
	return EXIT_FAILED;
}

/* Values may hold any bytes: what is no text is shown as \xNN. */
static void print_value(const char *value, unsigned int len)
{
	for (unsigned int i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c == '\\')
			fputs("\\\\", stdout);
		else if (isprint(c))
			putchar(c);
		else
			printf("\\x%02x", c);
	}
}

static void print_node(const char *path, const char *name, int depth, bool full)
{
	unsigned int len = 0;
	char *value = xs_read(xstree_handle(), XBT_NULL, path, &len);

	if (full)
		printf("%s = \"", path);
	else
		printf("%*s%s = \"", depth, "", name);
	if (value)
		print_value(value, len);
	printf("\"\n");
	free(value);
}

/* path is a buffer of PATH_BYTES, restored on return. */
static int list(char *path, int depth, bool full)
{
	unsigned int n = 0;
	size_t len = strlen(path);
	char **names = xs_directory(xstree_handle(), XBT_NULL, path, &n);

	if (!names)
		return depth ? 0 : complain("list", path);
	for (unsigned int i = 0; i < n && depth < MAX_DEPTH; i++) {
		snprintf(path + len, PATH_BYTES - len, "%s%s", len > 1 ? "/" : "", names[i]);
		print_node(path, names[i], depth, full);
		list(path, depth + 1, full);
		path[len] = 0;
	}
	free(names);
	return EXIT_DONE;
}

static int do_ls(int argc, char **argv)
{
	struct opts o = { .argc = argc, .argv = argv };
	char *path = malloc(PATH_BYTES);
	bool full = false;
	int c, rc = EXIT_USAGE;

	while ((c = opt_next(&o, "f", "")) == 'f')
		full = true;
	if (path && !c && argc - o.at <= 1) {
		snprintf(path, PATH_BYTES, "%s", o.at < argc ? argv[o.at] : "/");
		rc = list(path, 0, full);
	}
	free(path);
	return rc;
}

static int do_read(int argc, char **argv)
{
	unsigned int len;
	char *value;

	for (int i = 1; i < argc; i++) {
		value = xs_read(xstree_handle(), XBT_NULL, argv[i], &len);
		if (!value)
			return complain("read", argv[i]);
		print_value(value, len);
		putchar('\n');
		free(value);
	}
	return argc < 2 ? EXIT_USAGE : EXIT_DONE;
}

static int do_write(int argc, char **argv)
{
	if (argc < 3 || argc % 2 == 0)
		return EXIT_USAGE;
	for (int i = 1; i < argc; i += 2)
		if (!xs_write(xstree_handle(), XBT_NULL, argv[i], argv[i + 1],
			      (unsigned int)strlen(argv[i + 1])))
			return complain("write", argv[i]);
	return EXIT_DONE;
}

/* "n0", "r3": a letter for none, read, write or both, and a domain's number. */
static bool parse_permission(const char *text, struct xs_permissions *p)
{
	static const struct { char letter; unsigned int perms; } letters[] = {
		{ 'n', XS_PERM_NONE }, { 'r', XS_PERM_READ }, { 'w', XS_PERM_WRITE }, { 'b', XS_PERM_READ | XS_PERM_WRITE },
	};
	unsigned long id;
	char *end;

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (text[0] != letters[i].letter || !isdigit((unsigned char)text[1]))
			continue;
		id = strtoul(text + 1, &end, 10);
		p->id = (unsigned int)id;
		p->perms = letters[i].perms;
		return !*end && id <= UINT16_MAX;
	}
	return false;
}

static int do_chmod(int argc, char **argv)
{
	struct xs_permissions perms[MAX_PERMS];
	unsigned int n = (unsigned int)argc - 2;

	if (argc < 3 || n > MAX_PERMS)
		return EXIT_USAGE;
	for (unsigned int i = 0; i < n; i++)
		if (!parse_permission(argv[i + 2], &perms[i])) {
			fprintf(stderr, "pvctl: expected n, r, w or b and a domain's number, found \"%s\"\n", argv[i + 2]);
			return EXIT_USAGE;
		}
	return xs_set_permissions(xstree_handle(), XBT_NULL, argv[1], perms, n) ? EXIT_DONE :
	       complain("change the permissions of", argv[1]);
}

static int do_rm(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!xs_rm(xstree_handle(), XBT_NULL, argv[i]))
			return complain("remove", argv[i]);
	return argc < 2 ? EXIT_USAGE : EXIT_DONE;
}

static void watch_loop(struct xs_handle *h, long left)
{
	unsigned int n;
	char **event;

	while (left && !verb_interrupted()) {
		event = xs_read_watch_timeout(h, &n, WATCH_STEP_MS);
		if (!event)
			continue;
		printf("%s\n", event[XS_WATCH_PATH]);
		fflush(stdout);
		free(event);
		left -= left > 0;
	}
}

static int do_watch(int argc, char **argv)
{
	long left = -1;
	int path = 1, rc = EXIT_DONE;
	struct xs_handle *h;

	if (argc == 4 && !strcmp(argv[1], "-n")) {
		left = strtol(argv[2], NULL, 10);
		path = 3;
	}
	if (argc != path + 1 || left == 0)
		return EXIT_USAGE;
	h = xs_open(0);
	if (!h || !xs_watch(h, argv[path], "pvctl"))
		rc = complain("watch", argv[path]);
	else
		watch_loop(h, left);
	xs_close(h);
	return rc;
}

int verb_xenstore(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} subs[] = {
		{ "ls", do_ls }, { "read", do_read }, { "write", do_write }, { "rm", do_rm },
		{ "chmod", do_chmod }, { "watch", do_watch },
	};
	int rc = EXIT_USAGE;

	for (size_t i = 0; argc > 1 && i < sizeof(subs) / sizeof(subs[0]); i++)
		if (!strcmp(argv[1], subs[i].name))
			rc = subs[i].run(argc - 1, argv + 1);
	return rc == EXIT_USAGE ? verb_usage(argv[0]) : rc;
}
