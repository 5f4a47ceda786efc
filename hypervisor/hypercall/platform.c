/* SPDX-License-Identifier: MIT */
/* platform_op: what dom0 does to the machine: set the clock, put it to sleep, look at its CPUs. */
#include <xen/platform.h>
#include "boot.h"
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "lib.h"
#include "uaccess.h"

static long get_idle_time(struct xenpf_getidletime *a)
{
	uint64_t map = 0;
	unsigned n = MIN(a->cpumap_nr_cpus, nr_cpus);

	if (guest_copy_from_(&map, a->cpumap_bitmap.p, 0, (n + 7) / 8, 1))
		return -EFAULT;
	for (unsigned i = 0; i < n; i++) {
		uint64_t idle;

		if (!(map >> i & 1))
			continue;
		idle = cpus[i]->idle ? vcpu_run_time(cpus[i]->idle) : 0;
		if (copy_to_guest_off(a->idletime, i, &idle, 1))
			return -EFAULT;
	}
	map &= n < 64 ? BIT(n) - 1 : ~0ULL;
	if (guest_copy_to_(a->cpumap_bitmap.p, 0, &map, (n + 7) / 8, 1))
		return -EFAULT;
	a->now = now();
	return 0;
}

static long get_cpuinfo(struct xenpf_pcpuinfo *a)
{
	a->max_present = nr_cpus - 1;
	a->flags = XEN_PCPU_FLAGS_INVALID;
	if (a->xen_cpuid < nr_cpus) {
		a->apic_id = cpus[index_nospec(a->xen_cpuid, nr_cpus)]->apic_id;
		a->acpi_id = a->xen_cpuid;
		a->flags = XEN_PCPU_FLAGS_ONLINE;
	}
	return 0;
}

static long act(xen_platform_op_t *op)
{
	switch (op->cmd) {
	case XENPF_settime32:
		return time_set_wallclock(op->u.settime32.secs, op->u.settime32.nsecs,
					  op->u.settime32.system_time);
	case XENPF_settime64:
		if (op->u.settime64.mbz)
			return -EINVAL;
		return time_set_wallclock(op->u.settime64.secs, op->u.settime64.nsecs,
					  op->u.settime64.system_time);
	case XENPF_enter_acpi_sleep:
		if (op->u.enter_acpi_sleep.flags)
			return -EOPNOTSUPP;
		return acpi_enter_sleep(op->u.enter_acpi_sleep.val_a, op->u.enter_acpi_sleep.val_b,
					op->u.enter_acpi_sleep.sleep_state);
	case XENPF_getidletime:
		return get_idle_time(&op->u.getidletime);
	case XENPF_get_cpuinfo:
		return get_cpuinfo(&op->u.pcpu_info);
	}
	return -ENOSYS;
}

long do_platform_op(uint64_t arg, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	xen_platform_op_t op, *guest = (xen_platform_op_t *)arg;
	long rc;

	(void)a2, (void)a3, (void)a4, (void)a5, (void)a6;
	if (!guest_range_ok(guest, sizeof(op)) || copy_from_guest_bytes(&op, guest, sizeof(op)))
		return -EFAULT;
	if (op.interface_version != XENPF_INTERFACE_VERSION)
		return -EACCES;
	if (!current->domain->privileged)
		return -EPERM;
	rc = act(&op);
	if (rc >= 0 && copy_to_guest_bytes(guest, &op, sizeof(op)))
		return -EFAULT;
	return rc;
}
