/* SPDX-License-Identifier: MIT */
/*
 * The control domain's boot, in order. Whatever cannot be started is named, and the machine
 * stops there: an operator is better served by that line than by a shell in which nothing works.
 *
 * Command line: script=PATH runs the file instead of the shell and switches the machine off;
 * ramdisk=SIZE makes a RAM disk (64M: ram0, the next one ram1); ip= and others are the network's (net/net.c). A
 * word that nobody knows is named and otherwise ignored.
 */
#include <stdio.h>
#include <string.h>
#include "block/block.h"
#include "blk/blkback.h"
#include "block/verb.h"
#include "console/console.h"
#include "net/net.h"
#include "net/switch.h"
#include "os/os.h"
#include "power/power.h"
#include "pvctl/pvctl.h"
#include "shell/shell.h"
#include "virtio/virtio_devices.h"
#include "xenstore/xenstored.h"

static const struct {
	const char *name;
	int (*start)(void);
} boot[] = {
	{ "xenstored", xenstored_start },       /* everything below talks through it */
	{ "consoled", console_start },          /* before any guest can print */
	{ "the block layer", block_start },     /* before any driver has a disk for it */
	{ "the switch", net_switch_start },     /* before any card or guest joins it */
	{ "devices", devices_start },           /* before any guest wants them */
	{ "blkback", blkback_start },           /* before any guest can want a disk */
	{ "the network", net_start },           /* after the cards, before any guest has one */
	{ "pvctl", pvctl_start },               /* its watcher: before any guest can die */
};

static void greet(void)
{
	long version = os_xen_version(XENVER_version, NULL, 0);
	xen_extraversion_t extra = "";

	os_xen_version(XENVER_extraversion, extra, sizeof(extra));
	printf("\nControl domain on Xen %ld.%ld%.16s. `help` lists the commands.\n", version >> 16,
	       version & 0xffff, extra);
	fflush(stdout);
}

static void run_script(const char *path)
{
	int ret = shell_script(path);

	if (ret < 0)
		printf("script %s: %s\n", path, strerror(-ret));
	fflush(stdout);
	ret = power_off();
	printf("poweroff: %s\n", strerror(-ret));
}

static void option(const char *word)
{
	if (!net_option(word) && strncmp(word, "ramdisk=", 8) && strncmp(word, "script=", 7))
		printf("dom0: command line: unknown option '%s' ignored\n", word);
}

int main(int argc, char **argv)
{
	unsigned int i;
	int ret;

	for (i = 1; i < (unsigned int)argc; i++)
		option(argv[i]);
	for (i = 0; i < sizeof(boot) / sizeof(boot[0]); i++) {
		ret = boot[i].start();
		if (ret < 0) {
			printf("dom0: cannot start %s: %s\n", boot[i].name, strerror(-ret));
			return 1;
		}
	}
	for (i = 1; i < (unsigned int)argc; i++)
		if (!strncmp(argv[i], "ramdisk=", 8))
			disk_add_ram(argv[i] + 8);
	greet();
	for (i = 1; i < (unsigned int)argc; i++)
		if (!strncmp(argv[i], "script=", 7))
			run_script(argv[i] + 7);
	shell_run();
}
