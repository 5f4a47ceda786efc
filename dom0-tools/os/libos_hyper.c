/* SPDX-License-Identifier: MIT */
/*
 * os.h on the library OS: hypercalls, foreign frames and grants. Here all memory is resident, so
 * structures go to the hypervisor where they lie; only the error numbers need translation.
 * Grant mappings are found again by their address, in a list under grants_lock.
 */
#include "os/os.h"
#include <errno.h>
#include <stdlib.h>
#include <libos.h>

struct grant {
	struct grant *next;
	struct gnttab_mapping mapping;
};

static struct mutex grants_lock = MUTEX_INIT;
static struct grant *grants;

void *os_alloc_pages(size_t n)
{
	return pages_alloc(n);
}

void os_free_pages(void *p, size_t n)
{
	if (p)
		pages_free(p, n);
}

uint64_t os_maddr(const void *p)
{
	return virt_to_maddr(p);
}

int os_domctl(struct xen_domctl *op)
{
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	return (int)xen_result(hypercall_domctl(op));
}

int os_sysctl(struct xen_sysctl *op)
{
	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return (int)xen_result(hypercall_sysctl(op));
}

int os_platform_op(struct xen_platform_op *op)
{
	op->interface_version = XENPF_INTERFACE_VERSION;
	return (int)xen_result(hypercall_platform_op(op));
}

long os_memory_op(unsigned int cmd, void *arg, size_t size)
{
	(void)size;
	return xen_result(hypercall_memory_op(cmd, arg));
}

long os_xen_version(unsigned int cmd, void *arg, size_t size)
{
	(void)size;
	return xen_result(hypercall_xen_version((int)cmd, arg));
}

int os_mmuext_op(struct mmuext_op *ops, unsigned int n, domid_t domid)
{
	return (int)xen_result(hypercall_mmuext_op(ops, n, NULL, domid));
}

void *os_map_foreign(domid_t domid, const xen_pfn_t *mfns, size_t n, int prot)
{
	return frames_map(mfns, n, prot & OS_PROT_WRITE ? PTE_RW : PTE_RO, domid);
}

void os_unmap(void *p, size_t n)
{
	frames_unmap(p, n);
}

void *os_grant_map(domid_t domid, uint32_t ref, int prot)
{
	struct grant *g = malloc(sizeof(*g));

	if (!g) {
		errno = ENOMEM;
		return NULL;
	}
	if (gnttab_map(&g->mapping, domid, ref, !(prot & OS_PROT_WRITE))) {
		free(g);
		errno = EINVAL;
		return NULL;
	}
	mutex_lock(&grants_lock);
	g->next = grants;
	grants = g;
	mutex_unlock(&grants_lock);
	return g->mapping.va;
}

void os_grant_unmap(void *p)
{
	struct grant **link, *g;

	mutex_lock(&grants_lock);
	for (link = &grants; (g = *link) && g->mapping.va != p; link = &g->next)
		;
	if (g)
		*link = g->next;
	mutex_unlock(&grants_lock);
	if (!g)
		return;
	gnttab_unmap(&g->mapping);
	free(g);
}

void *os_reserve_pages(size_t n)
{
	return os_va_alloc(n);
}

void os_release_pages(void *p, size_t n)
{
	if (p)
		os_va_free(p, n);
}

int os_grant_batch(unsigned int cmd, void *ops, unsigned int n)
{
	return (int)xen_result(hypercall_grant_table_op(cmd, ops, n));
}

int os_grant_setup(domid_t domid, unsigned int n, xen_pfn_t *mfns)
{
	struct gnttab_setup_table op = { .dom = domid, .nr_frames = n };
	long rc;

	set_xen_guest_handle(op.frame_list, mfns);
	rc = hypercall_grant_table_op(GNTTABOP_setup_table, &op, 1);
	if (rc)
		return (int)xen_result(rc);
	return op.status == GNTST_okay ? 0 : op.status == GNTST_bad_domain ? -ESRCH : -EINVAL;
}

int os_machine_off(bool reset)
{
	return (int)xen_result(hypercall_shutdown(reset ? SHUTDOWN_reboot : SHUTDOWN_poweroff));
}
