/* SPDX-License-Identifier: MIT */
/*
 * Flushes that a guest asks for: the other vcpus read through an address without pause while vcpu 0 lets it show one
 * page and the other in turn, and asks for the flush of what all vcpus, or those of a mask, know, in each way that
 * there is. Once the hypercall is done nobody reads the page that was there before.
 *
 * Needs: dom0_max_vcpus=3 guest_loglvl=none
 */
#include "smp.h"

#define BUSY 0
#define YIELD_EVERY 1000	/* reads: with fewer CPUs than vcpus the one that changes has to run too */

static volatile uint64_t *window;
static mfn_t pages[2];				/* the first word of each says which it is, plus one */
static volatile uint64_t shown = BUSY;		/* what all must read; BUSY: it is being changed */
static volatile uint64_t epoch;			/* counts the changes */
static volatile unsigned int way;		/* in which it was last changed */
static volatile bool stop;
static unsigned long mask;			/* of vcpus */
static unsigned long reads[VCPU_MAX];
static unsigned int rounds, refused;

static long ext(unsigned int cmd)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.linear_addr = (unsigned long)window };

	set_xen_guest_handle(op.arg2.vcpumask, (void *)&mask);
	return hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static const struct way {
	const char *name;
	unsigned long flags;		/* of the update */
	unsigned int ext;		/* an operation after it; 0: none */
	bool masked;
} ways[] = {
	{ "an update that flushes the page everywhere", UVMF_INVLPG | UVMF_ALL, 0, false },
	{ "an update that flushes all everywhere", UVMF_TLB_FLUSH | UVMF_ALL, 0, false },
	{ "an update that flushes the page for a mask", UVMF_INVLPG | UVMF_MULTI, 0, true },
	{ "an update that flushes all for a mask", UVMF_TLB_FLUSH | UVMF_MULTI, 0, true },
	{ "the page everywhere", 0, MMUEXT_INVLPG_ALL, false },
	{ "all everywhere", 0, MMUEXT_TLB_FLUSH_ALL, false },
	{ "the page for a mask", 0, MMUEXT_INVLPG_MULTI, false },
	{ "all for a mask", 0, MMUEXT_TLB_FLUSH_MULTI, false },
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static unsigned int stale[WAYS];

static bool change(const struct way *w, mfn_t mfn)
{
	unsigned long flags = w->flags | (w->masked ? (unsigned long)&mask : 0);

	return !hypercall_update_va_mapping((void *)window, pte_make(mfn, PTE_RO), flags) &&
	       (!w->ext || !ext(w->ext));
}

static void change_on(void)
{
	for (; smp_goes_on() || rounds < 10 * WAYS; rounds++) {
		unsigned int next = rounds % 2;

		shown = BUSY;
		epoch++;
		way = rounds % WAYS;
		if (!change(&ways[way], pages[next]))
			refused++;
		shown = next + 1;
		for (unsigned int i = smp_random(4); i; i--)
			smp_yield();
	}
	stop = true;
}

/* What was shown before and after, with no change between, is what was read. */
static void read_on(unsigned int vcpu)
{
	while (!stop) {
		uint64_t before = epoch, want = shown, got = *window;

		if (want == BUSY || epoch != before)
			continue;
		if (++reads[vcpu] % YIELD_EVERY == 0)
			smp_yield();
		if (got != want)
			__atomic_add_fetch(&stale[way], 1, __ATOMIC_RELAXED);
	}
}

static void play(unsigned int vcpu)
{
	if (vcpu)
		read_on(vcpu);
	else
		change_on();
}

void test_main(void)
{
	smp_run_ms = 3000;
	mask = (1ul << smp_vcpus()) - 1;
	window = os_va_alloc(1);
	for (unsigned int i = 0; i < 2; i++) {
		uint64_t *page = os_pages_alloc(1);

		*page = i + 1;
		pages[i] = virt_to_mfn(page);
	}
	check("map it", change(&ways[0], pages[0]));
	smp_run(play);
	say("# %u changes, %lu reads\n", rounds, reads[1] + reads[2]);
	check("it was read", reads[1] + reads[2] > 100);
	check_value("refusals", refused, 0);
	for (unsigned int i = 0; i < WAYS; i++)
		check_value(ways[i].name, stale[i], 0);
	smp_audit();
}
