/* SPDX-License-Identifier: MIT */
/* Domain configurations as values: copy, free, and the words for their enumerations. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/domain_config.h"

static const char *const actions[NR_ACTIONS] = {
	[ACTION_DESTROY] = "destroy",
	[ACTION_RESTART] = "restart",
	[ACTION_RENAME_RESTART] = "rename-restart",
	[ACTION_PRESERVE] = "preserve",
};

static const char *const ends[NR_ENDS] = {
	[END_POWEROFF] = "poweroff",
	[END_REBOOT] = "reboot",
	[END_SUSPEND] = "suspend",
	[END_CRASH] = "crash",
	[END_WATCHDOG] = "watchdog",
	[END_SOFT_RESET] = "soft reset",
};

void domain_config_free(struct domain_config *c)
{
	free(c->kernel);
	free(c->ramdisk);
	free(c->cmdline);
	free(c->disks);
	free(c->vifs);
	c->kernel = c->ramdisk = c->cmdline = NULL;
	c->disks = NULL;
	c->vifs = NULL;
	c->nr_disks = c->nr_vifs = 0;
}

static char *copy_text(const char *text, int *failed)
{
	char *copy = text ? strdup(text) : NULL;

	*failed |= text && !copy;
	return copy;
}

static void *copy_array(const void *from, size_t size, int *failed)
{
	void *copy = size ? malloc(size) : NULL;

	*failed |= size && !copy;
	return copy ? memcpy(copy, from, size) : NULL;
}

int domain_config_copy(struct domain_config *to, const struct domain_config *from)
{
	int failed = 0;

	*to = *from;
	to->kernel = copy_text(from->kernel, &failed);
	to->ramdisk = copy_text(from->ramdisk, &failed);
	to->cmdline = copy_text(from->cmdline, &failed);
	to->disks = copy_array(from->disks, from->nr_disks * sizeof(*from->disks), &failed);
	to->vifs = copy_array(from->vifs, from->nr_vifs * sizeof(*from->vifs), &failed);
	if (failed)
		domain_config_free(to);
	return failed ? -ENOMEM : 0;
}

const char *domain_action_name(enum domain_action action)
{
	return action < NR_ACTIONS ? actions[action] : "unknown";
}

int domain_action_parse(const char *name)
{
	for (int i = 0; i < NR_ACTIONS; i++)
		if (!strcmp(actions[i], name))
			return i;
	return -EINVAL;
}

const char *domain_end_name(unsigned int code)
{
	return code < NR_ENDS ? ends[code] : "unknown reason";
}

void domain_uuid_text(const uint8_t uuid[16], char text[37])
{
	for (int i = 0, at = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			text[at++] = '-';
		at += snprintf(text + at, 3, "%02x", uuid[i]);
	}
}
