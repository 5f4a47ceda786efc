/* SPDX-License-Identifier: MIT */
/*
 * The machine under the model: memory, domains, and stand-ins for what the sources under test call
 * elsewhere. Memory for the hypervisor's own objects is given out once and never taken back, so
 * that a saved state can be loaded again whatever happened since.
 */
#include <sys/mman.h>
#include "../../../hypervisor/grant/internal.h"
#include "audit.h"
#include "hypercall.h"
#include "irq.h"
#include "machine.h"
#include "printk.h"
#include "uaccess.h"

int puts(const char *s);
char *strstr(const char *in, const char *what);
void abort(void) __noreturn;
int host_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap) __asm__("vsnprintf");

#define HEAP_BYTES (256 * 1024)

struct vcpu *host_current;
uint64_t max_mfn = NR_FRAMES;
uint32_t tlb_clock = 1;
pte_t *idle_l4;
bool pti_on;
const pte_t *pti_slots_of(const struct domain *d) { (void)d; return idle_l4; }
mfn_t zero_page_mfn;
spinlock_t domctl_lock;

static struct domain domain[2];
static struct vcpu vcpu[2];
static struct vcpu *vcpus[2][1] = { { &vcpu[0] }, { &vcpu[1] } };
static shared_info_t shared_info[2];
static pte_t our_l4[PT_ENTRIES], window[2];
static bool gone[2];
static uint64_t nr_free;
static bool preempt;
static char first_wrong[300];
static unsigned audit_errors;

/* --- stand-ins --- */

void cpu_relax(void) { }
long hypercall_again(void) { abort(); }
/* One CPU: who waits for a lock here waits for ever. */
void spin_wait(const spinlock_t *l, uint16_t ticket) { (void)l, (void)ticket; abort(); }
void cpus_halt_others(void) { }
void cpus_resume_others(void) { }

static char heap[HEAP_BYTES] __attribute__((aligned(4096)));
static size_t heap_used;

void *hv_alloc(size_t size)
{
	void *p = heap + heap_used;

	heap_used += ROUND_UP(size, 4096UL);
	if (heap_used > HEAP_BYTES)
		abort();
	return __builtin_memset(p, 0, size);
}

void hv_free(void *p) { (void)p; }

void *page_alloc_zeroed(void)
{
	static uint64_t next = 5;

	return mfn_to_virt(mfn(next++));
}

/* A frame may only be freed when no TLB knows it, and a grant's entry is gone from them with its
 * handle. */
static bool filtered[NR_FRAMES], flushed;
void tlb_filter(struct frame *f) { filtered[mfn_x(frame_mfn(f))] = true; }

void page_free(mfn_t m, unsigned order)
{
	struct frame *f = mfn_to_frame(m);

	if (f->state || order)
		panic("freed while in use");
	if (!filtered[mfn_x(m)])
		panic("freed while a TLB may know it");
	f->owner = NULL;
	f->state = FRAME_FREE;
	f->order = 0;
	nr_free++;
}

void page_free_virt(void *page) { page_free(virt_to_mfn(page), 0); }
uint64_t page_free_count(void) { return nr_free; }
mfn_t claim_page_alloc(struct domain *d, unsigned order)
{
	(void)d, (void)order;
	return MFN_NONE;
}
void claim_used(struct domain *d, unsigned order) { (void)d, (void)order; }
int domain_claim(struct domain *d, uint64_t pages)
{
	(void)d, (void)pages;
	return 0;
}
bool mfn_is_mmio_for(mfn_t m, const struct domain *d, bool rw)
{
	(void)m, (void)d, (void)rw;
	return false;
}
bool mfn_is_m2p(mfn_t m)
{
	(void)m;
	return false;
}
mfn_t physdev_eoi_frame(void) { return MFN_NONE; }
bool pv_desc_fix(uint64_t *desc)
{
	(void)desc;
	return true;
}
int vcpu_set_ldt(struct vcpu *v, uint64_t va, unsigned ents)
{
	(void)v, (void)va, (void)ents;
	return 0;
}
void hv_l4_install(struct domain *d, pte_t *l4) { (void)d, (void)l4; }
pte_t *perdomain_pte(struct domain *d, unsigned vcpu_id, unsigned page)
{
	(void)d, (void)vcpu_id;
	return &window[page >= GDT_WINDOW_PAGES];
}

/* The CPU may only ever walk a valid L4 of the domain that runs. */
void tlb_load_cr3(maddr_t base)
{
	struct frame *f = mfn_valid(maddr_to_mfn(base)) ? mfn_to_frame(maddr_to_mfn(base)) : NULL;

	if (!f || f->owner != current->domain || frame_type(f->state) != FT_L4 || !(f->state & FRAME_VALID))
		panic("a base pointer that is no valid L4");
}
void tlb_flush_local(void) {}
void tlb_flush_domain(struct domain *d)
{
	(void)d;
	flushed = true;
}
void tlb_flush_va_local(uint64_t va) { (void)va; }
void tlb_flush_va_domain(struct domain *d, uint64_t va) { (void)d, (void)va; }
void tlb_flush_vcpus(struct domain *d, uint64_t vcpus, unsigned first) { (void)d, (void)vcpus, (void)first; }

/* Guest addresses: page n + 1 is what slot n of the running domain's table maps, if that is an L1 now. */
pte_t *pt_walk(const struct vcpu *v, uint64_t va, struct frame **table)
{
	uint64_t slot = va / PAGE_SIZE - 1, n = TABLE(v->domain == &domain[1]);

	*table = mfn_to_frame(mfn(n));
	return slot < NR_SLOTS && (*table)->owner == v->domain && frame_type((*table)->state) == FT_L1 &&
	       ((*table)->state & FRAME_VALID) ? (pte_t *)mfn_to_virt(mfn(n)) + slot : NULL;
}

size_t copy_from_guest_bytes(void *dst, const void *src, size_t n)
{
	__builtin_memcpy(dst, src, n);
	return 0;
}

size_t copy_to_guest_bytes(void *dst, const void *src, size_t n)
{
	__builtin_memcpy(dst, src, n);
	return 0;
}

int guest_copy_from_(void *dst, const void *base, uint64_t off, uint64_t nr, size_t size)
{
	return copy_from_guest_bytes(dst, (const char *)base + off * size, nr * size);
}

int guest_copy_to_(void *base, uint64_t off, const void *src, uint64_t nr, size_t size)
{
	return copy_to_guest_bytes((char *)base + off * size, src, nr * size);
}

bool preempt_needed(void) { return preempt; }
void domain_log(const struct domain *d, enum log_level lvl, const char *fmt, ...)
{
	(void)d, (void)lvl, (void)fmt;
}

void panic(const char *fmt, ...)
{
	puts(fmt);
	abort();
}

/* What the audit says: its complaints come before its closing line. */
void printk(enum log_level lvl, const char *fmt, ...)
{
	char line[300];
	va_list ap;

	(void)lvl;
	va_start(ap, fmt);
	host_vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (!strstr(line, " tables, ")) {
		if (!audit_errors++)
			__builtin_memcpy(first_wrong, line, sizeof(line));
	}
}

/* --- domains --- */

static bool listed(unsigned i) { return domain[i].dying != DEAD && !gone[i]; }

struct domain *domain_get_next(uint16_t from)
{
	for (unsigned i = 0; i < 2; i++)
		if (listed(i) && domain[i].id >= from) {
			domain_ref(&domain[i]);
			return &domain[i];
		}
	return NULL;
}

struct domain *domain_get(uint16_t id)
{
	struct domain *d = id == DOMID_SELF     ? current->domain
			   : id == 1 || id == 2 ? &domain[id - 1]
						: NULL;

	if (!d || !listed(d - domain))
		return NULL;
	domain_ref(d);
	return d;
}

void domain_put(struct domain *d)
{
	if (d != &domain[0] && d != &domain[1])
		return; /* DOMID_XEN's */
	if (!d->refs || gone[d - domain])
		panic("a reference too few on a domain");
	if (--d->refs)
		return;
	gone[d - domain] = true;
	grant_free(d);
}

bool machine_alive(unsigned dom) { return domain[dom].dying == ALIVE; }
bool machine_dead(unsigned dom) { return domain[dom].dying == DEAD; }
bool machine_gone(unsigned dom) { return gone[dom]; }

static void give_frame(struct domain *d, unsigned n)
{
	struct frame *f = mfn_to_frame(mfn(n));

	f->owner = d;
	f->state = FRAME_ALLOCATED | 1;
	f->next = d->page_head;
	if (f->next)
		mfn_to_frame(mfn(f->next))->prev = n;
	d->page_head = n;
	d->tot_pages++;
}

static void map_at(uint64_t addr, size_t bytes)
{
	if (mmap((void *)addr, bytes, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		abort();
}

void machine_start(void)
{
	map_at(DIRECTMAP_VIRT_START, NR_FRAMES * PAGE_SIZE);
	map_at(FRAMETABLE_VIRT_START, NR_FRAMES * sizeof(struct frame));
	map_at(M2P_VIRT_START, PAGE_SIZE);
	idle_l4 = our_l4;
	zero_page_mfn = mfn(0);
	window[0] = PTE_P;
	mfn_to_frame(mfn(0))->state = FRAME_NOT_RAM;
	for (unsigned i = 0; i < 2; i++) {
		struct domain *d = &domain[i];

		*d = (struct domain){ .id = i + 1,
				      .refs = 2,
				      .max_vcpus = 1,
				      .vcpu = vcpus[i],
				      .max_pages = 4,
				      .shared = &shared_info[i] };
		d->perdomain_l3 = mfn_to_virt(mfn(0));
		vcpu[i].domain = d;
		vcpu[i].info_mfn = vcpu[i].pv.base_kernel = vcpu[i].pv.base_user = MFN_NONE;
		for (unsigned k = 0; k < 14; k++)
			vcpu[i].pv.gdt_frame[k] = MFN_NONE;
		for (unsigned k = 0; k < 16; k++)
			vcpu[i].pv.ldt_frame[k] = MFN_NONE;
		give_frame(d, TABLE(i));
		give_frame(d, PAGE(i));
		if (grant_init(d, 1))
			abort();
	}
	/* A first mapping each, so that the arrays of handles exist. */
	for (unsigned i = 0; i < 2; i++) {
		op_permit(!i, 0, PAGE(!i), GTF_permit_access);
		op_map(i, 0, 0, GNTMAP_device_map);
		op_unmap(i, 0, 0, true);
		op_permit(!i, 0, 0, 0);
	}
}

/* --- states --- */

struct state {
	struct {
		uint64_t state;
		uint32_t next, prev;
		uint32_t partial; /* how far, for what */
		uint32_t owner;
	} frame[NR_FRAMES];
	pte_t slot[4][NR_SLOTS];
	struct {
		struct grant_table *grant;
		struct mapping mapping[NR_HANDLES];
		struct active active[NR_REFS];
		grant_entry_v1_t entry[NR_REFS];
		mfn_t base;
		uint32_t refs, page_head, page_left, tot_pages, step, release_next, nr_map_pages;
		struct mapping *free;
		uint8_t dying, gone;
	} dom[2];
	uint64_t nr_free;
};
const unsigned state_size = sizeof(struct state);

static struct grant_table *tables[2];

/* The type of a frame that nobody holds by it only says what it was last. */
static uint64_t state_of(const struct frame *f)
{
	bool idle = !frame_tcount(f->state) && frame_refs(f->state);

	return idle ? f->state & ~(15ULL << FRAME_TYPE_SHIFT) : f->state;
}

static bool is_partial(uint64_t s)
{
	return frame_type_is_pt(frame_type(s)) && frame_tcount(s) && !(s & FRAME_VALID);
}

void machine_save(struct state *s)
{
	__builtin_memset(s, 0, sizeof(*s));
	for (unsigned n = 0; n < NR_FRAMES; n++) {
		const struct frame *f = mfn_to_frame(mfn(n));

		s->frame[n].state = state_of(f);
		s->frame[n].next = f->next;
		s->frame[n].prev = f->prev;
		s->frame[n].owner = f->owner ? f->owner->id : 0;
		if (is_partial(f->state))
			s->frame[n].partial = f->order;
	}
	for (unsigned n = 0; n < 4; n++)
		__builtin_memcpy(s->slot[n], mfn_to_virt(mfn(n + 1)), sizeof(s->slot[n]));
	for (unsigned i = 0; i < 2; i++) {
		struct domain *d = &domain[i];
		struct grant_table *t = tables[i] ? tables[i] : (tables[i] = d->grant);

		s->dom[i].grant = d->grant;
		for (unsigned h = 0; h < NR_HANDLES; h++) {
			s->dom[i].mapping[h] = t->map[0][h];
			if (!t->map[0][h].flags)	/* what else it was is over */
				s->dom[i].mapping[h] = (struct mapping){ .next_free = t->map[0][h].next_free,
									 .handle = h };
		}
		__builtin_memcpy(s->dom[i].entry, t->shared[0], sizeof(s->dom[i].entry));
		for (unsigned ref = 0; ref < NR_REFS; ref++)
			if (t->active[0][ref].pins)
				s->dom[i].active[ref] = t->active[0][ref];
		s->dom[i].base = vcpu[i].pv.base_kernel;
		s->dom[i].refs = d->refs;
		s->dom[i].page_head = d->page_head;
		s->dom[i].page_left = d->page_left;
		s->dom[i].tot_pages = d->tot_pages;
		s->dom[i].step = d->destroy_step;
		s->dom[i].free = t->free;
		s->dom[i].release_next = t->release_next;
		s->dom[i].nr_map_pages = t->nr_map_pages;
		s->dom[i].dying = d->dying;
		s->dom[i].gone = gone[i];
	}
	s->nr_free = nr_free;
}

void machine_load(const struct state *s)
{
	for (unsigned n = 0; n < NR_FRAMES; n++) {
		struct frame *f = mfn_to_frame(mfn(n));

		*f = (struct frame){ .state = s->frame[n].state,
				     .next = s->frame[n].next,
				     .prev = s->frame[n].prev,
				     .order = s->frame[n].partial,
				     .owner = s->frame[n].owner ? &domain[s->frame[n].owner - 1]
								: NULL };
	}
	for (unsigned n = 0; n < 4; n++)
		__builtin_memcpy(mfn_to_virt(mfn(n + 1)), s->slot[n], sizeof(s->slot[n]));
	for (unsigned i = 0; i < 2; i++) {
		struct domain *d = &domain[i];
		struct grant_table *t = tables[i];

		d->grant = s->dom[i].grant;
		__builtin_memcpy(t->map[0], s->dom[i].mapping, sizeof(s->dom[i].mapping));
		__builtin_memcpy(t->active[0], s->dom[i].active, sizeof(s->dom[i].active));
		__builtin_memcpy(t->shared[0], s->dom[i].entry, sizeof(s->dom[i].entry));
		vcpu[i].pv.base_kernel = s->dom[i].base;
		vcpu[i].unfinished = NULL;
		d->refs = s->dom[i].refs;
		d->page_head = s->dom[i].page_head;
		d->page_left = s->dom[i].page_left;
		d->tot_pages = s->dom[i].tot_pages;
		d->destroy_step = s->dom[i].step;
		t->free = s->dom[i].free;
		t->release_next = s->dom[i].release_next;
		t->nr_map_pages = s->dom[i].nr_map_pages;
		d->dying = s->dom[i].dying;
		gone[i] = s->dom[i].gone;
	}
	nr_free = s->nr_free;
	__builtin_memset(filtered, 0, sizeof(filtered));
}

const char *machine_audit(void)
{
	size_t used = heap_used;

	audit_errors = 0;
	audit_run();
	heap_used = used;
	return audit_errors ? first_wrong : NULL;
}

unsigned machine_handles(unsigned dom)
{
	unsigned n = 0;

	for (unsigned i = 0; i < NR_HANDLES; i++)
		n += domain[dom].grant && tables[dom] && tables[dom]->map[0][i].flags;
	return n;
}

/* --- operations --- */

static void run(unsigned dom)
{
	flushed = false;
	host_current = &vcpu[dom];
	host_current->cont.done = 0;
}

static void ext(unsigned dom, unsigned cmd, uint64_t frame)
{
	mmuext_op_t op = { .cmd = cmd, .arg1.mfn = frame };

	run(dom);
	do_mmuext_op((uint64_t)&op, 1, 0, DOMID_SELF, 0, 0);
}

void op_pin(unsigned dom, unsigned frame, unsigned level)
{
	ext(dom, MMUEXT_PIN_L1_TABLE + level - 1, frame);
}
void op_unpin(unsigned dom, unsigned frame) { ext(dom, MMUEXT_UNPIN_TABLE, frame); }

void op_pin_cut_short(unsigned dom, unsigned frame, unsigned level)
{
	preempt = true;
	op_pin(dom, frame, level);
	preempt = false;
}

void op_unpin_cut_short(unsigned dom, unsigned frame)
{
	preempt = true;
	op_unpin(dom, frame);
	preempt = false;
}

void op_base(unsigned dom, uint64_t frame) { ext(dom, MMUEXT_NEW_BASEPTR, frame); }

void op_update(unsigned dom, unsigned frame, unsigned slot, pte_t val)
{
	mmu_update_t u = { .ptr = frame * PAGE_SIZE + slot * 8, .val = val };

	run(dom);
	do_mmu_update((uint64_t)&u, 1, 0, DOMID_SELF, 0, 0);
}

/* Who may use entry ref of dom, and whose entry ref dom maps: the other's 0, its own 1. */
static uint16_t grantee(unsigned dom, unsigned ref) { return ref ? dom + 1 : 2 - dom; }

void op_permit(unsigned dom, unsigned ref, unsigned frame, uint16_t flags)
{
	domain[dom].grant->shared[0][ref] =
		(grant_entry_v1_t){ .flags = flags, .domid = grantee(dom, ref), .frame = frame };
}

static void grant_op(unsigned dom, unsigned cmd, void *op)
{
	run(dom);
	do_grant_table_op(cmd, (uint64_t)op, 1, 0, 0, 0);
}

/* Beyond the slots: the other domain's table. */
static uint64_t slot_maddr(unsigned dom, unsigned slot)
{
	return TABLE(slot < NR_SLOTS ? dom : !dom) * PAGE_SIZE + slot % NR_SLOTS * 8;
}

void op_map(unsigned dom, unsigned ref, unsigned slot, uint32_t flags)
{
	gnttab_map_grant_ref_t m = { .host_addr = flags & GNTMAP_contains_pte
							  ? slot_maddr(dom, slot)
							  : (slot + 1) * PAGE_SIZE,
				     .flags = flags,
				     .ref = ref,
				     .dom = grantee(dom, ref) };

	grant_op(dom, GNTTABOP_map_grant_ref, &m);
}

static void check_flush(bool unmapped)
{
	if (unmapped && !flushed)
		panic("an entry that a TLB may know outlives its handle");
}

void op_unmap(unsigned dom, unsigned handle, unsigned slot, bool device)
{
	gnttab_unmap_grant_ref_t u = { .handle = handle, .host_addr = (slot + 1) * PAGE_SIZE };
	const struct mapping *m = &domain[dom].grant->map[0][handle];
	uint16_t kind = m->flags;

	if (device) {
		u.host_addr = 0;
		u.dev_bus_addr = kind ? m->rd->grant->active[0][m->ref].frame * PAGE_SIZE : 0;
	} else if (kind & GNTMAP_contains_pte) {
		u.host_addr = slot_maddr(dom, slot);
	}
	grant_op(dom, GNTTABOP_unmap_grant_ref, &u);
	check_flush(u.status == GNTST_okay && !device && (kind & GNTMAP_host_map));
}

void op_replace(unsigned dom, unsigned handle, unsigned slot, unsigned new_slot)
{
	gnttab_unmap_and_replace_t u = { .handle = handle,
					 .host_addr = (slot + 1) * PAGE_SIZE,
					 .new_addr = (new_slot + 1) * PAGE_SIZE };

	grant_op(dom, GNTTABOP_unmap_and_replace, &u);
}

void op_copy(unsigned dom, bool to_grant)
{
	gnttab_copy_t c = { .len = 0, .flags = to_grant ? GNTCOPY_dest_gref : GNTCOPY_source_gref };

	if (to_grant) {
		c.source.domid = DOMID_SELF;
		c.source.u.gmfn = PAGE(dom);
		c.dest.domid = 2 - dom;
	} else {
		c.source.domid = 2 - dom;
		c.dest.domid = DOMID_SELF;
		c.dest.u.gmfn = PAGE(dom);
	}
	grant_op(dom, GNTTABOP_copy, &c);
}

void op_transfer(unsigned dom, unsigned frame, unsigned ref)
{
	gnttab_transfer_t t = { .mfn = frame, .domid = 2 - dom, .ref = ref };

	filtered[frame] = false;
	grant_op(dom, GNTTABOP_transfer, &t);
	if (t.status == GNTST_okay && !filtered[frame])
		panic("changed hands while a TLB may know it");
}

void op_release(unsigned dom, unsigned frame)
{
	struct frame *f = frame_get_mfn(mfn(frame), &domain[dom]);

	run(dom);
	if (!f)
		return;
	(void)domain_page_release(&domain[dom], f);
	frame_put(f);
}

/* As domain_kill. */
void op_destroy(unsigned dom, bool steps)
{
	struct domain *d = &domain[dom];

	run(!dom);
	if (d->dying == DEAD)
		return;
	if (d->dying == ALIVE)
		vcpu_drop_bases(&vcpu[dom]);
	d->dying = DYING;
	preempt = steps;
	if (!grant_release_mappings(d) && !domain_pages_relinquish(d)) {
		d->dying = DEAD;
		domain_put(d);
	}
	preempt = false;
}
