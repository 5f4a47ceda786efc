/* SPDX-License-Identifier: MIT */
/*
 * The control domain's hypercalls: domctl, sysctl, platform_op, physdev_op.
 *
 * A wrong interface version gives EACCES, an operation that does not exist ENOSYS, a domain that does not
 * exist ESRCH. A domain can be created by a chosen id or any, once only; is born paused, with the number of
 * vcpus asked for, none of them online; takes a memory limit, pages and a context; is listed with what was
 * given; and when destroyed leaves no page missing. Impossible wishes (no vcpus, too many, an emulated
 * device, 32 bits, a context with a bad address) are refused. The console ring, the machine's size and the CPU
 * topology can be read; bad buffers give EFAULT.
 */
#include "control.h"
#include <xen/platform.h>
#include <xen/physdev.h>

#define CHOSEN 77
#define NOBODY 1234
#define UNMAPPED ((void *)0x7ffffffff000UL)
#define PAGES 4

static struct xen_domctl op;
static struct xen_sysctl sys;
static vcpu_guest_context_t context;

static long domctl(unsigned int cmd, domid_t domid) { return domctl_on(&op, cmd, domid); }

static long sysctl(unsigned int cmd)
{
	sys.cmd = cmd;
	sys.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return hypercall1(__HYPERVISOR_sysctl, (unsigned long)&sys);
}

static void clear(void *p, size_t n)
{
	while (n--)
		((char *)p)[n] = 0;
}

static void prepare_create(void)
{
	control_prepare_create(&op, 2);
	for (unsigned int i = 0; i < sizeof(op.u.createdomain.handle); i++)
		op.u.createdomain.handle[i] = i + 1;
}

/* Destruction goes in steps and may take several calls' time, but one call does it. */
static long destroy(domid_t domid)
{
	return domctl(XEN_DOMCTL_destroydomain, domid);
}

static void check_refusals(void)
{
	clear(&op, sizeof(op));
	op.cmd = XEN_DOMCTL_getdomaininfo;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION + 1;
	check_value("domctl of another version", hypercall1(__HYPERVISOR_domctl, (unsigned long)&op), -XEN_EACCES);
	sys.interface_version = XEN_SYSCTL_INTERFACE_VERSION - 1;
	sys.cmd = XEN_SYSCTL_physinfo;
	check_value("sysctl of another version", hypercall1(__HYPERVISOR_sysctl, (unsigned long)&sys), -XEN_EACCES);
	check_value("domctl 999", domctl(999, 0), -XEN_ENOSYS);
	check_value("sysctl 999", sysctl(999), -XEN_ENOSYS);
	check_value("pause nobody", domctl(XEN_DOMCTL_pausedomain, NOBODY), -XEN_ESRCH);
	check_value("pause itself", domctl(XEN_DOMCTL_pausedomain, 0), -XEN_EINVAL);
	check_value("info beyond the last", domctl(XEN_DOMCTL_getdomaininfo, NOBODY), -XEN_ESRCH);
	prepare_create();
	op.u.createdomain.max_vcpus = 0;
	check_value("create without vcpus", domctl(XEN_DOMCTL_createdomain, CHOSEN), -XEN_EINVAL);
	prepare_create();
	op.u.createdomain.max_vcpus = 100000;
	check_value("create with 100000 vcpus", domctl(XEN_DOMCTL_createdomain, CHOSEN), -XEN_EINVAL);
	prepare_create();
	op.u.createdomain.arch.emulation_flags = XEN_X86_EMU_LAPIC;
	check_value("create with an emulated APIC", domctl(XEN_DOMCTL_createdomain, CHOSEN), -XEN_EOPNOTSUPP);
	prepare_create();
	op.u.createdomain.flags = 1u << 30;
	check_value("create with an unknown flag", domctl(XEN_DOMCTL_createdomain, CHOSEN), -XEN_EINVAL);
}

static void check_new_domain(void)
{
	const xen_domctl_getdomaininfo_t *info = &op.u.getdomaininfo;

	clear(&op, sizeof(op));
	check_value("its info", domctl(XEN_DOMCTL_getdomaininfo, CHOSEN), 0);
	check_value("id", info->domain, CHOSEN);
	check_value("flags: paused and nothing else but blocked",
		    info->flags & 0xffff & ~(unsigned int)XEN_DOMINF_blocked, XEN_DOMINF_paused);
	check_value("pages", info->tot_pages, 0);
	check_value("vcpus online", info->nr_online_vcpus, 0);
	check_value("last vcpu's id", (int)info->max_vcpu_id, -1);
	check_value("last byte of its handle", info->handle[15], 16);
	check("a frame of shared info", info->shared_info_frame > 0);
	clear(&op, sizeof(op));
	check_value("info of a vcpu not made yet", domctl(XEN_DOMCTL_getvcpuinfo, CHOSEN), -XEN_ESRCH);
	op.u.max_vcpus.max = 3;
	check_value("another number of vcpus", domctl(XEN_DOMCTL_max_vcpus, CHOSEN), -XEN_EINVAL);
	op.u.max_vcpus.max = 2;
	check_value("its number of vcpus", domctl(XEN_DOMCTL_max_vcpus, CHOSEN), 0);
	clear(&op, sizeof(op));
	check_value("info again", domctl(XEN_DOMCTL_getdomaininfo, CHOSEN), 0);
	check_value("last vcpu's id is 1", info->max_vcpu_id, 1);
	check_value("none online", info->nr_online_vcpus, 0);
	clear(&op, sizeof(op));
	op.u.getvcpuinfo.vcpu = 1;
	check_value("vcpu 1", domctl(XEN_DOMCTL_getvcpuinfo, CHOSEN), 0);
	check_value("is not online", op.u.getvcpuinfo.online, 0);
	op.u.getvcpuinfo.vcpu = 2;
	check_value("vcpu 2", domctl(XEN_DOMCTL_getvcpuinfo, CHOSEN), -XEN_EINVAL);
	op.u.address_size.size = 64;
	check_value("64 bits", domctl(XEN_DOMCTL_set_address_size, CHOSEN), 0);
	op.u.address_size.size = 16;
	check("16 bits", domctl(XEN_DOMCTL_set_address_size, CHOSEN) < 0);
	clear(&op, sizeof(op));
	check_value("how many bits", domctl(XEN_DOMCTL_get_address_size, CHOSEN), 0);
	check_value("64", op.u.address_size.size, 64);
}

static long populate(domid_t domid, xen_pfn_t *mfns, unsigned int n)
{
	struct xen_memory_reservation r = { .nr_extents = n, .domid = domid };

	for (unsigned int i = 0; i < n; i++)
		mfns[i] = i;
	set_xen_guest_handle(r.extent_start, mfns);
	return hypercall_memory_op(XENMEM_populate_physmap, &r);
}

static long claim(domid_t domid, unsigned long pages)
{
	struct xen_memory_reservation r = { .nr_extents = pages, .domid = domid };

	return hypercall_memory_op(XENMEM_claim_pages, &r);
}

/* A claim promises pages: others cannot have them, the domain's own get used up, 0 ends it. */
static void check_claims(void)
{
	xen_pfn_t mfn, more;
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = CHOSEN };

	clear(&op, sizeof(op));
	op.u.max_mem.max_memkb = 1UL << 40;
	check_value("a limit beyond the machine", domctl(XEN_DOMCTL_max_mem, CHOSEN), 0);
	check_value("claim more than there is", claim(CHOSEN, 1UL << 28), -XEN_ENOMEM);
	check_value("claim", claim(CHOSEN, PAGES), 0);
	check_value("claim again", claim(CHOSEN, PAGES), -XEN_EINVAL);
	clear(&op, sizeof(op));
	check_value("info with a claim", domctl(XEN_DOMCTL_getdomaininfo, CHOSEN), 0);
	check_value("what is promised", op.u.getdomaininfo.outstanding_pages, PAGES);
	check_value("a page of it", populate(CHOSEN, &mfn, 1), 1);
	check_value("info after a page", domctl(XEN_DOMCTL_getdomaininfo, CHOSEN), 0);
	check_value("one promised less", op.u.getdomaininfo.outstanding_pages, PAGES - 1);
	check_value("claim nothing", claim(CHOSEN, 0), 0);
	check_value("info without", domctl(XEN_DOMCTL_getdomaininfo, CHOSEN), 0);
	check_value("no promise", op.u.getdomaininfo.outstanding_pages, 0);
	check_value("claim what it has", claim(CHOSEN, 1), -XEN_EINVAL);
	check_value("claim everything free", claim(CHOSEN, free_pages() + 1), 0);
	check_value("nothing is left for us", populate(DOMID_SELF, &more, 1), 0);
	check_value("end of the claim", claim(CHOSEN, 0), 0);
	check_value("of a domain that is not", claim(99, 1), -XEN_EINVAL);
	set_xen_guest_handle(r.extent_start, &mfn);
	check_value("give the page back", hypercall_memory_op(XENMEM_decrease_reservation, &r), 1);
}

static void check_memory(void)
{
	xen_pfn_t mfns[PAGES + 1], types[2];

	clear(&op, sizeof(op));
	op.u.max_mem.max_memkb = PAGES * 4;
	check_value("memory limit", domctl(XEN_DOMCTL_max_mem, CHOSEN), 0);
	check_value("pages up to the limit", populate(CHOSEN, mfns, PAGES + 1), PAGES);
	clear(&op, sizeof(op));
	check_value("info with pages", domctl(XEN_DOMCTL_getdomaininfo, CHOSEN), 0);
	check_value("their number", op.u.getdomaininfo.tot_pages, PAGES);
	check_value("the limit", op.u.getdomaininfo.max_pages, PAGES);
	types[0] = mfns[0];
	types[1] = 0;			/* the firmware's, nobody's */
	clear(&op, sizeof(op));
	op.u.getpageframeinfo3.num = 2;
	set_xen_guest_handle(op.u.getpageframeinfo3.array, types);
	check_value("types of frames", domctl(XEN_DOMCTL_getpageframeinfo3, CHOSEN), 0);
	check_value("a plain one", types[0], XEN_DOMCTL_PFINFO_NOTAB);
	check_value("not its own", types[1], XEN_DOMCTL_PFINFO_XTAB);
	op.u.getpageframeinfo3.num = 100000;
	check_value("too many at once", domctl(XEN_DOMCTL_getpageframeinfo3, CHOSEN), -XEN_E2BIG);
	op.u.hypercall_init.gmfn = mfns[1];
	check_value("a hypercall page", domctl(XEN_DOMCTL_hypercall_init, CHOSEN), 0);
	op.u.hypercall_init.gmfn = virt_to_mfn(&op);
	check("a hypercall page in our memory", domctl(XEN_DOMCTL_hypercall_init, CHOSEN) < 0);
}

static long set_context(unsigned int vcpu, void *from)
{
	clear(&op, sizeof(op));
	op.u.vcpucontext.vcpu = vcpu;
	set_xen_guest_handle(op.u.vcpucontext.ctxt, from);
	return domctl(XEN_DOMCTL_setvcpucontext, CHOSEN);
}

static void check_context(void)
{
	clear(&op, sizeof(op));
	set_xen_guest_handle(op.u.vcpucontext.ctxt, &context);
	check_value("a context never set", domctl(XEN_DOMCTL_getvcpucontext, CHOSEN), -XEN_ENODATA);
	check_value("a context from nowhere", set_context(0, UNMAPPED), -XEN_EFAULT);
	check_value("a context for vcpu 2", set_context(2, &context), -XEN_EINVAL);
	clear(&context, sizeof(context));
	context.flags = VGCF_in_kernel | VGCF_online;
	context.ctrlreg[3] = xen_pfn_to_cr3(virt_to_mfn(&context));
	check("page tables of another domain", set_context(0, &context) < 0);
	context.user_regs.rip = 1UL << 63;
	check("a program counter that cannot be", set_context(0, &context) < 0);
	clear(&op, sizeof(op));
	set_xen_guest_handle(op.u.vcpucontext.ctxt, &context);
	check_value("and still none is set", domctl(XEN_DOMCTL_getvcpucontext, CHOSEN), -XEN_ENODATA);
}

static void check_control(void)
{
	uint8_t cpus[8] = { 1 };

	check_value("pause", domctl(XEN_DOMCTL_pausedomain, CHOSEN), 0);
	check_value("unpause", domctl(XEN_DOMCTL_unpausedomain, CHOSEN), 0);
	clear(&op, sizeof(op));
	check_value("info of the paused", domctl(XEN_DOMCTL_getdomaininfo, CHOSEN), 0);
	check("still paused once", op.u.getdomaininfo.flags & XEN_DOMINF_paused);
	clear(&op, sizeof(op));
	op.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
	op.u.vcpuaffinity.cpumap_hard.nr_bits = 64;
	set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, cpus);
	check_value("run on CPU 0", domctl(XEN_DOMCTL_setvcpuaffinity, CHOSEN), 0);
	check_value("where it may run", domctl(XEN_DOMCTL_getvcpuaffinity, CHOSEN), 0);
	check_value("CPU 0", cpus[0], 1);
	cpus[0] = 0;
	check_value("run nowhere", domctl(XEN_DOMCTL_setvcpuaffinity, CHOSEN), -XEN_EINVAL);
	clear(&op, sizeof(op));
	op.u.setdomainhandle.handle[0] = 99;
	check_value("another handle", domctl(XEN_DOMCTL_setdomainhandle, CHOSEN), 0);
	clear(&op, sizeof(op));
	check_value("info with it", domctl(XEN_DOMCTL_getdomaininfo, CHOSEN), 0);
	check_value("its first byte", op.u.getdomaininfo.handle[0], 99);
	clear(&op, sizeof(op));
	op.u.settimeoffset.time_offset_seconds = -3600;
	check_value("time offset", domctl(XEN_DOMCTL_settimeoffset, CHOSEN), 0);
	check_value("time-stamp counter", domctl(XEN_DOMCTL_gettscinfo, CHOSEN), 0);
	check("its frequency", op.u.tsc_info.gtsc_khz > 1000);
}

static void check_life(void)
{
	static xen_domctl_getdomaininfo_t list[4];

	prepare_create();
	check_value("create by id", domctl(XEN_DOMCTL_createdomain, CHOSEN), 0);
	prepare_create();
	check_value("create it again", domctl(XEN_DOMCTL_createdomain, CHOSEN), -XEN_EEXIST);
	check_new_domain();
	check_claims();
	check_memory();
	check_context();
	check_control();
	clear(&sys, sizeof(sys));
	sys.u.getdomaininfolist.max_domains = 4;
	set_xen_guest_handle(sys.u.getdomaininfolist.buffer, list);
	check_value("list", sysctl(XEN_SYSCTL_getdomaininfolist), 0);
	check_value("two domains", sys.u.getdomaininfolist.num_domains, 2);
	check_value("the first", list[0].domain, 0);
	check("runs", list[0].flags & XEN_DOMINF_running);
	check_value("the second", list[1].domain, CHOSEN);
	sys.u.getdomaininfolist.first_domain = 1;
	sys.u.getdomaininfolist.max_domains = 1;
	check_value("list from 1", sysctl(XEN_SYSCTL_getdomaininfolist), 0);
	check_value("one domain", sys.u.getdomaininfolist.num_domains, 1);
	set_xen_guest_handle(sys.u.getdomaininfolist.buffer, UNMAPPED);
	check_value("list to nowhere", sysctl(XEN_SYSCTL_getdomaininfolist), -XEN_EFAULT);
	prepare_create();
	check_value("create a second", domctl(XEN_DOMCTL_createdomain, 0), 0);
	check("its id is new", op.domain > 0 && op.domain != CHOSEN);
	check_value("destroy it", destroy(op.domain), 0);
	check_value("destroy the first", destroy(CHOSEN), 0);
	check_value("destroy it again", destroy(CHOSEN), -XEN_ESRCH);
	check_value("destroy itself", destroy(0), -XEN_EINVAL);
}

/* What ended before it had vcpus gets them, and pauses and ends of pauses match all the same. */
static void check_early_end(void)
{
	struct sched_remote_shutdown end = { .domain_id = CHOSEN, .reason = SHUTDOWN_poweroff };

	prepare_create();
	check_value("create", domctl(XEN_DOMCTL_createdomain, CHOSEN), 0);
	check_value("shut it down", hypercall_sched_op(SCHEDOP_remote_shutdown, &end), 0);
	op.u.max_vcpus.max = 2;
	check_value("its vcpus", domctl(XEN_DOMCTL_max_vcpus, CHOSEN), 0);
	check_value("resume", domctl(XEN_DOMCTL_resumedomain, CHOSEN), 0);
	check_value("unpause", domctl(XEN_DOMCTL_unpausedomain, CHOSEN), 0);
	check_value("destroy", destroy(CHOSEN), 0);
}

/* A vcpu that has a context is not sent into a user mode whose page tables it has not. */
static void check_user_mode(void)
{
	xen_pfn_t l4;

	prepare_create();
	check_value("create", domctl(XEN_DOMCTL_createdomain, CHOSEN), 0);
	op.u.max_vcpus.max = 2;
	check_value("its vcpus", domctl(XEN_DOMCTL_max_vcpus, CHOSEN), 0);
	op.u.max_mem.max_memkb = PAGES * 4;
	check_value("memory limit", domctl(XEN_DOMCTL_max_mem, CHOSEN), 0);
	check_value("a page", populate(CHOSEN, &l4, 1), 1);
	clear(&context, sizeof(context));
	context.flags = VGCF_in_kernel;
	context.ctrlreg[3] = xen_pfn_to_cr3(l4);
	check_value("is the page table of a vcpu", set_context(0, &context), 0);
	context.flags = 0;
	context.ctrlreg[1] = 1;
	check("which has none for user mode", set_context(0, &context) < 0);
	check_value("destroy", destroy(CHOSEN), 0);
}

/* A domain with vcpus and memory comes and goes. */
static void cycle(void)
{
	struct sched_poll pause = { .nr_ports = 0 };
	xen_pfn_t mfns[PAGES];

	prepare_create();
	domctl(XEN_DOMCTL_createdomain, CHOSEN);
	op.u.max_vcpus.max = 2;
	domctl(XEN_DOMCTL_max_vcpus, CHOSEN);
	op.u.max_mem.max_memkb = PAGES * 4;
	domctl(XEN_DOMCTL_max_mem, CHOSEN);
	populate(CHOSEN, mfns, PAGES);
	destroy(CHOSEN);
	pause.timeout = time_now_ns() + 20000000;	/* the last of it may go when the CPU idles */
	hypercall_sched_op(SCHEDOP_poll, &pause);
}

static void check_nothing_lost(void)
{
	long before;

	cycle();			/* what the hypervisor allocates once only */
	before = free_pages();
	for (unsigned int i = 0; i < 20; i++)
		cycle();
	/* The hypervisor's own heap may keep a page or so; a domain that left one behind costs 20. */
	check("20 domains leave their pages", free_pages() > before - 10);
}

static unsigned int nr_cpus;		/* on which every question agrees */

static void check_machine(void)
{
	static char text[256];
	xen_sysctl_cputopo_t topo[2];
	uint32_t index;

	clear(&sys, sizeof(sys));
	check_value("physinfo", sysctl(XEN_SYSCTL_physinfo), 0);
	nr_cpus = sys.u.physinfo.nr_cpus;
	check("CPUs", nr_cpus >= 1 && nr_cpus <= 8);
	check_value("last CPU", sys.u.physinfo.max_cpu_id, nr_cpus - 1);
	check_value("nodes", sys.u.physinfo.nr_nodes, 1);
	check("PV guests are possible", sys.u.physinfo.capabilities & XEN_SYSCTL_PHYSCAP_pv);
	check("free memory is part of all", sys.u.physinfo.free_pages < sys.u.physinfo.total_pages);
	clear(&sys, sizeof(sys));
	check_value("number of CPUs", sysctl(XEN_SYSCTL_cputopoinfo), 0);
	check_value("the same", sys.u.cputopoinfo.num_cpus, nr_cpus);
	sys.u.cputopoinfo.num_cpus = 2;
	set_xen_guest_handle(sys.u.cputopoinfo.cputopo, topo);
	check_value("topology", sysctl(XEN_SYSCTL_cputopoinfo), 0);
	check_value("of as many as there is room for", sys.u.cputopoinfo.num_cpus, nr_cpus < 2 ? nr_cpus : 2);
	check_value("node", topo[0].node, 0);
	clear(&sys, sizeof(sys));
	set_xen_guest_handle(sys.u.readconsole.buffer, text);
	sys.u.readconsole.count = 100;
	check_value("console ring", sysctl(XEN_SYSCTL_readconsole), 0);
	check_value("100 characters of it", sys.u.readconsole.count, 100);
	index = sys.u.readconsole.index;
	sys.u.readconsole.incremental = 1;
	check_value("the next", sysctl(XEN_SYSCTL_readconsole), 0);
	check_value("100 further on", sys.u.readconsole.index - index, sys.u.readconsole.count);
	set_xen_guest_handle(sys.u.readconsole.buffer, (char *)UNMAPPED);
	sys.u.readconsole.incremental = 0;
	check_value("to nowhere", sysctl(XEN_SYSCTL_readconsole), -XEN_EFAULT);
	clear(&sys, sizeof(sys));
	sys.u.availheap.node = -1;
	check_value("free memory", sysctl(XEN_SYSCTL_availheap), 0);
	check("is some", sys.u.availheap.avail_bytes > 1 << 20);
	clear(&sys, sizeof(sys));
	sys.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_INFO;
	sys.u.cpupool_op.cpumap.nr_bits = 8;
	set_xen_guest_handle(sys.u.cpupool_op.cpumap.bitmap, (uint8_t *)text);
	check_value("CPU pool 0", sysctl(XEN_SYSCTL_cpupool_op), 0);
	check_value("has one domain", sys.u.cpupool_op.n_dom, 1);
	check_value("and every CPU", (unsigned char)text[0], (1u << nr_cpus) - 1);
	sys.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_INFO;
	sys.u.cpupool_op.cpupool_id = 5;
	check_value("CPU pool 5", sysctl(XEN_SYSCTL_cpupool_op), -XEN_ENOENT);
}

static void check_devices(void)
{
	struct physdev_set_iopl iopl = { .iopl = 4 };
	struct physdev_irq_status_query query = { .irq = 1 << 20 };
	struct physdev_map_pirq map = { .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = 10, .pirq = 10 };
	struct physdev_apic apic = { .apic_physbase = 0xfec00000, .reg = 1 };
	static struct xen_platform_op platform;

	check_value("I/O privilege 4", hypercall_physdev_op(PHYSDEVOP_set_iopl, &iopl), -XEN_EINVAL);
	iopl.iopl = 1;
	check_value("I/O privilege 1", hypercall_physdev_op(PHYSDEVOP_set_iopl, &iopl), 0);
	check_value("status of no interrupt", hypercall_physdev_op(PHYSDEVOP_irq_status_query, &query),
		    -XEN_EINVAL);
	check_value("map interrupt 10", hypercall_physdev_op(PHYSDEVOP_map_pirq, &map), 0);
	check_value("as 10", map.pirq, 10);
	check_value("read the IOAPIC", hypercall_physdev_op(PHYSDEVOP_apic_read, &apic), 0);
	check_value("it has 24 pins", apic.value >> 16 & 0xff, 23);
	apic.apic_physbase = 0x1000;
	check("read no IOAPIC", hypercall_physdev_op(PHYSDEVOP_apic_read, &apic) < 0);
	platform.cmd = XENPF_get_cpuinfo;
	check_value("platform_op of another version", hypercall1(__HYPERVISOR_platform_op,
		    (unsigned long)&platform), -XEN_EACCES);
	platform.interface_version = XENPF_INTERFACE_VERSION;
	check_value("CPU 0", hypercall1(__HYPERVISOR_platform_op, (unsigned long)&platform), 0);
	check_value("is online", platform.u.pcpu_info.flags & XEN_PCPU_FLAGS_ONLINE, XEN_PCPU_FLAGS_ONLINE);
	check_value("and the last", platform.u.pcpu_info.max_present, nr_cpus - 1);
	platform.cmd = 999;
	check_value("platform_op 999", hypercall1(__HYPERVISOR_platform_op, (unsigned long)&platform), -XEN_ENOSYS);
}

void test_main(void)
{
	check_refusals();
	check_life();
	check_early_end();
	check_user_mode();
	check_nothing_lost();
	check_machine();
	check_devices();
}
