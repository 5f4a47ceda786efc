/* SPDX-License-Identifier: MIT */
/* The fake hypervisor behind os.h: one guest at most, frames in host memory, mappings as copies. */
#include <errno.h>
#include "test.h"
#include "fake_os.h"

#define FIRST_MFN 0x10000ULL
#define SHARED_MFN 0x900ULL
#define GRANT_MFN 0x901ULL

struct mapping {
	struct mapping *next;
	uint8_t *va;
	size_t n;
	bool write;
	xen_pfn_t *mfns;
};

struct fake fake;
static uint8_t *memory, shared_info[4096], grant_table[4096];
static struct mapping *mappings;
static xen_domain_handle_t handle;

bool fake_step(void);
bool fake_step(void)
{
	return ++fake.steps == fake.fail_at;
}

void *fake_frame(xen_pfn_t mfn)
{
	if (mfn == SHARED_MFN)
		return shared_info;
	if (mfn == GRANT_MFN)
		return grant_table;
	assert_true(mfn >= FIRST_MFN && mfn < FIRST_MFN + fake.pages);
	return memory + (mfn - FIRST_MFN) * 4096;
}

void *os_alloc_pages(size_t n)
{
	void *p;

	if (fake_step())
		return NULL;
	p = aligned_alloc(4096, n * 4096);
	memset(p, 0, n * 4096);
	fake.buffers++;
	return p;
}

void os_free_pages(void *p, size_t n)
{
	(void)n;
	fake.buffers -= p != NULL;
	free(p);
}

static void destroy(void)
{
	assert_int_equal(fake.mappings, 0);
	assert_int_equal(fake.consoles, 0);
	assert_int_equal(fake.introduced, 0);
	free(memory);
	memory = NULL;
	fake.pages = 0;
	fake.ports = 0;
	fake.domain = false;
	if (fake.held)
		fake.dying = fake.domid;
}

static void info_dying(struct xen_domctl_getdomaininfo *i, domid_t domid)
{
	memset(i, 0, sizeof(*i));
	i->domain = domid;
	i->flags = XEN_DOMINF_dying;
	memcpy(i->handle, handle, sizeof(handle));
}

static void info(struct xen_domctl_getdomaininfo *i)
{
	memset(i, 0, sizeof(*i));
	i->domain = fake.domid;
	i->tot_pages = fake.pages;
	i->shared_info_frame = SHARED_MFN;
	if (fake.ended)
		i->flags = XEN_DOMINF_shutdown | fake.code << XEN_DOMINF_shutdownshift;
	memcpy(i->handle, handle, sizeof(handle));
}

int os_domctl(struct xen_domctl *op)
{
	if (op->cmd == XEN_DOMCTL_destroydomain) {
		assert_true(fake.domain && op->domain == fake.domid);
		destroy();
		return 0;
	}
	if (op->cmd == XEN_DOMCTL_getdomaininfo && fake.dying && op->domain == fake.dying) {
		info_dying(&op->u.getdomaininfo, fake.dying);
		return 0;
	}
	if (op->cmd == XEN_DOMCTL_getdomaininfo && !fake.domain)
		return -ESRCH;
	if (fake_step())
		return -EIO;
	if (op->cmd == XEN_DOMCTL_createdomain) {
		assert_false(fake.domain);
		fake.domain = true;
		op->domain = ++fake.domid;
		memcpy(handle, op->u.createdomain.handle, sizeof(handle));
		fake.pinned = fake.hypercall_page = fake.ended = false;
		return 0;
	}
	if (op->domain != fake.domid || !fake.domain)
		return -ESRCH;
	switch (op->cmd) {
	case XEN_DOMCTL_getdomaininfo:
		info(&op->u.getdomaininfo);
		break;
	case XEN_DOMCTL_hypercall_init:
		memset(fake_frame(op->u.hypercall_init.gmfn), 0xcc, 4096);
		fake.hypercall_page = true;
		break;
	case XEN_DOMCTL_setvcpucontext:
		assert_true(fake.pinned);
		memcpy(&fake.context, op->u.vcpucontext.ctxt.p, sizeof(fake.context));
		break;
	case XEN_DOMCTL_pausedomain:
		fake.paused = true;
		break;
	case XEN_DOMCTL_unpausedomain:
		fake.paused = false;
		break;
	}
	return 0;
}

static int read_log(struct xen_sysctl_readconsole *r)
{
	static const char log[] = "(XEN) hello\n(XEN) d1v0 did something wrong\n";
	uint32_t at = r->incremental ? r->index : 0;
	uint32_t n = (uint32_t)sizeof(log) - 1 - at;

	memcpy(r->buffer.p, log + at, n);
	r->index = at + n;
	r->count = n;
	return 0;
}

static uint32_t list(domid_t from, uint32_t max, struct xen_domctl_getdomaininfo *infos)
{
	uint32_t n = 0;

	for (domid_t id = from ? from : 1; id <= fake.strangers && n < max; id++)
		info_dying(&infos[n++], id);
	if (fake.dying && from <= fake.dying && n < max)
		info_dying(&infos[n++], fake.dying);
	if (fake.domain && from <= fake.domid && n < max)
		info(&infos[n++]);
	return n;
}

int os_sysctl(struct xen_sysctl *op)
{
	if (fake_step())
		return -EIO;
	switch (op->cmd) {
	case XEN_SYSCTL_physinfo:
		memset(&op->u.physinfo, 0, sizeof(op->u.physinfo));
		op->u.physinfo.free_pages = FAKE_TOTAL_PAGES - fake.pages;
		return 0;
	case XEN_SYSCTL_sched_id:
		op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
		return 0;
	case XEN_SYSCTL_getdomaininfolist:
		op->u.getdomaininfolist.num_domains = list(op->u.getdomaininfolist.first_domain,
							   op->u.getdomaininfolist.max_domains,
							   op->u.getdomaininfolist.buffer.p);
		return 0;
	case XEN_SYSCTL_readconsole:
		return read_log(&op->u.readconsole);
	}
	return -ENOSYS;
}

long os_memory_op(unsigned int cmd, void *arg, size_t size)
{
	struct xen_memory_reservation *r = arg;
	xen_pfn_t *extent = r->extent_start.p;

	assert_int_equal(cmd, XENMEM_populate_physmap);
	assert_int_equal(size, sizeof(*r));
	if (fake_step())
		return -ENOMEM;
	if (r->extent_order && fake.fragmented)
		return 0;
	for (unsigned long i = 0; i < r->nr_extents; i++) {
		assert_int_equal(extent[i], fake.pages);        /* pfns in order, each once */
		extent[i] = FIRST_MFN + fake.pages;
		fake.pages += 1UL << r->extent_order;
	}
	memory = realloc(memory, fake.pages * 4096);
	memset(memory, 0x5a, fake.pages * 4096);                /* fresh frames are not zero */
	return (long)r->nr_extents;
}

int os_mmuext_op(struct mmuext_op *ops, unsigned int n, domid_t domid)
{
	assert_int_equal(n, 1);
	assert_int_equal(domid, fake.domid);
	assert_int_equal(ops->cmd, MMUEXT_PIN_L4_TABLE);
	if (fake_step())
		return -EINVAL;
	for (struct mapping *m = mappings; m; m = m->next)
		assert_false(m->write);
	fake.pinned = true;
	return 0;
}

long os_xen_version(unsigned int cmd, void *arg, size_t size)
{
	(void)cmd;
	(void)arg;
	(void)size;
	return -ENOSYS;
}

void *os_map_foreign(domid_t domid, const xen_pfn_t *mfns, size_t n, int prot)
{
	struct mapping *m;

	assert_int_equal(domid, fake.domid);
	if (fake_step()) {
		errno = ENOMEM;
		return NULL;
	}
	m = calloc(1, sizeof(*m));
	m->va = malloc(n * 4096);
	m->mfns = malloc(n * sizeof(*mfns));
	memcpy(m->mfns, mfns, n * sizeof(*mfns));
	m->n = n;
	m->write = prot & OS_PROT_WRITE;
	for (size_t i = 0; i < n; i++)
		memcpy(m->va + i * 4096, fake_frame(mfns[i]), 4096);
	m->next = mappings;
	mappings = m;
	fake.mappings++;
	return m->va;
}

void os_unmap(void *p, size_t n)
{
	struct mapping **link, *m;

	for (link = &mappings; (m = *link) && m->va != p; link = &m->next)
		;
	assert_non_null(m);
	assert_int_equal(m->n, n);
	for (size_t i = 0; i < n; i++)
		memcpy(fake_frame(m->mfns[i]), m->va + i * 4096, 4096);
	*link = m->next;
	free(m->mfns);
	free(m->va);
	free(m);
	fake.mappings--;
}

int os_grant_setup(domid_t domid, unsigned int n, xen_pfn_t *mfns)
{
	assert_int_equal(domid, fake.domid);
	assert_int_equal(n, 1);
	if (fake_step())
		return -ENOMEM;
	memset(grant_table, 0, sizeof(grant_table));
	*mfns = GRANT_MFN;
	return 0;
}

int os_evtchn_alloc_for(domid_t domid, domid_t remote)
{
	assert_int_equal(domid, fake.domid);
	assert_int_equal(remote, 0);
	return fake_step() ? -ENOSPC : ++fake.ports;
}

/* No threads here: a lock is a count that must be right. */
struct os_mutex {
	int held;
};

struct os_mutex *os_mutex_new(void)
{
	return calloc(1, sizeof(struct os_mutex));
}

void os_mutex_lock(struct os_mutex *m)
{
	assert_int_equal(m->held++, 0);
}

void os_mutex_unlock(struct os_mutex *m)
{
	assert_int_equal(--m->held, 0);
}

void os_sleep_ms(unsigned int ms)
{
	(void)ms;
}

uint64_t os_now_ns(void)
{
	return fake.now_ns += 1000;
}

uint64_t os_wall_ns(void)
{
	return os_now_ns();
}

int os_thread_start(const char *name, void (*fn)(void *), void *arg)
{
	(void)name;
	fake.thread = fn;
	fake.thread_arg = arg;
	return 0;
}
