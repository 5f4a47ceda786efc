/* SPDX-License-Identifier: MIT */
/* pvctl create: configuration file and overrides to a running domain. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "builder/image.h"
#include "console/console.h"
#include "ctl/life.h"
#include "ctl/records.h"
#include "pvctl/domain_cfg.h"
#include "pvctl/format.h"
#include "pvctl/verbs.h"

#define MAX_CONFIG (64U << 10)

static void warn(const char *text)
{
	fprintf(stderr, "pvctl: warning: %s\n", text);
}

static unsigned int newlines(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static int read_file(struct cfg *cfg, const char *path, struct err *err)
{
	struct image file;
	char *text;
	int rc = image_read(&file, path, "config file", err);

	if (rc)
		return rc;
	text = file.size <= MAX_CONFIG ? strndup((char *)file.data, file.size) : NULL;
	if (!text)
		rc = err_set(err, ERR_CONFIG, "%s: expected at most %u bytes, found %zu", path,
			     MAX_CONFIG, file.size);
	else if (strlen(text) < file.size)
		rc = err_set(err, ERR_CONFIG, "%s:%u: expected text, found a zero byte", path,
			     1 + newlines(text));
	else
		rc = cfg_parse(cfg, path, text, err);
	free(text);
	image_free(&file);
	return rc;
}

/* argv: the file or an override first, then overrides. */
static int read_config(struct domain_config *config, int argc, char **argv, struct err *err)
{
	struct cfg cfg = { NULL, NULL };
	const char *name = argv[0];
	int rc = 0;

	for (int i = 0; !rc && i < argc; i++)
		rc = i == 0 && !strchr(argv[i], '=') ? read_file(&cfg, argv[i], err) :
						       cfg_override(&cfg, argv[i], err);
	if (!rc)
		rc = domain_cfg_read(config, &cfg, os_wall_ns() ^ os_now_ns() << 20, warn, err);
	if (rc) {
		cfg_string(&cfg, "name", &name, NULL);
		records_failed(name, err);
	}
	cfg_free(&cfg);
	return rc;
}

/* A domain that is gone before the console is there has left its output. */
static int attach(domid_t domid)
{
	int rc = console_attach(domid);
	char id[8], *log;

	if (rc == -ENOENT) {
		snprintf(id, sizeof(id), "%u", domid);
		log = console_log(id, NULL);
		fputs(log ? log : "", stdout);
		free(log);
		return EXIT_DONE;
	}
	if (rc < 0)
		fprintf(stderr, "pvctl: cannot attach the console: %s\n", strerror(-rc));
	return rc < 0 ? EXIT_FAILED : EXIT_DONE;
}

static int run(const struct domain_config *config, bool console, bool paused)
{
	struct err err;
	domid_t domid;

	if (life_create(config, &domid, &err))
		return verb_failed(&err);
	if (!paused && life_unpause(domid, &err)) {
		life_destroy(domid, RECORD_DESTROYED, NULL);
		return verb_failed(&err);
	}
	fflush(stdout);
	return console ? attach(domid) : EXIT_DONE;
}

int verb_create(int argc, char **argv)
{
	bool console = false, paused = false, quiet = false, dry = false;
	struct opts o = { .argc = argc, .argv = argv };
	struct domain_config config;
	struct err err;
	int c, rc;

	while ((c = opt_next(&o, "cpqnNh", "console=c,paused=p,quiet=q,dryrun=n,help=h"))) {
		if (c == '?' || c == 'h')
			return verb_usage(argv[0]);
		console |= c == 'c';
		paused |= c == 'p';
		quiet |= c == 'q';
		dry |= c == 'n' || c == 'N';
	}
	if (o.at >= argc)
		return verb_usage(argv[0]);
	if (!quiet && !strchr(argv[o.at], '='))
		printf("Parsing config from %s\n", argv[o.at]);
	if (read_config(&config, argc - o.at, argv + o.at, &err))
		return verb_failed(&err);
	rc = EXIT_DONE;
	if (dry) {
		format_json(stdout, config.name, NULL, &config);
		putchar('\n');
	} else {
		rc = run(&config, console, paused);
	}
	domain_config_free(&config);
	return rc;
}
