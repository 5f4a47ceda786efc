/* SPDX-License-Identifier: MIT */
/*
 * Attack: what is the control domain's or the machine's. I/O ports with IOPL 3 and with a
 * permissive bitmap, MSRs, control and debug registers, system instructions, the hypervisor's
 * memory, every domctl, sysctl and platform operation, other domains' tables, frames, ports and
 * grants by guessing their numbers.
 *
 * Expected: ports read as ones and swallow writes; everything else is refused.
 */
#include "test.h"
#include <xen/physdev.h>

#define DOMCTL_VERSION 0x15
#define SYSCTL_VERSION 0x15
#define PLATFORM_VERSION 0x03000001

static uint64_t buffer[256];

static long wrmsr(uint32_t msr, uint64_t v)
{
	return PROBE("movl %0, %%ecx\n\twrmsr", NONE, "r"(msr), "a"((uint32_t)v), "d"(v >> 32));
}

static void check_ports(void)
{
	static const uint16_t port[] = { 0x20, 0x40,  0x60,  0x64,  0x70,  0x71,
					 0x92, 0x3f8, 0xcf8, 0xcfc, 0x604, 0xffff };
	struct physdev_set_iopl iopl = { .iopl = 3 };
	unsigned int seen = 0, faults = 0;

	check_value("a port without IOPL", PROBE("inb $0x71, %%al", NONE), TRAP_GP);
	check_value("IOPL 3", hypercall_physdev_op(PHYSDEVOP_set_iopl, &iopl), 0);
	for (unsigned int i = 0; i < sizeof(port) / sizeof(port[0]); i++) {
		uint32_t value = 0;

		faults += PROBE("inb %%dx, %%al", "+a"(value), "d"(port[i])) != 0;
		seen += (value & 0xff) != 0xff;
		faults += PROBE("outb %%al, %%dx", NONE, "d"(port[i]), "a"(0xfe)) != 0;
		faults += PROBE("outw %%ax, %%dx", NONE, "d"(port[i]), "a"(0x2000)) != 0;
	}
	check_value("no port faults", faults, 0);
	check_value("no port answers", seen, 0);
	iopl.iopl = 4;
	check("IOPL 4", hypercall_physdev_op(PHYSDEVOP_set_iopl, &iopl) < 0);
}

/* All that do something, but the two that concern I/O privilege: interrupts, devices and their tables. */
static void check_devices(void)
{
	unsigned int accepted = 0;

	for (unsigned int cmd = 0; cmd < 40; cmd++) {
		if (cmd == PHYSDEVOP_set_iopl || cmd == PHYSDEVOP_set_iobitmap || cmd == PHYSDEVOP_irq_status_query)
			continue;
		for (unsigned int i = 0; i < 256; i++)
			buffer[i / 8] = (buffer[i / 8] << 8) + i * cmd;
		accepted += hypercall_physdev_op(cmd, buffer) >= 0;
		for (unsigned int i = 0; i < 256; i++)
			buffer[i] = 0;
		accepted += hypercall_physdev_op(cmd, buffer) >= 0;
	}
	check_value("no device operation is accepted", accepted, 0);
}

static void check_msrs(void)
{
	static const uint32_t from[] = { 0, 0xc0000080, 0x40000000, 0xc0010000, 0xc0011000 };
	unsigned int accepted = 0;

	for (unsigned int i = 0; i < sizeof(from) / sizeof(from[0]); i++)
		for (uint32_t msr = from[i]; msr < from[i] + (i ? 0x90 : 0x1000); msr++) {
			/* The bases, and what RDTSCP tells, are the guest's own. */
			if (msr >= 0xc0000100 && msr <= 0xc0000103)
				continue;
			if (wrmsr(msr, 0x8000000000000005) != TRAP_GP) {
				say("# MSR %x\n", msr);
				accepted++;
			}
		}
	check_value("MSRs accepted", accepted, 0);
	check_value("a base that is not canonical", wrmsr(0xc0000102, 1UL << 63), TRAP_GP);
}

static void check_instructions(void)
{
	static struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) table;
	static const struct {
		uint32_t offset;
		uint16_t selector;
	} far = { 0, 0xe008 };

	check_value("lgdt", PROBE("lgdt %0", NONE, "m"(table)), TRAP_GP);
	check_value("lidt", PROBE("lidt %0", NONE, "m"(table)), TRAP_GP);
	check_value("lldt", PROBE("lldt %w0", NONE, "r"(0)), TRAP_GP);
	check_value("ltr", PROBE("ltr %w0", NONE, "r"(0xe040)), TRAP_GP);
	check_value("paging off", PROBE("movq %0, %%cr0", NONE, "r"(0x11UL)), TRAP_GP);
	check_value("CR8", PROBE("movq %0, %%cr8", NONE, "r"(0UL)), TRAP_GP);
	check_value("xsetbv", PROBE("movl $1, %%ecx\n\txsetbv", NONE, "a"(7), "d"(0)), TRAP_GP);
	check_value("swapgs", PROBE("swapgs", NONE), TRAP_GP);
	check_value("sysret", PROBE("sysretq", NONE), TRAP_GP);
	check_value("a gate of the hypervisor's", PROBE("int $0xf0", NONE) >> 32, 13);
	check_value("a far jump to its code", PROBE("ljmp *%0", NONE, "m"(far)),
		    TRAPPED(13, 0xe008));
}

static void check_debug(void)
{
	check("breakpoint in the hypervisor", hypercall_set_debugreg(0, 0xffff82d080200000) < 0);
	check("breakpoint nowhere", hypercall_set_debugreg(0, 1UL << 63) < 0);
	check("breakpoint on I/O", hypercall_set_debugreg(7, 0x20001) < 0);
	check("general detect", hypercall_set_debugreg(7, 0x2000) < 0);
	check("a register there is not", hypercall_set_debugreg(9, 0) < 0);
}

static void check_memory(void)
{
	static const uint64_t va[] = { 0xffff808000000000, 0xffff810000000000, 0xffff820000000000,
				       0xffff82d080200000, 0xffff82e000000000, 0xffff830000000000,
				       0xffff830000100000 };
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < sizeof(va) / sizeof(va[0]); i++) {
		wrong += probe_read((void *)va[i]) >> 32 != 14;
		wrong += probe_write((void *)va[i], 0) >> 32 != 14;
		wrong += PROBE("jmp *%0", NONE, "r"(va[i])) >> 32 != 14;
	}
	check_value("the hypervisor's memory", wrong, 0);
	check("the machine-to-phys table is not writable",
	      probe_write((void *)MACH2PHYS_VIRT_START, 0) != 0);
}

static unsigned int not_refused(unsigned int nr, uint32_t version)
{
	unsigned int bad = 0;

	for (uint32_t cmd = 0; cmd < 100; cmd++) {
		for (unsigned int i = 0; i < 256; i++)
			buffer[i] = 0;
		buffer[0] = cmd | (uint64_t)version << 32;
		if (hypercall1(nr, (unsigned long)buffer) != -XEN_EPERM)
			bad++;
	}
	return bad;
}

static void check_privilege(void)
{
	struct mmu_update u = { .ptr = virt_to_maddr(buffer), .val = 0 };
	struct evtchn_alloc_unbound alloc = { .dom = 0, .remote_dom = DOMID_SELF };
	struct evtchn_status status = { .dom = 0, .port = 1 };
	struct evtchn_reset reset = { .dom = 0 };
	struct gnttab_query_size size = { .dom = 0 };
	struct sched_remote_shutdown shut = { .domain_id = 0, .reason = SHUTDOWN_poweroff };
	static const unsigned int memory_ops[] = { XENMEM_machine_memory_map, XENMEM_set_memory_map,
						   XENMEM_claim_pages, XENMEM_acquire_resource };
	static const unsigned int physdev_ops[] = {
		PHYSDEVOP_apic_read, PHYSDEVOP_apic_write, PHYSDEVOP_alloc_irq_vector, PHYSDEVOP_map_pirq,
		PHYSDEVOP_unmap_pirq, PHYSDEVOP_manage_pci_add, PHYSDEVOP_setup_gsi, PHYSDEVOP_pci_mmcfg_reserved };
	domid_t dom0 = 0;

	check_value("domctls not refused", not_refused(__HYPERVISOR_domctl, DOMCTL_VERSION), 0);
	check_value("sysctls not refused", not_refused(__HYPERVISOR_sysctl, SYSCTL_VERSION), 0);
	check_value("platform operations not refused",
		    not_refused(__HYPERVISOR_platform_op, PLATFORM_VERSION), 0);
	check_value("tables of the control domain", hypercall_mmu_update(&u, 1, NULL, 0),
		    -XEN_EPERM);
	check_value("tables of another by the upper half",
		    hypercall_mmu_update(&u, 1, NULL, DOMID_SELF | 1U << 16), -XEN_EPERM);
	check_value("device memory", hypercall_mmu_update(&u, 1, NULL, DOMID_IO), -XEN_EPERM);
	check_value("a port for the control domain",
		    hypercall_event_channel_op(EVTCHNOP_alloc_unbound, &alloc), -XEN_EPERM);
	check_value("its ports' state", hypercall_event_channel_op(EVTCHNOP_status, &status),
		    -XEN_EPERM);
	check_value("its ports' end", hypercall_event_channel_op(EVTCHNOP_reset, &reset),
		    -XEN_EPERM);
	check_value("its shutdown", hypercall_sched_op(SCHEDOP_remote_shutdown, &shut), -XEN_EPERM);
	for (unsigned int i = 0; i < 256; i++)
		buffer[i] = 0;
	for (unsigned int i = 0; i < sizeof(memory_ops) / sizeof(memory_ops[0]); i++)
		check_value("a memory operation of the control domain",
			    hypercall_memory_op(memory_ops[i], buffer), -XEN_EPERM);
	for (unsigned int i = 0; i < sizeof(physdev_ops) / sizeof(physdev_ops[0]); i++)
		check("an interrupt or a device", hypercall_physdev_op(physdev_ops[i], buffer) < 0);
	check_value("its memory's size", hypercall_memory_op(XENMEM_current_reservation, &dom0),
		    -XEN_EPERM);
	hypercall_grant_table_op(GNTTABOP_query_size, &size, 1);
	check_value("its grants' number", size.status, GNTST_permission_denied);
}

static void check_guessing(void)
{
	char *window = os_va_alloc(1);
	unsigned int ports = 0, grants = 0;

	for (unsigned int dom = 0; dom < 12; dom++) {
		if (dom == start_info_domid())
			continue;
		for (unsigned int n = 0; n < 1024; n++) {
			struct evtchn_bind_interdomain b = { .remote_dom = dom, .remote_port = n };
			struct gnttab_map_grant_ref m = { .host_addr = (long)window,
							  .ref = n,
							  .dom = dom,
							  .flags = GNTMAP_host_map };
			struct gnttab_copy c = { .source = { .domid = dom, .u.ref = n },
						 .len = 64,
						 .dest = { .domid = DOMID_SELF,
							   .u.gmfn = virt_to_mfn(buffer) },
						 .flags = GNTCOPY_source_gref };

			ports += hypercall_event_channel_op(EVTCHNOP_bind_interdomain, &b) == 0;
			hypercall_grant_table_op(GNTTABOP_map_grant_ref, &m, 1);
			hypercall_grant_table_op(GNTTABOP_copy, &c, 1);
			grants += (m.status == GNTST_okay) + (c.status == GNTST_okay);
		}
	}
	check_value("ports guessed", ports, 0);
	check_value("grants guessed", grants, 0);
}

void test_main(void)
{
	check_ports();
	check_devices();
	check_msrs();
	check_instructions();
	check_debug();
	check_memory();
	check_privilege();
	check_guessing();
}
