/* SPDX-License-Identifier: MIT */
/*
 * Event channels, two-level layout. Invariant: a port is unmasked only while somebody wants its
 * events. The pending and mask words are shared with the hypervisor and other vcpus, hence locked
 * operations there; the vcpu's own mask byte is only ever touched by the vcpu. The hypervisor tells a vcpu that
 * something is pending, not what: each looks at its own ports alone.
 */
#include <kit/evtchn.h>
#include <kit/hypercall.h>
#include <kit/start_info.h>
#include <kit/vcpu.h>
#include <xen/errno.h>

#define WORD_BITS 64
#define PORTS (WORD_BITS * WORD_BITS)

static struct { evtchn_handler_t fn; void *arg; } handlers[PORTS];

/* Ports of each vcpu but the first; and those that are any of theirs, which vcpu 0 leaves alone. */
static unsigned long own[VCPU_MAX][WORD_BITS], not_first[WORD_BITS];

static inline void set_bit(volatile unsigned long *map, unsigned int bit)
{
	__asm__ volatile("lock btsq %1, %0" : "+m" (*(volatile long (*)[PORTS / 64])map)
			 : "r" ((long)bit) : "memory", "cc");
}

static inline void clear_bit(volatile unsigned long *map, unsigned int bit)
{
	__asm__ volatile("lock btrq %1, %0" : "+m" (*(volatile long (*)[PORTS / 64])map)
			 : "r" ((long)bit) : "memory", "cc");
}

static inline unsigned long take(volatile unsigned long *word)
{
	unsigned long value = 0;

	__asm__ volatile("xchgq %0, %1" : "+r" (value), "+m" (*word) : : "memory");
	return value;
}

static inline bool test_bit(const volatile unsigned long *map, unsigned int bit)
{
	return map[bit / WORD_BITS] >> (bit % WORD_BITS) & 1;
}

static void belongs_to(evtchn_port_t port, unsigned int vcpu)
{
	if (port >= PORTS)
		return;
	if (test_bit(not_first, port))
		for (unsigned int v = 1; v < VCPU_MAX; v++)
			clear_bit(own[v], port);
	if (vcpu) {
		set_bit(own[vcpu], port);
		set_bit(not_first, port);
	} else {
		clear_bit(not_first, port);
	}
}

int evtchn_alloc_unbound_for(domid_t dom, domid_t remote, evtchn_port_t *port)
{
	struct evtchn_alloc_unbound op = { .dom = dom, .remote_dom = remote };
	int rc = hypercall_event_channel_op(EVTCHNOP_alloc_unbound, &op);

	*port = op.port;
	return rc;
}

int evtchn_alloc_unbound(domid_t remote, evtchn_port_t *port)
{
	int rc = evtchn_alloc_unbound_for(DOMID_SELF, remote, port);

	if (rc == 0)
		evtchn_mask(*port);
	return rc;
}

/* Binding may deliver at once what was sent to the port before: mask first, then nothing is lost,
 * the pending bit stays until a handler is set. */
int evtchn_bind_interdomain(domid_t remote, evtchn_port_t remote_port, evtchn_port_t *port)
{
	struct evtchn_bind_interdomain op = { .remote_dom = remote, .remote_port = remote_port };
	int rc = hypercall_event_channel_op(EVTCHNOP_bind_interdomain, &op);

	*port = op.local_port;
	if (rc == 0)
		evtchn_mask(*port);
	return rc;
}

int evtchn_bind_virq(unsigned int virq, unsigned int vcpu, evtchn_port_t *port)
{
	struct evtchn_bind_virq op = { .virq = virq, .vcpu = vcpu };
	int rc = hypercall_event_channel_op(EVTCHNOP_bind_virq, &op);

	*port = op.port;
	if (rc == 0) {
		evtchn_mask(*port);
		belongs_to(*port, vcpu);
	}
	return rc;
}

int evtchn_bind_pirq(unsigned int pirq, bool shared, evtchn_port_t *port)
{
	struct evtchn_bind_pirq op = { .pirq = pirq, .flags = shared ? BIND_PIRQ__WILL_SHARE : 0 };
	int rc = hypercall_event_channel_op(EVTCHNOP_bind_pirq, &op);

	*port = op.port;
	if (rc == 0)
		evtchn_mask(*port);
	return rc;
}

int evtchn_bind_ipi(unsigned int vcpu, evtchn_port_t *port)
{
	struct evtchn_bind_ipi op = { .vcpu = vcpu };
	int rc = hypercall_event_channel_op(EVTCHNOP_bind_ipi, &op);

	*port = op.port;
	if (rc == 0) {
		evtchn_mask(*port);
		belongs_to(*port, vcpu);
	}
	return rc;
}

/* The new vcpu looks for itself at what is pending: the event may have been announced to the old one. */
int evtchn_bind_vcpu(evtchn_port_t port, unsigned int vcpu)
{
	struct evtchn_bind_vcpu op = { .port = port, .vcpu = vcpu };
	bool masked;
	int rc;

	if (vcpu >= VCPU_MAX || port >= PORTS)
		return -XEN_EINVAL;
	masked = test_bit(shared_info->evtchn_mask, port);
	evtchn_mask(port);
	rc = hypercall_event_channel_op(EVTCHNOP_bind_vcpu, &op);
	if (rc == 0)
		belongs_to(port, vcpu);
	if (!masked)
		evtchn_unmask(port);
	return rc;
}

int evtchn_send(evtchn_port_t port)
{
	struct evtchn_send op = { .port = port };

	return hypercall_event_channel_op(EVTCHNOP_send, &op);
}

int evtchn_close(evtchn_port_t port)
{
	struct evtchn_close op = { .port = port };

	if (port < PORTS) {
		evtchn_mask(port);
		handlers[port].fn = NULL;
		evtchn_clear(port);
		belongs_to(port, 0);
	}
	return hypercall_event_channel_op(EVTCHNOP_close, &op);
}

void evtchn_set_handler(evtchn_port_t port, evtchn_handler_t fn, void *arg)
{
	bool enabled;

	if (port >= PORTS)
		return;
	enabled = events_disable();
	handlers[port].fn = fn;
	handlers[port].arg = arg;
	events_restore(enabled);
	if (fn)
		evtchn_unmask(port);
	else
		evtchn_mask(port);
}

void evtchn_mask(evtchn_port_t port)
{
	if (port < PORTS)
		set_bit(shared_info->evtchn_mask, port);
}

/* The hypervisor raises the vcpu's flag only for unmasked ports: for one that is pending already,
 * the raise is made by asking for it. */
void evtchn_unmask(evtchn_port_t port)
{
	struct evtchn_unmask op = { .port = port };

	if (port < PORTS && test_bit(shared_info->evtchn_mask, port)) {
		if (test_bit(shared_info->evtchn_pending, port)) {
			hypercall_event_channel_op(EVTCHNOP_unmask, &op);
			return;
		}
		clear_bit(shared_info->evtchn_mask, port);
		if (test_bit(shared_info->evtchn_pending, port)) {
			set_bit(shared_info->evtchn_mask, port);
			hypercall_event_channel_op(EVTCHNOP_unmask, &op);
		}
	}
}

bool evtchn_pending(evtchn_port_t port)
{
	return port < PORTS && test_bit(shared_info->evtchn_pending, port);
}

void evtchn_clear(evtchn_port_t port)
{
	if (port < PORTS)
		clear_bit(shared_info->evtchn_pending, port);
}

/* Without a handler the event stays pending, for whoever sets one. */
static void deliver(evtchn_port_t port)
{
	if (!handlers[port].fn) {
		set_bit(shared_info->evtchn_mask, port);
		return;
	}
	clear_bit(shared_info->evtchn_pending, port);
	handlers[port].fn(port, handlers[port].arg);
}

/* Ports in a word that wait for this vcpu. */
static unsigned long ready_here(unsigned int word, unsigned int vcpu)
{
	unsigned long mine = vcpu ? own[vcpu][word] : ~not_first[word];

	return ((volatile unsigned long *)shared_info->evtchn_pending)[word] &
	       ~((volatile unsigned long *)shared_info->evtchn_mask)[word] & mine;
}

/* The flag is cleared before the words are read, so an event that comes later raises it again. */
void evtchn_dispatch(void)
{
	struct vcpu_info *v = vcpu_info();
	unsigned int vcpu = kit_vcpu_self ? kit_vcpu_self() : 0, word;
	unsigned long sel, ready;

	while (*(volatile uint8_t *)&v->evtchn_upcall_pending) {
		*(volatile uint8_t *)&v->evtchn_upcall_pending = 0;
		__asm__ volatile("mfence" : : : "memory");
		for (sel = take(&v->evtchn_pending_sel); sel; sel &= sel - 1) {
			word = __builtin_ctzl(sel);
			for (ready = ready_here(word, vcpu); ready; ready &= ready - 1)
				deliver(word * WORD_BITS + __builtin_ctzl(ready));
		}
	}
}

bool events_enabled(void)
{
	return !*(volatile uint8_t *)&vcpu_info()->evtchn_upcall_mask;
}

bool events_disable(void)
{
	volatile uint8_t *mask = &vcpu_info()->evtchn_upcall_mask;
	bool enabled = !*mask;

	*mask = 1;
	__asm__ volatile("" : : : "memory");
	return enabled;
}

/* An event that came while masked was not delivered and must be asked for: any hypercall does. */
void events_enable(void)
{
	struct vcpu_info *v = vcpu_info();

	__asm__ volatile("" : : : "memory");
	*(volatile uint8_t *)&v->evtchn_upcall_mask = 0;
	__asm__ volatile("" : : : "memory");
	if (*(volatile uint8_t *)&v->evtchn_upcall_pending)
		hypercall_xen_version(XENVER_version, NULL);
}

void events_restore(bool enabled)
{
	if (enabled)
		events_enable();
}

void events_block(void)
{
	hypercall_sched_op(SCHEDOP_block, NULL);
}
