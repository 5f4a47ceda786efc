/* SPDX-License-Identifier: MIT */
/* The machine and the hypervisor themselves: sysctl, typed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/hyper.h"

#define LOG_CHUNK_PAGES 4U
#define LOG_MAX (4UL << 20)

int ctl_physinfo(struct xen_sysctl_physinfo *info)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo };
	int rc = os_sysctl(&op);

	if (!rc)
		*info = op.u.physinfo;
	return rc;
}

int ctl_scheduler(uint32_t *id)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_sched_id };
	int rc = os_sysctl(&op);

	if (!rc)
		*id = op.u.sched_id.sched_id;
	return rc;
}

int ctl_debug_keys(const char *keys, size_t n)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_debug_keys };
	char *page = n <= OS_PAGE_SIZE ? os_alloc_pages(1) : NULL;
	int rc;

	if (!page)
		return n > OS_PAGE_SIZE ? -E2BIG : -ENOMEM;
	memcpy(page, keys, n);
	set_xen_guest_handle(op.u.debug_keys.keys, page);
	op.u.debug_keys.nr_keys = (uint32_t)n;
	rc = os_sysctl(&op);
	os_free_pages(page, 1);
	return rc;
}

const char *ctl_scheduler_name(uint32_t id)
{
	switch (id) {
	case 0:				/* Parvus's own */
		return "rr";
	case XEN_SCHEDULER_CREDIT:
		return "credit";
	case XEN_SCHEDULER_CREDIT2:
		return "credit2";
	case XEN_SCHEDULER_ARINC653:
		return "arinc653";
	case XEN_SCHEDULER_RTDS:
		return "rtds";
	case XEN_SCHEDULER_NULL:
		return "null";
	}
	return "unknown";
}

/* Reads the next chunk at *index into buffer; bytes, 0 at the end. */
static int read_chunk(char *buffer, uint32_t size, uint32_t *index, bool first, bool clear)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_readconsole };
	struct xen_sysctl_readconsole *r = &op.u.readconsole;
	int rc;

	r->clear = clear;
	r->incremental = !first;
	r->index = *index;
	r->count = size;
	set_xen_guest_handle(r->buffer, buffer);
	rc = os_sysctl(&op);
	if (rc)
		return rc;
	*index = r->index;
	return (int)r->count;
}

static int append(char **text, size_t *len, const char *chunk, size_t n)
{
	char *p;

	if (*len + n > LOG_MAX)
		return -E2BIG;
	p = realloc(*text, *len + n + 1);
	if (!p)
		return -ENOMEM;
	memcpy(p + *len, chunk, n);
	*len += n;
	p[*len] = 0;
	*text = p;
	return 0;
}

/* The ring may be read only from its start or from an index seen before: chunk after chunk. */
char *ctl_log(bool clear)
{
	uint32_t size = LOG_CHUNK_PAGES * OS_PAGE_SIZE, index = 0;
	char *buffer = os_alloc_pages(LOG_CHUNK_PAGES), *text = NULL;
	size_t len = 0;
	int n = -ENOMEM, rc = buffer ? append(&text, &len, "", 0) : -ENOMEM;

	for (bool first = true; !rc; first = false) {
		n = read_chunk(buffer, size, &index, first, false);
		rc = n > 0 ? append(&text, &len, buffer, (size_t)n) : n;
		if (n <= 0)
			break;
	}
	if (!rc && clear)
		rc = read_chunk(buffer, 0, &index, true, true);
	os_free_pages(buffer, LOG_CHUNK_PAGES);
	if (rc < 0) {
		free(text);
		errno = -rc;
		return NULL;
	}
	return text;
}
