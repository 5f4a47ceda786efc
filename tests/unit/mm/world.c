/* SPDX-License-Identifier: MIT */
/* The fake machine under the type system: memory, domains, and what the rest of the hypervisor
 * would do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#undef errno
#define strtoull hv_strtoull	/* lib.h has its own, of another type */
#include "world.h"
#include "printk.h"
#include "pv.h"

unsigned char world_frames[NR_FRAMES * sizeof(struct frame)] __attribute__((aligned(64)));
unsigned char world_ram[NR_FRAMES * 4096] __attribute__((aligned(4096)));
unsigned char world_m2p[NR_FRAMES * 8];
struct domain dom_a = { .id = 1 }, dom_b = { .id = 2 }, dom_priv = { .id = 0, .privileged = true };
struct vcpu world_vcpu[NR_VCPUS];
struct holder holders[NR_HOLDERS];
int preempt_after = -1;
char last_log[256];
unsigned nr_filtered, nr_freed;
uint64_t max_mfn = NR_FRAMES;
uint32_t tlb_clock;
bool pti_on;

bool mfn_is_mmio_for(mfn_t m, const struct domain *d, bool rw)
{
	(void)rw;
	return mfn_x(m) == MMIO_MFN && d->privileged;
}
bool mfn_is_m2p(mfn_t m) { (void)m; return false; }
void tlb_filter(struct frame *f) { (void)f; nr_filtered++; }
long hypercall_again(void) { abort(); }
void cpu_relax(void) { __builtin_ia32_pause(); }
void spin_wait(const spinlock_t *l, uint16_t ticket) { (void)l, (void)ticket; abort(); }
void tlb_flush_local(void) { }
bool pv_desc_fix(uint64_t *desc) { return *desc != 0xbad; }

/* What our own part of an L4 looks like here. */
void hv_l4_install(struct domain *d, pte_t *l4)
{
	(void)d;
	for (unsigned i = HV_L4_FIRST; i <= HV_L4_LAST; i++)
		l4[i] = 0x1230000000000000 + i;
}

bool preempt_needed(void)
{
	if (preempt_after < 0 || preempt_after-- > 0)
		return false;
	preempt_after = -1;
	return true;
}

void domain_log(const struct domain *d, enum log_level lvl, const char *fmt, ...)
{
	va_list ap;

	(void)d, (void)lvl;
	va_start(ap, fmt);
	vsnprintf(last_log, sizeof(last_log), fmt, ap);
	va_end(ap);
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	abort();
}

void frame_free(struct frame *f)
{
	nr_freed++;
	if (frame_tcount(f->state))
		panic("freed with a type reference: state %lx\n", f->state);
	*f = (struct frame){ 0 };
}

void world_reset(void)
{
	memset(world_frames, 0, sizeof(world_frames));
	fr(0)->state = FRAME_NOT_RAM;
	memset(world_ram, 0, sizeof(world_ram));
	memset(holders, 0, sizeof(holders));
	for (unsigned i = 0; i < NR_VCPUS; i++) {
		world_vcpu[i].domain = &dom_a;
		world_vcpu[i].unfinished = NULL;
	}
	preempt_after = -1;
	nr_filtered = nr_freed = 0;
	last_log[0] = 0;
}

unsigned world_alloc(struct domain *d)
{
	for (unsigned n = 1; n < NR_FRAMES; n++)
		if (!fr(n)->state) {
			memset(table(n), 0, PAGE_SIZE);
			fr(n)->owner = d;
			fr(n)->state = FRAME_ALLOCATED | 1;
			return n;
		}
	return 0;
}

/* --- what hypercalls do --- */

static int hold_type(unsigned n, enum frame_type t, struct frame **out)
{
	int rc;

	*out = frame_get_mfn(mfn(n), &dom_a);
	if (!*out)
		return -EINVAL;
	rc = frame_get_type(*out, t, true);
	if (rc && rc != -ERESTART)
		frame_put(*out);
	return rc;
}

static void put_type(struct vcpu *v, struct frame *f)
{
	if (frame_put_type(f, true) == -ERESTART)
		v->unfinished = f;
	else
		frame_put(f);
}

int guest_pin(unsigned n, unsigned level)
{
	struct frame *f;
	int rc = hold_type(n, FT_L1 + level - 1, &f);

	if (rc)
		return rc;
	if (f->state & FRAME_PINNED) {
		frame_put_both(f);
		return -EINVAL;
	}
	f->state |= FRAME_PINNED;
	return 0;
}

int guest_unpin(struct vcpu *v, unsigned n)
{
	int rc = pt_finish(v, &dom_a);

	if (rc)
		return rc;
	if (!(fr(n)->state & FRAME_PINNED))
		return -EINVAL;
	fr(n)->state &= ~FRAME_PINNED;
	put_type(v, fr(n));
	return 0;
}

int guest_update(struct vcpu *v, struct domain *pg_owner, unsigned n, unsigned slot, pte_t val)
{
	uint64_t s = fr(n)->state;
	int rc = pt_finish(v, &dom_a);

	if (rc)
		return rc;
	if (frame_type_is_pt(frame_type(s)) && (s & FRAME_VALID) && fr(n)->owner == &dom_a)
		return pt_update_entry(v, &dom_a, pg_owner, fr(n), &table(n)[slot], val, false);
	rc = frame_map(fr(n), &dom_a, true);
	if (rc)
		return rc;
	table(n)[slot] = val;
	frame_unmap(fr(n), true);
	return 0;
}

int guest_hold(unsigned h, unsigned n, enum frame_type t)
{
	struct frame *f;
	int rc;

	if (holders[h].used)
		return -EBUSY;
	rc = hold_type(n, t, &f);
	if (!rc)
		holders[h] = (struct holder){ f, t, true };
	return rc;
}

int guest_drop(struct vcpu *v, unsigned h)
{
	int rc = pt_finish(v, &dom_a);

	if (rc || !holders[h].used)
		return rc ? rc : -EINVAL;
	holders[h].used = false;
	put_type(v, holders[h].f);
	return 0;
}

int guest_release(unsigned n)
{
	struct frame *f = frame_get_mfn(mfn(n), &dom_a);

	if (!f)
		return -EINVAL;
	f->state &= ~FRAME_ALLOCATED;
	frame_put(f);
	frame_put(f);
	return 0;
}

/* --- the auditor --- */

struct count { uint32_t refs, types[8]; };

static struct count counts[NR_FRAMES];

static void count(unsigned n, enum frame_type t)
{
	counts[n].refs++;
	if (t)
		counts[n].types[t]++;
}

/* An entry that is relied upon. */
static const char *audit_entry(unsigned level, pte_t e)
{
	uint64_t n = mfn_x(pte_mfn(e));
	uint64_t s;

	if (!(e & PTE_US))
		return "an entry without the user bit";
	if (level == 1 && (n >= NR_FRAMES || (e & PTE_GRANT)))
		return NULL;
	s = fr(n)->state;
	if (level > 1) {
		count(n, FT_L1 + level - 2);
		if (frame_type(s) != FT_L1 + level - 2u || !(s & FRAME_VALID) ||
		    fr(n)->owner != &dom_a)
			return "an entry that leads to no valid table of the level below";
	} else {
		count(n, e & PTE_RW ? FT_WRITABLE : FT_NONE);
		if ((e & PTE_RW) && (frame_type(s) != FT_WRITABLE || !frame_tcount(s)))
			return "a writable mapping of a frame of another type";
		if (level == 1 && (e & PTE_G))
			return "a global entry";
	}
	return NULL;
}

static const char *audit_table(unsigned n)
{
	uint64_t s = fr(n)->state;
	unsigned level = frame_level(s), last = s & FRAME_VALID ? PT_ENTRIES : fr(n)->nr_done;

	for (unsigned i = 0; i < last; i++) {
		pte_t e = table(n)[i];
		const char *wrong;

		if (level == 4 && i >= HV_L4_FIRST && i <= HV_L4_LAST) {
			if ((s & FRAME_VALID) && e != 0x1230000000000000UL + i)
				return "a slot of ours that the guest owns";
			continue;
		}
		wrong = e & PTE_P ? audit_entry(level, e) : NULL;
		if (wrong)
			return wrong;
	}
	return NULL;
}

static const char *audit_frame(unsigned n)
{
	static char text[200];
	uint64_t s = fr(n)->state;

	for (unsigned t = 1; t < 8; t++)
		if (counts[n].types[t] && t != frame_type(s))
			return "a reference by a type that the frame has not";
	if ((s & FRAME_VALID) && !frame_tcount(s))
		return "a type called valid that nobody holds";
	if (frame_refs(s) == counts[n].refs && frame_tcount(s) == counts[n].types[frame_type(s)])
		return NULL;
	snprintf(text, sizeof(text),
		 "frame %u: %u references, %u by type %u, but %u and %u counted", n, frame_refs(s),
		 frame_tcount(s), frame_type(s), counts[n].refs, counts[n].types[frame_type(s)]);
	return text;
}

const char *audit(void)
{
	const char *wrong = NULL;

	memset(counts, 0, sizeof(counts));
	for (unsigned i = 0; i < NR_HOLDERS; i++)
		if (holders[i].used)
			count(mfn_x(frame_mfn(holders[i].f)), holders[i].type);
	for (unsigned n = 1; n < NR_FRAMES && !wrong; n++) {
		uint64_t s = fr(n)->state;
		bool is_pt = frame_type_is_pt(frame_type(s)) && frame_tcount(s);

		if (s & FRAME_ALLOCATED)
			count(n, FT_NONE);
		if (s & FRAME_PINNED)
			count(n, frame_type(s));
		if (is_pt && !(s & FRAME_VALID))
			count(n, frame_type(s));
		if (is_pt)
			wrong = audit_table(n);
	}
	for (unsigned n = 1; n < NR_FRAMES && !wrong; n++)
		wrong = audit_frame(n);
	return wrong;
}
