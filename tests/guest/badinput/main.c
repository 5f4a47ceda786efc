/* SPDX-License-Identifier: MIT */
/*
 * Nonsense from a guest is answered, not obeyed.
 *
 * Hypercalls that do not exist give ENOSYS; sub-operations that do not exist ENOSYS or EINVAL as
 * named; pointers that are unmapped, not canonical or the hypervisor's give EFAULT; so does a
 * structure that runs off the end of a mapped page. After all of it the guest and the hypervisor
 * still work.
 */
#include "test.h"
#include <xen/callback.h>

#define UNMAPPED 0x7ffffffff000UL

static const struct { const char *name; unsigned long address; } wild[] = {
	{ "unmapped", UNMAPPED },
	{ "the hypervisor's", 0xffff830000000000 },
	{ "not canonical", 1UL << 63 },
	{ "at the very end", ~7UL },
};

static const struct { const char *name; unsigned int nr; unsigned long a1; int arg; } calls[] = {
	/* arg: which argument is the pointer */
	{ "set_trap_table", __HYPERVISOR_set_trap_table, 0, 1 },
	{ "memory_op current_reservation", __HYPERVISOR_memory_op, XENMEM_current_reservation, 2 },
	{ "sched_op shutdown", __HYPERVISOR_sched_op, SCHEDOP_shutdown, 2 },
	{ "sched_op poll", __HYPERVISOR_sched_op, SCHEDOP_poll, 2 },
	{ "event_channel_op send", __HYPERVISOR_event_channel_op, EVTCHNOP_send, 2 },
	{ "event_channel_op bind_virq", __HYPERVISOR_event_channel_op, EVTCHNOP_bind_virq, 2 },
	{ "xen_version capabilities", __HYPERVISOR_xen_version, XENVER_capabilities, 2 },
	{ "callback_op register", __HYPERVISOR_callback_op, CALLBACKOP_register, 2 },
	{ "physdev_op", __HYPERVISOR_physdev_op, PHYSDEVOP_eoi, 2 },
	{ "platform_op", __HYPERVISOR_platform_op, 0, 1 },
	{ "domctl", __HYPERVISOR_domctl, 0, 1 },
	{ "sysctl", __HYPERVISOR_sysctl, 0, 1 },
};

static void check_pointers(void)
{
	unsigned int i, j;
	long rc;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		unsigned int wrong = 0;

		for (j = 0; j < sizeof(wild) / sizeof(wild[0]); j++) {
			rc = calls[i].arg == 1 ?
				hypercall3(calls[i].nr, wild[j].address, 1, 0) :
				hypercall3(calls[i].nr, calls[i].a1, wild[j].address, 1);
			if (rc != -XEN_EFAULT) {
				say("# %s, %s pointer: %ld\n", calls[i].name, wild[j].name, rc);
				wrong++;
			}
		}
		check_value(calls[i].name, wrong, 0);
	}
}

static void check_end_of_page(void)
{
	char *pages = os_va_alloc(2);
	void *page = os_pages_alloc(1);
	mfn_t mfn = virt_to_mfn(page);
	char *last = pages + PAGE_SIZE - 4;

	pt_map(pages, &mfn, 1, PTE_RW, DOMID_SELF);
	check_value("a structure that runs off its page",
		    hypercall_event_channel_op(EVTCHNOP_status, last), -XEN_EFAULT);
	check_value("an output that runs off its page",
		    hypercall_xen_version(XENVER_extraversion, last), -XEN_EFAULT);
	check_value("an output to a read-only page", ({
		pt_protect(page, PTE_RO);
		hypercall_xen_version(XENVER_extraversion, page); }), -XEN_EFAULT);
	pt_protect(page, PTE_RW);
	pt_unmap(pages, 1);
	os_pages_free(page, 1);
}

void test_main(void)
{
	unsigned int nr, wrong = 0;
	char buf[8] = "text";

	for (nr = 56; nr < 64; nr++)
		if (hypercall2(nr, 0, 0) != -XEN_ENOSYS)
			wrong++;
	check_value("hypercalls 56 to 63 that exist", wrong, 0);
	check_value("hypercall 11", hypercall2(11, 0, 0), -XEN_ENOSYS);
	check_value("sched_op", hypercall_sched_op(99, NULL), -XEN_ENOSYS);
	check_value("vcpu_op", hypercall_vcpu_op(99, 0, NULL), -XEN_ENOSYS);
	check_value("vcpu_op of no vcpu", hypercall_vcpu_op(VCPUOP_is_up, 99, NULL), -XEN_ENOENT);
	check_value("vcpu_op: this vcpu is up", hypercall_vcpu_op(VCPUOP_is_up, 0, NULL), 1);
	check_value("physdev_op", hypercall_physdev_op(99, buf), -XEN_ENOSYS);
	check_value("console_io", hypercall_console_io(99, 4, buf), -XEN_ENOSYS);
	check_value("callback_op", hypercall_callback_op(99, buf), -XEN_ENOSYS);
	check_value("console output from nowhere",
		    hypercall_console_io(CONSOLEIO_write, 4, (char *)UNMAPPED), -XEN_EFAULT);
	check_value("shutdown for no reason known", ({
		struct sched_shutdown s = { .reason = 99 };
		hypercall_sched_op(SCHEDOP_remote_shutdown, &s); }), -XEN_ESRCH);
	check_value("descriptor in a frame of nobody", hypercall_update_descriptor(1UL << 50, 0),
		    -XEN_EINVAL);
	check_value("debug register 9", hypercall_set_debugreg(9, 0), -XEN_ENODEV);
	check_pointers();
	check_end_of_page();
	check_value("after all this", hypercall_xen_version(XENVER_version, NULL), 4 << 16 | 17);
}
