/* SPDX-License-Identifier: MIT */
/* Stand-ins for the parts of the hypervisor that the sources under test call. */
#include "fake.h"
#include <sys/mman.h>
#include "hypercall.h"
#include "irq.h"
#include "printk.h"
#include "pt.h"
#include "uaccess.h"

void *calloc(size_t, size_t);
void free(void *);
void abort(void) __noreturn;

struct vcpu *host_current;
struct domain *dom0;
uint64_t max_mfn = RAM_FRAMES;
uint32_t tlb_clock = 1;
unsigned fake_unblocked, fake_preempt_after, fake_domains_alive;
struct vcpu *fake_last_unblocked;
uint64_t fake_pirq_bound;

static struct domain *domains[8];
static uint64_t next_frame;

/* --- memory --- */

void *hv_alloc(size_t size) { return calloc(1, size); }
void hv_free(void *p) { free(p); }
void frame_free(struct frame *f) { f->state = 0; f->owner = NULL; }
void tlb_filter(struct frame *f) { (void)f; }

void cpu_relax(void) { }
long hypercall_again(void) { return -ERESTART; }
/* One CPU: who waits for a lock here waits for ever. */
void spin_wait(const spinlock_t *l, uint16_t ticket) { (void)l, (void)ticket; abort(); }

static void map_at(uint64_t addr, size_t bytes)
{
	if (mmap((void *)addr, bytes, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		abort();
}

void fake_reset(void)
{
	map_at(DIRECTMAP_VIRT_START, RAM_FRAMES * PAGE_SIZE);
	map_at(FRAMETABLE_VIRT_START, RAM_FRAMES * sizeof(struct frame));
	map_at(M2P_VIRT_START, RAM_FRAMES * sizeof(uint64_t));
	next_frame = 1;
	host_current = NULL;
	fake_preempt_after = 0;
	fake_unblocked = 0;
	fake_pirq_bound = 0;
}

int domain_page_steal(struct domain *d, struct frame *f)
{
	if (f->owner != d || frame_refs(f->state) != 2 || frame_tcount(f->state))
		return -EBUSY;
	d->pages_coming++;
	f->owner = NULL;
	f->state = 1;
	return 0;
}

/* A limit of 0 is none. */
bool domain_room_take(struct domain *d, unsigned n)
{
	if (d->dying || (d->max_pages && d->tot_pages + d->pages_coming + n > d->max_pages))
		return false;
	d->pages_coming += n;
	return true;
}

void domain_room_drop(struct domain *d, unsigned n) { d->pages_coming -= n; }

void domain_page_assign(struct domain *d, struct frame *f)
{
	d->pages_coming--;
	d->tot_pages++;
	f->owner = d;
	f->state = FRAME_ALLOCATED | 1;
}

void *page_alloc_zeroed(void)
{
	return next_frame < RAM_FRAMES ? mfn_to_virt(mfn(next_frame++)) : NULL;
}

void page_free_virt(void *page) { (void)page; }

uint64_t fake_frame(struct domain *d)
{
	struct frame *f = virt_to_frame(page_alloc_zeroed());

	f->owner = d;
	f->state = FRAME_ALLOCATED | 1;
	return mfn_x(frame_mfn(f));
}

uint64_t fake_frame_state(uint64_t n) { return mfn_to_frame(mfn(n))->state; }

void domain_share_page(struct domain *d, void *page, bool writable)
{
	(void)writable;
	virt_to_frame(page)->owner = d;
	virt_to_frame(page)->state = FRAME_HV | FRAME_VALID | (uint64_t)FT_WRITABLE << FRAME_TYPE_SHIFT |
				     1ULL << FRAME_TCOUNT_SHIFT | 1;
}

void domain_unshare_page(void *page) { virt_to_frame(page)->state = 0; }

/* --- page tables are another test's subject --- */

int pt_validate(struct frame *f, unsigned level, bool preemptible) { (void)f, (void)level, (void)preemptible; return 0; }
int pt_devalidate(struct frame *f, unsigned level, bool preemptible) { (void)f, (void)level, (void)preemptible; return 0; }
int segdesc_validate(struct frame *f) { (void)f; return 0; }

/* --- guest memory --- */

size_t copy_from_guest_bytes(void *dst, const void *src, size_t n)
{
	if (!guest_range_ok(src, n) || (n && !src))
		return n;
	__builtin_memcpy(dst, src, n);
	return 0;
}

int64_t guest_read_word(const uint32_t *from)
{
	uint32_t val;

	return copy_from_guest_bytes(&val, from, sizeof(val)) ? (int64_t)-EFAULT : val;
}

size_t copy_to_guest_bytes(void *dst, const void *src, size_t n)
{
	if (!guest_range_ok(dst, n) || (n && !dst))
		return n;
	__builtin_memcpy(dst, src, n);
	return 0;
}

int guest_copy_to_(void *base, uint64_t off, const void *src, uint64_t nr, size_t size)
{
	return copy_to_guest_bytes((char *)base + off * size, src, nr * size) ? -EFAULT : 0;
}

/* --- domains --- */

struct domain *fake_domain(uint16_t id, unsigned vcpus, unsigned grant_frames)
{
	struct domain *d = hv_alloc(sizeof(*d));

	d->id = id;
	d->refs = 1;
	d->privileged = id == 0;
	d->max_vcpus = vcpus;
	d->vcpu = hv_alloc(vcpus * sizeof(*d->vcpu));
	d->shared = hv_alloc(PAGE_SIZE);
	for (unsigned i = 0; i < vcpus; i++) {
		d->vcpu[i] = hv_alloc(sizeof(struct vcpu));
		d->vcpu[i]->domain = d;
		d->vcpu[i]->id = i;
		d->vcpu[i]->info = &d->shared->vcpu_info[i];
	}
	assert_int_equal(evtchn_init(d), 0);
	if (grant_frames)
		assert_int_equal(grant_init(d, grant_frames), 0);
	domains[id] = d;
	fake_domains_alive++;
	if (id == 0)
		dom0 = d;
	return d;
}

static void domain_end(struct domain *d)
{
	evtchn_free(d);
	grant_free(d);
	for (unsigned i = 0; i < d->max_vcpus; i++)
		hv_free(d->vcpu[i]);
	hv_free(d->vcpu);
	hv_free(d->shared);
	hv_free(d);
	fake_domains_alive--;
}

struct domain *domain_get(uint16_t id)
{
	struct domain *d = id == DOMID_SELF ? host_current->domain : id < ARRAY_SIZE(domains) ? domains[id] : NULL;

	if (d)
		domain_ref(d);
	return d;
}

void domain_put(struct domain *d)
{
	assert_true(d->refs > 0);
	if (!--d->refs)
		domain_end(d);
}

void fake_domain_end(struct domain *d)
{
	d->dying = DYING;
	domains[d->id] = NULL;
	if (d == dom0)
		dom0 = NULL;
	while (evtchn_close_all(d))
		;
	while (grant_release_mappings(d))
		;
	domain_put(d);
}

void fake_run(struct domain *d, unsigned vcpu) { host_current = d->vcpu[vcpu]; }

/* --- scheduling, interrupts, messages --- */

void vcpu_unblock(struct vcpu *v)
{
	fake_unblocked++;
	fake_last_unblocked = v;
}

bool preempt_needed(void)
{
	static unsigned asked;

	return fake_preempt_after && ++asked % fake_preempt_after == 0;
}

int pirq_bind(struct domain *d, unsigned pirq, bool shareable)
{
	(void)d, (void)shareable;
	fake_pirq_bound |= BIT(pirq);
	return 0;
}

void pirq_unbind(struct domain *d, unsigned pirq) { (void)d; fake_pirq_bound &= ~BIT(pirq); }
void printk(enum log_level lvl, const char *fmt, ...) { (void)lvl, (void)fmt; }
void domain_log(const struct domain *d, enum log_level lvl, const char *fmt, ...) { (void)d, (void)lvl, (void)fmt; }

void panic(const char *fmt, ...)
{
	printf("panic: %s\n", fmt);
	abort();
}

long fake_hypercall(hypercall_fn *fn, uint64_t a1, void *a2, uint64_t a3, unsigned *times)
{
	long ret;
	unsigned n = 0;

	host_current->cont.done = 0;
	do {
		ret = fn(a1, (uint64_t)a2, a3, 0, 0, 0);
		n++;
	} while (ret == -ERESTART);
	if (times)
		*times = n;
	return ret;
}
