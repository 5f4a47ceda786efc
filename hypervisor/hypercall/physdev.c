/* SPDX-License-Identifier: MIT */
/*
 * physdev_op: dom0's way to interrupts, by pin (GSI) and by message (MSI, MSI-X), and to the privilege over I/O ports.
 * PCI devices that dom0 announces are accepted without record: a message is looked up in the function's own
 * configuration space when it is mapped. No device is passed through to another domain.
 */
#include <xen/physdev.h>
#include "cpu.h"
#include "domain.h"
#include "errno.h"
#include "irq.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"

/* dom0's page of "needs PHYSDEVOP_eoi" bits, held by FT_WRITABLE; domctl_lock. */
static uint64_t *eoi_map;

static void eoi_map_fill(void)
{
	for (unsigned pirq = 0; eoi_map && pirq < NR_PIRQS; pirq++) {
		if (pirq_needs_eoi(pirq))
			set_bit(pirq, eoi_map);
		else
			clear_bit(pirq, eoi_map);
	}
}

static long op_eoi_gmfn(void *arg)
{
	const physdev_pirq_eoi_gmfn_t *a = arg;
	struct frame *f;
	int rc;

	if (!spin_trylock(&domctl_lock))
		return hypercall_again();
	rc = eoi_map ? -EBUSY : frame_get_both(mfn(a->gmfn), current->domain, FT_WRITABLE, &f);
	if (!rc) {
		eoi_map = mfn_to_virt(frame_mfn(f));
		eoi_map_fill();
	}
	spin_unlock(&domctl_lock);
	return rc;
}

mfn_t physdev_eoi_frame(void)
{
	return eoi_map ? virt_to_mfn(eoi_map) : MFN_NONE;
}

static long op_eoi(void *arg)
{
	return pirq_eoi(current->domain, ((physdev_eoi_t *)arg)->irq);
}

static long op_irq_status(void *arg)
{
	physdev_irq_status_query_t *a = arg;

	if (!pirq_valid(a->irq))
		return -EINVAL;
	a->flags = pirq_needs_eoi(a->irq) ? XENIRQSTAT_needs_eoi : 0;
	return 0;
}

static long op_set_iopl(void *arg)
{
	const physdev_set_iopl_t *a = arg;

	if (a->iopl > 3)
		return -EINVAL;
	current->pv.iopl = a->iopl;
	return 0;
}

static long op_set_iobitmap(void *arg)
{
	const physdev_set_iobitmap_t *a = arg;

	if (a->nr_ports > 65536)
		return -EINVAL;
	current->pv.iobmp = (uint8_t *)a->bitmap.p;
	current->pv.iobmp_limit = a->nr_ports;
	return 0;
}

static long op_apic_read(void *arg)
{
	physdev_apic_t *a = arg;

	return irq_ioapic_read(a->apic_physbase, a->reg, &a->value);
}

static long op_alloc_vector(void *arg)
{
	physdev_irq_t *a = arg;

	if (!pirq_is_gsi(a->irq))
		return -EINVAL;
	a->vector = VECTOR_IRQ_BASE + a->irq;
	return 0;
}

static int map_gsi(const physdev_map_pirq_t *a)
{
	if (a->index < 0 || !pirq_is_gsi(a->index) || (a->pirq >= 0 && a->pirq != a->index))
		return -EINVAL;
	return a->index;
}

/* The segment is in the upper half of bus; there is only 0. Several messages of one function would need vectors in a
 * row: as on a peer without interrupt remapping, a driver has to do with one. */
static int map_msi(const physdev_map_pirq_t *a)
{
	struct msi_request r = { .bdf = a->bus << 8 | a->devfn, .table_base = a->table_base };

	if (a->bus & ~0xff || a->devfn & ~0xff)
		return -ENODEV;
	if (a->type == MAP_PIRQ_TYPE_MULTI_MSI && (a->table_base || a->entry_nr != 1))
		return a->entry_nr > 1 ? -EOPNOTSUPP : -EINVAL;
	if (a->table_base && (a->entry_nr < 0 || a->entry_nr > UINT16_MAX))
		return -EINVAL;
	if (a->table_base)
		r.entry = a->entry_nr;
	return pirq_map_msi(current->domain, &r, a->pirq);
}

static long op_map_pirq(void *arg)
{
	physdev_map_pirq_t *a = arg;
	int pirq;

	if (a->domid != DOMID_SELF && a->domid != current->domain->id) {
		guest_log(LOG_WARN, "map_pirq for domain %u refused: no device pass-through", a->domid);
		return -EOPNOTSUPP;
	}
	switch (a->type) {
	case MAP_PIRQ_TYPE_GSI:
		pirq = map_gsi(a);
		break;
	case MAP_PIRQ_TYPE_MSI:
	case MAP_PIRQ_TYPE_MSI_SEG:
	case MAP_PIRQ_TYPE_MULTI_MSI:
		pirq = map_msi(a);
		break;
	default:
		return -EINVAL;
	}
	if (pirq < 0)
		return pirq;
	a->pirq = pirq;
	return 0;
}

static long op_unmap_pirq(void *arg)
{
	const physdev_unmap_pirq_t *a = arg;

	if (a->domid != DOMID_SELF && a->domid != current->domain->id)
		return -EOPNOTSUPP;
	return a->pirq < 0 ? -EINVAL : pirq_unmap(a->pirq);
}

static long op_setup_gsi(void *arg)
{
	const physdev_setup_gsi_t *a = arg;
	int rc;

	if (a->gsi < 0)
		return -EINVAL;
	if (!spin_trylock(&domctl_lock))
		return hypercall_again();
	rc = pirq_setup(a->gsi, a->triggering != 0, a->polarity != 0);
	eoi_map_fill();
	spin_unlock(&domctl_lock);
	return rc;
}

static long op_accept(void *arg)
{
	(void)arg;
	return 0;
}

static const struct subop ops[] = {
	[PHYSDEVOP_irq_status_query] = { op_irq_status, sizeof(physdev_irq_status_query_t), true, false },
	[PHYSDEVOP_set_iopl] = { op_set_iopl, sizeof(physdev_set_iopl_t), false, false },
	[PHYSDEVOP_set_iobitmap] = { op_set_iobitmap, sizeof(physdev_set_iobitmap_t), false, false },
	[PHYSDEVOP_apic_read] = { op_apic_read, sizeof(physdev_apic_t), true, true },
	[PHYSDEVOP_alloc_irq_vector] = { op_alloc_vector, sizeof(physdev_irq_t), true, true },
	[PHYSDEVOP_free_irq_vector] = { op_accept, sizeof(physdev_irq_t), false, true },
	[PHYSDEVOP_eoi] = { op_eoi, sizeof(physdev_eoi_t), false, false },
	[PHYSDEVOP_map_pirq] = { op_map_pirq, sizeof(physdev_map_pirq_t), true, true },
	[PHYSDEVOP_unmap_pirq] = { op_unmap_pirq, sizeof(physdev_unmap_pirq_t), false, true },
	[PHYSDEVOP_manage_pci_add] = { op_accept, sizeof(physdev_manage_pci_t), false, true },
	[PHYSDEVOP_manage_pci_remove] = { op_accept, sizeof(physdev_manage_pci_t), false, true },
	[PHYSDEVOP_manage_pci_add_ext] = { op_accept, sizeof(physdev_manage_pci_ext_t), false, true },
	[PHYSDEVOP_setup_gsi] = { op_setup_gsi, sizeof(physdev_setup_gsi_t), false, true },
	[PHYSDEVOP_pci_mmcfg_reserved] = { op_accept, sizeof(physdev_pci_mmcfg_reserved_t), false, true },
	[PHYSDEVOP_pci_device_add] = { op_accept, offsetof(physdev_pci_device_add_t, optarr), false, true },
	[PHYSDEVOP_pci_device_remove] = { op_accept, sizeof(physdev_pci_device_t), false, true },
	[PHYSDEVOP_pirq_eoi_gmfn_v2] = { op_eoi_gmfn, sizeof(physdev_pirq_eoi_gmfn_t), false, true },
};

long do_physdev_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6)
{
	(void)a3, (void)a4, (void)a5, (void)a6;
	return subop_dispatch(ops, ARRAY_SIZE(ops), (uint32_t)cmd, (void *)arg);
}
