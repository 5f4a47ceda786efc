/* SPDX-License-Identifier: MIT */
/*
 * The xenstore tree of a domain. The paths and who may write them are the ABI's: a guest reads its
 * own directory and writes below control, data, device, drivers, feature, attr and error only.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/xstree.h"

#define PATH_MAX_LEN 160

static struct xs_handle *handle;

int xstree_open(void)
{
	handle = xs_open(0);
	return handle ? 0 : -errno;
}

struct xs_handle *xstree_handle(void)
{
	return handle;
}

static void path_of(char path[PATH_MAX_LEN], domid_t domid, const char *key)
{
	snprintf(path, PATH_MAX_LEN, "/local/domain/%u%s%s", domid, *key ? "/" : "", key);
}

char *xstree_read(domid_t domid, const char *key)
{
	char path[PATH_MAX_LEN];

	path_of(path, domid, key);
	return xs_read(handle, XBT_NULL, path, NULL);
}

static bool put(xs_transaction_t t, domid_t domid, const char *key, const char *value)
{
	char path[PATH_MAX_LEN];

	path_of(path, domid, key);
	return xs_write(handle, t, path, value, (unsigned int)strlen(value));
}

static bool put_number(xs_transaction_t t, domid_t domid, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return put(t, domid, key, text);
}

int xstree_write(domid_t domid, const char *key, const char *value)
{
	char there[PATH_MAX_LEN], path[PATH_MAX_LEN];

	path_of(there, domid, "domid");
	path_of(path, domid, key);
	return xs_write_if(handle, there, NULL, path, value) ? 0 : -errno;
}

void xstree_name(domid_t domid, char name[DOMAIN_NAME_MAX + 1])
{
	char *value = xstree_read(domid, "name");

	snprintf(name, DOMAIN_NAME_MAX + 1, "%s", value ? value : "(null)");
	free(value);
}

/* The directory itself: domain 0 owns it, the guest reads. */
static bool make_home(xs_transaction_t t, domid_t domid)
{
	struct xs_permissions perms[] = { { 0, XS_PERM_NONE }, { domid, XS_PERM_READ } };
	char path[PATH_MAX_LEN];

	path_of(path, domid, "");
	return xs_mkdir(handle, t, path) && xs_set_permissions(handle, t, path, perms, 2);
}

static bool make_guest_owned(xs_transaction_t t, domid_t domid)
{
	static const char *const keys[] = {
		"control/shutdown", "control/feature-poweroff", "control/feature-reboot",
		"control/feature-suspend", "control/sysrq", "data", "device", "drivers", "feature",
		"attr", "error",
	};
	struct xs_permissions perms[] = { { domid, XS_PERM_NONE } };
	char path[PATH_MAX_LEN];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		path_of(path, domid, keys[i]);
		if (!xs_write(handle, t, path, "", 0) ||
		    !xs_set_permissions(handle, t, path, perms, 1))
			return false;
	}
	return true;
}

static bool put_cpus(xs_transaction_t t, domid_t domid, unsigned int n, unsigned int max)
{
	char key[40];

	for (unsigned int i = 0; i < max; i++) {
		snprintf(key, sizeof(key), "cpu/%u/availability", i);
		if (!put(t, domid, key, i < n ? "online" : "offline"))
			return false;
	}
	return true;
}

static bool put_rings(xs_transaction_t t, const struct builder_domain *d)
{
	return put_number(t, d->domid, "store/ring-ref", d->store_mfn) &&
	       put_number(t, d->domid, "store/port", d->store_port) &&
	       put_number(t, d->domid, "console/ring-ref", d->console_mfn) &&
	       put_number(t, d->domid, "console/port", d->console_port) &&
	       put(t, d->domid, "console/limit", "1048576") &&
	       put(t, d->domid, "console/type", "xenconsoled") &&
	       put(t, d->domid, "console/output", "pty") &&
	       put(t, d->domid, "console/tty", "");
}

static bool put_vm(xs_transaction_t t, domid_t domid, const struct domain_config *c)
{
	char uuid[37], vm[48], path[64];

	domain_uuid_text(c->uuid, uuid);
	snprintf(vm, sizeof(vm), "/vm/%s", uuid);
	snprintf(path, sizeof(path), "%s/uuid", vm);
	if (!xs_write(handle, t, path, uuid, (unsigned int)strlen(uuid)))
		return false;
	snprintf(path, sizeof(path), "%s/name", vm);
	return xs_write(handle, t, path, c->name, (unsigned int)strlen(c->name)) &&
	       put(t, domid, "vm", vm);
}

static bool put_all(xs_transaction_t t, const struct domain_config *c,
		    const struct builder_domain *d)
{
	return make_home(t, d->domid) && put_vm(t, d->domid, c) &&
	       put(t, d->domid, "name", c->name) &&
	       put_number(t, d->domid, "domid", d->domid) &&
	       put_number(t, d->domid, "memory/static-max", c->max_memory_kb) &&
	       put_number(t, d->domid, "memory/target", c->memory_kb) &&
	       put_cpus(t, d->domid, c->vcpus, c->max_vcpus) && put_rings(t, d) && make_guest_owned(t, d->domid);
}

int xstree_create(const struct domain_config *c, const struct builder_domain *d, struct err *err)
{
	xs_transaction_t t;
	int rc;

	do {
		t = xs_transaction_start(handle);
		rc = t == XBT_NULL || !put_all(t, c, d) ? errno : 0;
		if (t != XBT_NULL && rc)
			xs_transaction_end(handle, t, true);
		else if (!rc && !xs_transaction_end(handle, t, false))
			rc = errno;
	} while (rc == EAGAIN);
	return rc ? err_set(err, ERR_XENSTORE, "xenstore entries of the new domain: %s",
			    strerror(rc)) : 0;
}

void xstree_close(domid_t domid)
{
	char path[PATH_MAX_LEN];

	path_of(path, domid, "domid");
	xs_rm(handle, XBT_NULL, path);
}

void xstree_remove(domid_t domid, const uint8_t uuid[16])
{
	char path[PATH_MAX_LEN], text[37];

	path_of(path, domid, "");
	xs_rm(handle, XBT_NULL, path);
	domain_uuid_text(uuid, text);
	snprintf(path, sizeof(path), "/vm/%s", text);
	xs_rm(handle, XBT_NULL, path);
}

int xstree_rename(domid_t domid, const char *name)
{
	char *vm = xstree_read(domid, "vm"), path[PATH_MAX_LEN];
	int rc = xstree_write(domid, "name", name);

	if (!rc && vm) {
		snprintf(path, sizeof(path), "%s/name", vm);
		if (!xs_write(handle, XBT_NULL, path, name, (unsigned int)strlen(name)))
			rc = -errno;
	}
	free(vm);
	return rc;
}

int xstree_set_cpus(domid_t domid, unsigned int n, unsigned int max)
{
	return put_cpus(XBT_NULL, domid, n, max) ? 0 : -errno;
}

int xstree_domain0(void)
{
	return put(XBT_NULL, 0, "name", "Domain-0") && put(XBT_NULL, 0, "domid", "0") ? 0 : -errno;
}
