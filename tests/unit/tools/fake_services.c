/* SPDX-License-Identifier: MIT */
/* The fake xenstored (a list of paths, transactions by owner) and console daemon. */
#include <errno.h>
#include "test.h"
#include "fake_os.h"
#include "console/console.h"
#include "xenstore/xs.h"

#define MAX_NODES 128

struct node {
	char path[160], value[160];
	xs_transaction_t owner;         /* XBT_NULL: committed */
};

static struct node nodes[MAX_NODES];

bool fake_step(void);

struct xs_handle *xs_open(unsigned long flags)
{
	static int one;

	(void)flags;
	return (struct xs_handle *)&one;
}

void xs_close(struct xs_handle *h)
{
	(void)h;
}

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
	(void)h;
	(void)token;
	assert_string_equal(path, "@releaseDomain");
	return true;
}

char **xs_read_watch_timeout(struct xs_handle *h, unsigned int *num, int timeout_ms)
{
	(void)h;
	(void)num;
	fake.wait(timeout_ms);
	return NULL;
}

int console_note(unsigned int domid, const char *text)
{
	(void)domid;
	assert_non_null(text);
	return 0;
}

static struct node *find(const char *path, xs_transaction_t t)
{
	for (int i = 0; i < MAX_NODES; i++)
		if (!strcmp(nodes[i].path, path) && (!nodes[i].owner || nodes[i].owner == t))
			return &nodes[i];
	return NULL;
}

const char *fake_node(const char *path)
{
	struct node *n = find(path, XBT_NULL);

	return n ? n->value : NULL;
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data,
	      unsigned int len)
{
	struct node *n = find(path, t);

	(void)h;
	if (fake_step()) {
		errno = ENOSPC;
		return false;
	}
	if (!n) {
		n = find("", XBT_NULL);
		assert_non_null(n);
		snprintf(n->path, sizeof(n->path), "%s", path);
		n->owner = t;
		fake.nodes += !t;
	}
	assert_true(len < sizeof(n->value));
	memcpy(n->value, data, len);
	n->value[len] = 0;
	return true;
}

bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	return xs_write(h, t, path, "", 0);
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t, const char *path,
			struct xs_permissions *perms, unsigned int num)
{
	(void)h;
	assert_non_null(find(path, t));
	assert_true(num >= 1 && (perms[0].id == 0 || perms[0].id == fake.domid));
	errno = EIO;
	return !fake_step();
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len)
{
	struct node *n = find(path, t);

	(void)h;
	if (!n || fake_step()) {
		errno = ENOENT;
		return NULL;
	}
	if (len)
		*len = (unsigned int)strlen(n->value);
	return strdup(n->value);
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	size_t len = strlen(path);

	(void)h;
	assert_int_equal(t, XBT_NULL);
	for (int i = 0; i < MAX_NODES; i++)
		if (!nodes[i].owner && !strncmp(nodes[i].path, path, len) &&
		    (nodes[i].path[len] == '/' || !nodes[i].path[len])) {
			nodes[i].path[0] = 0;
			fake.nodes--;
		}
	return true;
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num)
{
	(void)h;
	(void)t;
	(void)path;
	*num = 0;
	errno = ENOENT;
	return NULL;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
	(void)h;
	if (fake_step()) {
		errno = ENOMEM;
		return XBT_NULL;
	}
	fake.transactions++;
	return 1;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
	bool failed = fake_step();

	(void)h;
	fake.transactions--;
	for (int i = 0; i < MAX_NODES; i++) {
		if (nodes[i].owner != t || !nodes[i].path[0])
			continue;
		nodes[i].owner = XBT_NULL;
		if (abort || failed)
			nodes[i].path[0] = 0;
		else
			fake.nodes++;
	}
	errno = EIO;
	return !failed;
}

bool xs_introduce_domain(struct xs_handle *h, unsigned int domid, unsigned long mfn,
			 unsigned int eventchn)
{
	(void)h;
	assert_int_equal(domid, fake.domid);
	assert_non_null(fake_frame(mfn));
	assert_int_equal(eventchn, 1);
	if (fake_step()) {
		errno = EINVAL;
		return false;
	}
	fake.introduced++;
	return true;
}

bool xs_release_domain(struct xs_handle *h, unsigned int domid)
{
	(void)h;
	assert_int_equal(domid, fake.domid);
	fake.introduced--;
	return true;
}

int console_add(unsigned int domid, const char *name, unsigned long mfn, uint32_t port)
{
	assert_int_equal(domid, fake.domid);
	assert_non_null(name);
	assert_non_null(fake_frame(mfn));
	assert_int_equal(port, 2);
	if (fake_step())
		return -ENOMEM;
	fake.consoles++;
	return 0;
}

int console_gone(unsigned int domid)
{
	assert_int_equal(domid, fake.domid);
	fake.consoles--;
	return 0;
}

int console_forget(unsigned int domid)
{
	return console_gone(domid);
}
