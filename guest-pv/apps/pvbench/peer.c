/* SPDX-License-Identifier: MIT */
/*
 * Two domains, on one processor or, where there are more, on one each. The second is made here of seven pages: code, a
 * page shared with us, three pages of nothing but page tables and their root. Measured are an event to it and its
 * answer, a request in a ring of shared memory and its response, and the processor yielded to it and back: each
 * two changes of domain. On two processors a figure is of both together; who waits sleeps.
 */
#define __XEN_TOOLS__ 1
#include "control.h"
#include <string.h>
#include <xen/sched.h>
#include <xen/sysctl.h>

#define VA 0x100000UL			/* its pages, in this order */
enum { CODE, SHARED, L1, L2, L3, L4, PAGES };
#define INFO_VA (VA + 2 * PAGE_SIZE)
#define NR_SLOTS 32

/* As peer.asm has it. */
struct peer_page {
	struct sched_poll poll;
	char pad1[32 - sizeof(struct sched_poll)];
	struct evtchn_send send;
	evtchn_port_t port;
	char pad2[64 - 40];
	volatile uint32_t req_prod, rsp_prod;
	char pad3[128 - 72];
	struct { volatile uint64_t word[8]; } slot[NR_SLOTS];
};
_Static_assert(offsetof(struct peer_page, send) == 32 && offsetof(struct peer_page, port) == 36 &&
	       offsetof(struct peer_page, req_prod) == 64 && offsetof(struct peer_page, slot) == 128,
	       "peer.asm knows these offsets");

extern char peer_code[], peer_code_end[], peer_echo[], peer_ring[], peer_yield[];

static domid_t domid;
static xen_pfn_t frames[PAGES];
static struct peer_page *shared;
static evtchn_port_t port;		/* ours */
static struct evtchn_send send_op;
static struct sched_poll poll_op;
static vcpu_guest_context_t context;

static void allocate(void)
{
	struct xen_memory_reservation r = { .nr_extents = PAGES, .domid = domid };

	control_op.u.max_mem.max_memkb = PAGES * PAGE_SIZE / 1024;
	must("max_mem", control(XEN_DOMCTL_max_mem, domid));
	control_op.u.max_vcpus.max = 1;
	must("max_vcpus", control(XEN_DOMCTL_max_vcpus, domid));
	for (int i = 0; i < PAGES; i++)
		frames[i] = i;
	set_xen_guest_handle(r.extent_start, frames);
	if (hypercall_memory_op(XENMEM_populate_physmap, &r) != PAGES)
		os_panic("pvbench: no memory for a second domain");
}

static unsigned int processors(void)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo, .interface_version = XEN_SYSCTL_INTERFACE_VERSION };

	must("physinfo", hypercall_sysctl(&op));
	return op.u.physinfo.nr_cpus;
}

static void pin_to(domid_t dom, unsigned int cpu)
{
	struct xen_domctl_vcpuaffinity *a = &control_op.u.vcpuaffinity;
	uint64_t set = 1UL << cpu;

	memset(a, 0, sizeof(*a));
	a->flags = XEN_VCPUAFFINITY_HARD;
	a->cpumap_hard.nr_bits = 64;
	set_xen_guest_handle(a->cpumap_hard.bitmap, (uint8_t *)&set);
	must("setvcpuaffinity", control(XEN_DOMCTL_setvcpuaffinity, dom));
}

static void fill_tables(mfn_t shared_info)
{
	pte_t *t = frames_map(&frames[L1], 4, PTE_RW, domid);
	unsigned int first = pt_index(VA, 1);

	if (!t)
		os_panic("pvbench: cannot map the second domain's tables");
	memset(t, 0, 4 * PAGE_SIZE);
	t[first] = pte_make(frames[CODE], PTE_RO);
	t[first + 1] = pte_make(frames[SHARED], PTE_RW);
	t[first + 2] = pte_make(shared_info, PTE_RW);
	for (int level = 1; level < 4; level++)
		t[level * PT_ENTRIES] = pte_make(frames[L1 + level - 1], PTE_TABLE);
	frames_unmap(t, 4);
}

/* A domain builder's duty: the new kernel begins with upcalls masked. */
static void mask_upcalls(xen_pfn_t info)
{
	struct shared_info *s = frames_map(&info, 1, PTE_RW, domid);

	if (!s)
		os_panic("pvbench: cannot map the second domain's shared info");
	s->vcpu_info[0].evtchn_upcall_mask = 1;
	frames_unmap(s, 1);
}

static void connect(void)
{
	struct evtchn_alloc_unbound a = { .dom = domid, .remote_dom = DOMID_SELF };
	struct evtchn_bind_interdomain b = { .remote_dom = domid };

	must("alloc_unbound", hypercall_event_channel_op(EVTCHNOP_alloc_unbound, &a));
	b.remote_port = a.port;
	must("bind_interdomain", hypercall_event_channel_op(EVTCHNOP_bind_interdomain, &b));
	send_op.port = port = b.local_port;
	evtchn_mask(port);
	evtchn_clear(port);
	poll_op.nr_ports = 1;
	set_xen_guest_handle(poll_op.ports, &port);
	shared->send.port = shared->port = a.port;
	shared->poll.nr_ports = 1;
	set_xen_guest_handle(shared->poll.ports,
			     (evtchn_port_t *)(VA + PAGE_SIZE + offsetof(struct peer_page, port)));
}

static void start(const char *entry)
{
	memset(&context, 0, sizeof(context));
	context.flags = VGCF_in_kernel | VGCF_online;
	context.user_regs.rip = VA + (entry - peer_code);
	context.user_regs.rbx = VA + PAGE_SIZE;
	context.user_regs.rsi = INFO_VA;
	context.user_regs.rsp = VA + 2 * PAGE_SIZE;
	context.user_regs.cs = FLAT_KERNEL_CS;
	context.user_regs.ss = context.kernel_ss = FLAT_KERNEL_SS;
	context.kernel_sp = VA + 2 * PAGE_SIZE;
	context.ctrlreg[3] = mfn_to_maddr(frames[L4]);
	control_op.u.vcpucontext.vcpu = 0;
	set_xen_guest_handle(control_op.u.vcpucontext.ctxt, &context);
	must("setvcpucontext", control(XEN_DOMCTL_setvcpucontext, domid));
	must("unpausedomain", control(XEN_DOMCTL_unpausedomain, domid));
}

static void make(const char *entry)
{
	struct mmuext_op pin = { .cmd = MMUEXT_PIN_L4_TABLE };
	xen_pfn_t info;
	char *code;

	domid = control_create();
	must("getdomaininfo", control(XEN_DOMCTL_getdomaininfo, domid));
	info = control_op.u.getdomaininfo.shared_info_frame;
	mask_upcalls(info);
	allocate();
	if (processors() > 1) {
		pin_to(0, 0);
		pin_to(domid, 1);
	}
	code = frames_map(&frames[CODE], 1, PTE_RW, domid);
	shared = frames_map(&frames[SHARED], 1, PTE_RW, domid);
	if (!code || !shared)
		os_panic("pvbench: cannot map the second domain's pages");
	memcpy(code, peer_code, peer_code_end - peer_code);
	memset(shared, 0, PAGE_SIZE);
	frames_unmap(code, 1);
	fill_tables(info);
	pin.arg1.mfn = frames[L4];
	must("pin", hypercall_mmuext_op(&pin, 1, NULL, domid));
	connect();
	start(entry);
}

static void end(void)
{
	frames_unmap(shared, 1);
	evtchn_close(port);
	must("destroydomain", control(XEN_DOMCTL_destroydomain, domid));
}

/* --- measured --- */

static void ping(void)
{
	hypercall_event_channel_op(EVTCHNOP_send, &send_op);
	while (!evtchn_pending(port))
		hypercall_sched_op(SCHEDOP_poll, &poll_op);
	evtchn_clear(port);
}

static void request(void)
{
	uint32_t n = shared->req_prod;
	volatile uint64_t *slot = shared->slot[n % NR_SLOTS].word;

	slot[0] = n;
	__asm__ volatile("" : : : "memory");
	shared->req_prod = n + 1;
	ping();
	if (shared->rsp_prod != n + 1 || slot[0] != n + 1UL)
		os_panic("pvbench: request %u was not answered", n);
}

static void yield(void) { hypercall_sched_op(SCHEDOP_yield, NULL); }

void bench_peer(void)
{
	static const struct { const char *entry; struct bench bench; } table[] = {
		{ peer_echo, { "evtchn_pingpong_2domains", ping, NULL, 0 } },
		{ peer_ring, { "ring_roundtrip_2domains", request, NULL, 0 } },
		{ peer_yield, { "yield_switch_2domains", yield, NULL, 0 } },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct stats s;

		make(table[i].entry);
		s = bench_measure(&table[i].bench);
		end();
		bench_say(table[i].bench.name, &s);
	}
}
