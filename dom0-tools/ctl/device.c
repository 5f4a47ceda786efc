/* SPDX-License-Identifier: MIT */
/*
 * Makes and removes the two ends of split devices. Each end is owned by its domain and readable to the other; the
 * guest may write anything into its own, so only the backend's end, which is domain 0's, is believed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xen/io/xenbus.h>
#include "ctl/device.h"
#include "ctl/xstree.h"

#define PATH_LEN 128
#define STEP_MS 20
#define READY_STEPS 500                 /* ten seconds */
#define CLOSE_MS 10000
#define DEVICES_MAX 256                 /* of one kind of one domain */
#define CUT_STEP_MS 2                   /* nobody but the backend is waited for */
#define TRIES 100                       /* at entries that the guest may change at any time */

static void back_path(char path[PATH_LEN], domid_t domid, const char *kind, unsigned int id)
{
	snprintf(path, PATH_LEN, "/local/domain/0/backend/%s/%u/%u", kind, domid, id);
}

static void front_path(char path[PATH_LEN], domid_t domid, const char *kind, unsigned int id)
{
	snprintf(path, PATH_LEN, "/local/domain/%u/device/%s/%u", domid, kind, id);
}

static bool put(xs_transaction_t t, const char *dir, const char *key, const char *value)
{
	char path[PATH_LEN + 64];

	snprintf(path, sizeof(path), "%s/%s", dir, key);
	return xs_write(xstree_handle(), t, path, value, (unsigned int)strlen(value));
}

/* Into a backend's directory, if it is there: never makes one anew. */
static bool put_back(domid_t domid, const char *kind, unsigned int id, const char *key, const char *value)
{
	char dir[PATH_LEN], there[PATH_LEN + 64], path[PATH_LEN + 64];

	back_path(dir, domid, kind, id);
	snprintf(there, sizeof(there), "%s/frontend", dir);
	snprintf(path, sizeof(path), "%s/%s", dir, key);
	return xs_write_if(xstree_handle(), there, NULL, path, value);
}

static char *get(const char *dir, const char *key)
{
	char path[PATH_LEN + 64];

	snprintf(path, sizeof(path), "%s/%s", dir, key);
	return xs_read(xstree_handle(), XBT_NULL, path, NULL);
}

char *device_read_back(domid_t domid, const char *kind, unsigned int id, const char *key)
{
	char dir[PATH_LEN];

	back_path(dir, domid, kind, id);
	return get(dir, key);
}

char *device_read_front(domid_t domid, const char *kind, unsigned int id, const char *key)
{
	char dir[PATH_LEN];

	front_path(dir, domid, kind, id);
	return get(dir, key);
}

/* One end: a directory of `owner`, readable to `reader`, that names the other end. */
static bool put_end(xs_transaction_t t, const char *dir, domid_t owner, domid_t reader,
		    const struct device_key *keys)
{
	struct xs_permissions perms[] = { { owner, XS_PERM_NONE }, { reader, XS_PERM_READ } };
	bool ok = xs_mkdir(xstree_handle(), t, dir) &&
		  xs_set_permissions(xstree_handle(), t, dir, perms, 2);

	for (; ok && keys->key; keys++)
		ok = put(t, dir, keys->key, keys->value);
	return ok;
}

static bool put_device(xs_transaction_t t, domid_t domid, const char *kind, unsigned int id,
		       const struct device_key *back, const struct device_key *front)
{
	char back_dir[PATH_LEN], front_dir[PATH_LEN], number[8];
	const struct device_key back_common[] = {
		{ "frontend", front_dir }, { "frontend-id", number }, { "online", "1" },
		{ "state", "1" }, { NULL, NULL },
	}, front_common[] = {
		{ "backend", back_dir }, { "backend-id", "0" }, { "state", "1" }, { NULL, NULL },
	};

	back_path(back_dir, domid, kind, id);
	front_path(front_dir, domid, kind, id);
	snprintf(number, sizeof(number), "%u", domid);
	return put_end(t, front_dir, domid, 0, front) && put_end(t, front_dir, domid, 0, front_common) &&
	       put_end(t, back_dir, 0, domid, back) && put_end(t, back_dir, 0, domid, back_common);
}

/* Names of children that are numbers. */
static unsigned int numbers(xs_transaction_t t, const char *path, unsigned int *out,
			    unsigned int max)
{
	unsigned int nr = 0, found = 0;
	char **names = xs_directory(xstree_handle(), t, path, &nr), *end;

	for (unsigned int i = 0; names && i < nr && found < max; i++) {
		unsigned long n = strtoul(names[i], &end, 10);

		if (*names[i] && !*end && n <= UINT32_MAX)
			out[found++] = (unsigned int)n;
	}
	free(names);
	return found;
}

static bool is_there(xs_transaction_t t, const char *path)
{
	char *value = xs_read(xstree_handle(), t, path, NULL);

	free(value);
	return value;
}

/* Within one transaction, so that neither another hand nor the domain's end comes between. */
static int may_add(xs_transaction_t t, domid_t domid, const char *kind, unsigned int id)
{
	char dir[PATH_LEN], path[PATH_LEN + 64];
	unsigned int ids[DEVICES_MAX];

	snprintf(path, sizeof(path), "/local/domain/%u/domid", domid);
	if (!is_there(t, path))
		return ENOENT;
	back_path(dir, domid, kind, id);
	snprintf(path, sizeof(path), "%s/state", dir);
	if (is_there(t, path))
		return EEXIST;
	snprintf(path, sizeof(path), "/local/domain/0/backend/%.32s/%u", kind, domid);
	return numbers(t, path, ids, DEVICES_MAX) < DEVICES_MAX ? 0 : EMFILE;
}

static int try_to_add(domid_t domid, const char *kind, unsigned int id, const struct device_key *back,
		      const struct device_key *front)
{
	struct xs_handle *h = xstree_handle();
	xs_transaction_t t = xs_transaction_start(h);
	int rc = t == XBT_NULL ? errno : may_add(t, domid, kind, id);

	if (!rc && !put_device(t, domid, kind, id, back, front))
		rc = errno;
	if (t != XBT_NULL && !xs_transaction_end(h, t, rc != 0) && !rc)
		rc = errno;
	return rc;
}

static int add(domid_t domid, const char *kind, unsigned int id, const struct device_key *back,
	       const struct device_key *front, struct err *err)
{
	int rc = EAGAIN;

	for (int i = 0; rc == EAGAIN && i < TRIES; i++)
		rc = try_to_add(domid, kind, id, back, front);
	if (rc == EEXIST)
		return err_set(err, ERR_EXISTS, "domain %u has a %s %u already", domid, kind, id);
	if (rc == ENOENT)
		return err_set(err, ERR_MISSING, "domain %u has ended", domid);
	if (rc == EMFILE)
		return err_set(err, ERR_CONFIG, "%s %u: domain %u has %d of them, and no more at a time", kind, id,
			       domid, DEVICES_MAX);
	return rc ? err_set(err, ERR_XENSTORE, "xenstore entries of %s %u: %s", kind, id,
			    strerror(rc)) : 0;
}

static int back_state(domid_t domid, const char *kind, unsigned int id)
{
	char *text = device_read_back(domid, kind, id, "state");
	int state = text ? atoi(text) : -1;

	free(text);
	return state;
}

/* It is ready, or it refused: its words are then in err. */
static int wait_ready(domid_t domid, const char *kind, unsigned int id, struct err *err)
{
	int state = back_state(domid, kind, id);
	char *error;

	for (int i = 0; i < READY_STEPS && state == XenbusStateInitialising; i++) {
		os_sleep_ms(STEP_MS);
		state = back_state(domid, kind, id);
	}
	if (state >= XenbusStateInitWait && state <= XenbusStateConnected)
		return 0;
	error = device_read_back(domid, kind, id, "error");
	/* A guest may have had it, and closed it again, between two looks. */
	if (!error && state > XenbusStateConnected)
		return 0;
	err_set(err, ERR_HYPERVISOR, "%s %u: %s", kind, id, error ? error : state < 0 ?
		"it is gone" : "the backend does not answer");
	free(error);
	return -EIO;
}

int device_attach(domid_t domid, const char *kind, unsigned int id, const struct device_key *back,
		  const struct device_key *front, struct err *err)
{
	int rc = add(domid, kind, id, back, front, err);

	if (rc)
		return rc;
	rc = wait_ready(domid, kind, id, err);
	if (rc)
		device_remove(domid, kind, id, true, NULL);
	return rc;
}

/* A backend that was asked to close when it was not online any more, and says that it is closed, has let go of what
 * the device was made of. */
static bool wait_closed(domid_t domid, const char *kind, unsigned int id, unsigned int step_ms)
{
	for (unsigned int ms = 0; ms < CLOSE_MS; ms += step_ms) {
		int state = back_state(domid, kind, id);

		if (state < 0 || state == XenbusStateClosed)
			return true;
		os_sleep_ms(step_ms);
	}
	return false;
}

static void ask_to_close(domid_t domid, const char *kind, unsigned int id)
{
	put_back(domid, kind, id, "online", "0");
	put_back(domid, kind, id, "state", "5");
}

/* Without its frontend a backend has nobody to wait for. */
static void cut_off(domid_t domid, const char *kind, unsigned int id)
{
	char dir[PATH_LEN];

	ask_to_close(domid, kind, id);
	front_path(dir, domid, kind, id);
	xs_rm(xstree_handle(), XBT_NULL, dir);
}

int device_remove(domid_t domid, const char *kind, unsigned int id, bool force, struct err *err)
{
	char dir[PATH_LEN];

	if (back_state(domid, kind, id) < 0)
		return err_set(err, ERR_MISSING, "domain %u has no %s %u", domid, kind, id);
	if (!force) {
		ask_to_close(domid, kind, id);	/* the backend, which asks the frontend by its state */
		if (!wait_closed(domid, kind, id, STEP_MS))
			return err_set(err, ERR_HYPERVISOR, "domain %u does not let go of %s %u: it is in use "
				       "there; --force takes it away", domid, kind, id);
	}
	cut_off(domid, kind, id);
	wait_closed(domid, kind, id, CUT_STEP_MS);
	back_path(dir, domid, kind, id);
	xs_rm(xstree_handle(), XBT_NULL, dir);
	return 0;
}

static int by_number(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return (x > y) - (x < y);
}

unsigned int device_ids(domid_t domid, const char *kind, unsigned int *ids, unsigned int max)
{
	char path[PATH_LEN];
	unsigned int n;

	snprintf(path, sizeof(path), "/local/domain/0/backend/%s/%u", kind, domid);
	n = numbers(XBT_NULL, path, ids, max);
	qsort(ids, n, sizeof(*ids), by_number);
	return n;
}

static void cut_off_kind(domid_t domid, const char *kind)
{
	unsigned int ids[DEVICES_MAX], n = device_ids(domid, kind, ids, DEVICES_MAX);

	for (unsigned int i = 0; i < n; i++)
		cut_off(domid, kind, ids[i]);
}

static void take_away_kind(domid_t domid, const char *kind)
{
	unsigned int ids[DEVICES_MAX], n = device_ids(domid, kind, ids, DEVICES_MAX);
	char path[PATH_LEN];

	for (unsigned int i = 0; i < n; i++)
		wait_closed(domid, kind, ids[i], CUT_STEP_MS);
	snprintf(path, sizeof(path), "/local/domain/0/backend/%.32s/%u", kind, domid);
	xs_rm(xstree_handle(), XBT_NULL, path);
}

void device_remove_all(domid_t domid)
{
	unsigned int nr = 0;
	char **kinds = xs_directory(xstree_handle(), XBT_NULL, "/local/domain/0/backend", &nr);

	for (unsigned int i = 0; kinds && i < nr; i++)
		cut_off_kind(domid, kinds[i]);
	for (unsigned int i = 0; kinds && i < nr; i++)
		take_away_kind(domid, kinds[i]);
	free(kinds);
}
