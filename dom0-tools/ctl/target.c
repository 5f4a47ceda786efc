/* SPDX-License-Identifier: MIT */
/*
 * Changes the limit and the entries in xenstore such that at no moment a guest that follows the target meets
 * a limit below it: up with the limit first, down with the target first. The guest only reads these
 * entries, so what is found in them is ours.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/hyper.h"
#include "ctl/target.h"
#include "ctl/xstree.h"

static int check_domain(domid_t domid, uint64_t kb, struct err *err)
{
	if (domid == 0)
		return err_set(err, ERR_CONFIG, "the memory of domain 0 cannot be changed: it has no "
			       "balloon driver (boot with dom0_mem=)");
	if (kb == 0 || kb > UINT64_MAX / 1024 - TARGET_SLACK_KB)
		return err_set(err, ERR_CONFIG, "%" PRIu64 " KiB is no possible size of domain %u",
			       kb, domid);
	return 0;
}

static int set_limit(domid_t domid, uint64_t kb, struct err *err)
{
	int rc = ctl_domain_max_mem(domid, kb + TARGET_SLACK_KB);

	return rc ? err_set(err, ERR_HYPERVISOR, "cannot limit domain %u to %" PRIu64 " KiB: %s",
			    domid, kb, strerror(-rc)) : 0;
}

static int set_entry(domid_t domid, const char *key, uint64_t kb, struct err *err)
{
	char text[24];
	int rc;

	snprintf(text, sizeof(text), "%" PRIu64, kb);
	rc = xstree_write(domid, key, text);
	return rc ? err_set(err, ERR_XENSTORE, "cannot write %s of domain %u: %s", key, domid,
			    strerror(-rc)) : 0;
}

/* 0: not there. */
static uint64_t entry(domid_t domid, const char *key)
{
	char *text = xstree_read(domid, key);
	uint64_t kb = text ? strtoull(text, NULL, 10) : 0;

	free(text);
	return kb;
}

int target_set(domid_t domid, uint64_t kb, struct err *err)
{
	uint64_t max = entry(domid, "memory/static-max"), now = entry(domid, "memory/target");
	int rc = check_domain(domid, kb, err);

	if (rc)
		return rc;
	if (kb > max)
		return err_set(err, ERR_CONFIG, "domain %u cannot get %" PRIu64 " KiB: its maximum is "
			       "%" PRIu64 " KiB (mem-max)", domid, kb, max);
	if (kb > now)
		rc = set_limit(domid, kb, err);
	if (!rc)
		rc = set_entry(domid, "memory/target", kb, err);
	if (!rc && kb <= now)
		rc = set_limit(domid, kb, err);
	return rc;
}

int target_set_max(domid_t domid, uint64_t kb, struct err *err)
{
	uint64_t now = entry(domid, "memory/target");
	int rc = check_domain(domid, kb, err);

	if (rc)
		return rc;
	if (kb < now)
		return err_set(err, ERR_CONFIG, "the maximum of domain %u cannot be %" PRIu64 " KiB: its "
			       "target is %" PRIu64 " KiB (mem-set)", domid, kb, now);
	rc = set_limit(domid, kb, err);
	return rc ? rc : set_entry(domid, "memory/static-max", kb, err);
}
