/* SPDX-License-Identifier: MIT */
/*
 * Handlers of the requests about domains, and of the words to the daemon itself. The table in
 * request.c lets only domain 0 reach those that change something.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "request.h"

int request_get_domain_path(struct req *r)
{
	char path[32];
	unsigned int domid;

	if (!request_domid(r, 0, &domid))
		return -EINVAL;
	snprintf(path, sizeof(path), "/local/domain/%u", domid);
	return request_put_string(r, path);
}

int request_is_domain_introduced(struct req *r)
{
	unsigned int domid;

	if (!request_domid(r, 0, &domid))
		return -EINVAL;
	return request_put_string(r, !domid || store_guest(r->c->store, domid) ? "T" : "F");
}

int request_introduce(struct req *r)
{
	struct store *s = r->c->store;
	unsigned long mfn, port;
	unsigned int domid;
	int ret;

	if (!request_domid(r, 0, &domid) || !domid || !request_number(r->arg[1], ~0UL, &mfn) ||
	    !request_number(r->arg[2], 0xffffffff, &port))
		return -EINVAL;
	ret = store_guest(s, domid) ? 0 : s->ops->introduce(s, domid, mfn, port);
	if (!ret)
		watch_fire_special(s, "@introduceDomain");
	return ret;
}

int request_release(struct req *r)
{
	struct store *s = r->c->store;
	unsigned int domid;
	int ret;

	if (!request_domid(r, 0, &domid) || !domid)
		return -EINVAL;
	ret = store_guest(s, domid) ? s->ops->release(s, domid) : -ENOENT;
	if (!ret)
		watch_fire_special(s, "@releaseDomain");
	return ret;
}

/* A resumed domain may shut down again; nothing here remembers that it did. */
int request_resume(struct req *r)
{
	unsigned int domid;

	if (!request_domid(r, 0, &domid) || !domid)
		return -EINVAL;
	return store_guest(r->c->store, domid) ? 0 : -ENOENT;
}

int request_set_target(struct req *r)
{
	unsigned int domid, target;
	struct conn *guest;

	if (!request_domid(r, 0, &domid) || !request_domid(r, 1, &target) || !domid || !target)
		return -EINVAL;
	guest = store_guest(r->c->store, domid);
	if (!guest || !store_guest(r->c->store, target))
		return -ENOENT;
	guest->target = target;
	return 0;
}

/* One line a guest: what it holds, and "wrong" if the accounts do not say what the tree says. */
static int control_quota(struct req *r)
{
	const struct conn *c;
	char line[160];
	int ret = 0;

	for (c = r->c->store->conns; c && !ret; c = c->next) {
		unsigned int nodes;
		size_t bytes;
		int len;

		if (c->privileged)
			continue;
		store_count(c->store, c->domid, &nodes, &bytes);
		len = snprintf(line, sizeof(line),
			       "domain %u: %u nodes, %zu bytes, %u watches, %u transactions%s\n",
			       c->domid, c->nodes, c->bytes, c->nwatches, c->ntxns,
			       nodes == c->nodes && bytes == c->bytes ? "" : ", wrong");
		ret = request_put(r, line, len);
	}
	return ret ? ret : request_put(r, "", 1);
}

int request_control(struct req *r)
{
	if (!strcmp(r->arg[0], "quota"))
		return control_quota(r);
	return strcmp(r->arg[0], "help") ? -EINVAL : request_put_string(r, "help\nquota\n");
}
