/* SPDX-License-Identifier: MIT */
/*
 * All vcpus change the same page tables at once: they pin, unpin, hook, map, store, clear and copy the same few
 * frames, with good values and bad ones, and switch their user bases among them.
 *
 * Each answer is one the ABI has. After each round, when all stand still, what the roots in use lead to is sound
 * (each table at one level only, none mapped writable), the hypervisor's audit finds nothing, and after all
 * is taken down every frame is free for any use.
 *
 * Needs: dom0_max_vcpus=4 guest_loglvl=none
 */
#include "smp.h"

#define FRAMES 12
#define USED 4			/* entries of a table that are ever written */
#define ROUNDS 3
#define SLOT 150		/* of the running root */
#define WINDOW ((uintptr_t)SLOT << 39)

static uint64_t *frame[FRAMES];
static mfn_t user_root[VCPU_MAX];
static unsigned int done[VCPU_MAX], refused[VCPU_MAX];
static long odd_answer;
static const char *wrong;
static unsigned int level_of[FRAMES];

static int index_of(mfn_t mfn)
{
	for (int i = 0; i < FRAMES; i++)
		if (virt_to_mfn(frame[i]) == mfn)
			return i;
	return -1;
}

static uint64_t random_value(void)
{
	static const uint64_t bits[] = { PTE_RW, PTE_RW, PTE_RO, PTE_TABLE, PTE_TABLE, PTE_TABLE, PTE_RW | PTE_NX, 0 };
	uint64_t b = bits[smp_random(sizeof(bits) / sizeof(bits[0]))];
	unsigned int which = smp_random(30);

	if (which == 0)
		return pte_make(virt_to_mfn(pt_root()), b);
	return which < 3 ? 0 : pte_make(virt_to_mfn(frame[smp_random(FRAMES)]), b);
}

static char *random_address(void)
{
	return (char *)(WINDOW | (uintptr_t)smp_random(USED) << 30 | (uintptr_t)smp_random(USED) << 21 |
			(uintptr_t)smp_random(USED) << 12);
}

static long copy_page(mfn_t to, mfn_t from)
{
	struct mmuext_op op = { .cmd = MMUEXT_COPY_PAGE, .arg1.mfn = to, .arg2.src_mfn = from };

	return hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static long step(unsigned int vcpu)
{
	unsigned int i = smp_random(FRAMES);
	mfn_t mfn = virt_to_mfn(frame[i]);
	long rc;

	if (smp_random(16) == 0)
		smp_yield();		/* on one CPU, others come between by this alone */
	switch (smp_random(18)) {
	case 0: case 1: case 2: case 3:
		return smp_set(mfn_to_maddr(mfn) + smp_random(USED) * 8, random_value());
	case 4: case 5:
		return smp_set(virt_to_maddr(&pt_root()[SLOT]), random_value());
	case 6: case 7:
		return smp_ext(MMUEXT_PIN_L1_TABLE + smp_random(4), mfn);
	case 8: case 9:
		return smp_ext(MMUEXT_UNPIN_TABLE, mfn);
	case 10: case 11:
		return pt_protect(frame[i], PTE_RO);
	case 12:
		return pt_protect(frame[i], PTE_RW);
	case 13:
		return hypercall_update_va_mapping(random_address(), random_value(), UVMF_INVLPG | UVMF_ALL);
	case 14:
		return smp_store(random_address(), random_value()) ? 0 : -XEN_EFAULT;
	case 15:
		return smp_store(&frame[i][smp_random(USED)], random_value()) ? 0 : -XEN_EFAULT;
	case 16:
		return smp_random(2) ? smp_ext(MMUEXT_CLEAR_PAGE, mfn) :
		       copy_page(mfn, virt_to_mfn(frame[smp_random(FRAMES)]));
	default:
		mfn = smp_random(3) ? mfn : 0;
		rc = smp_ext(MMUEXT_NEW_USER_BASEPTR, mfn);
		if (rc == 0)
			user_root[vcpu] = mfn;
		return rc;
	}
}

static void storm(unsigned int vcpu)
{
	while (smp_goes_on()) {
		long rc = step(vcpu);

		if (rc && rc != -XEN_EINVAL && rc != -XEN_EBUSY && rc != -XEN_EFAULT && rc != -XEN_EPERM)
			odd_answer = rc;
		if (rc)
			refused[vcpu]++;
		else
			done[vcpu]++;
	}
}

/* --- What it has come to, when nothing moves --- */

static void visit(mfn_t mfn, unsigned int level)
{
	int i = index_of(mfn);

	if (i < 0) {
		wrong = "a table that is none of the frames";
		return;
	}
	if (level_of[i] && level_of[i] != level)
		wrong = "a table used at two levels";
	if (level_of[i])
		return;
	level_of[i] = level;
	for (unsigned int e = 0; e < USED && level > 1; e++)
		if ((frame[i][e] & (PTE_PRESENT | PTE_WRITE)) == (PTE_PRESENT | PTE_WRITE))
			visit(pte_mfn(frame[i][e]), level - 1);
}

/* An entry that lets a table be written. */
static void judge_writable(uint64_t entry)
{
	int i = index_of(pte_mfn(entry));

	if (!(entry & PTE_PRESENT) || !(entry & PTE_WRITE))
		return;
	if ((i >= 0 && level_of[i]) || pte_mfn(entry) == virt_to_mfn(pt_root()))
		wrong = "a table mapped writable";
}

static bool sound(void)
{
	uint64_t slot = pt_root()[SLOT];

	wrong = NULL;
	__builtin_memset(level_of, 0, sizeof(level_of));
	if (slot & PTE_PRESENT && slot & PTE_WRITE)
		visit(pte_mfn(slot), 3);
	for (unsigned int v = 0; v < smp_vcpus(); v++)
		if (user_root[v])
			visit(user_root[v], 4);
	for (int i = 0; i < FRAMES; i++) {
		judge_writable(*pt_entry(frame[i], 1));
		for (unsigned int e = 0; e < USED && level_of[i] == 1; e++)
			judge_writable(frame[i][e]);
	}
	if (wrong)
		say("# %s\n", wrong);
	return !wrong;
}

static void drop_user_root(unsigned int vcpu)
{
	smp_ext(MMUEXT_NEW_USER_BASEPTR, 0);
	user_root[vcpu] = 0;
}

static unsigned int take_down(void)
{
	unsigned int stuck = 0;

	smp_run(drop_user_root);
	smp_set(virt_to_maddr(&pt_root()[SLOT]), 0);
	for (int i = 0; i < FRAMES; i++)
		smp_ext(MMUEXT_UNPIN_TABLE, virt_to_mfn(frame[i]));
	smp_ext(MMUEXT_TLB_FLUSH_ALL, 0);
	for (int i = 0; i < FRAMES; i++) {
		if (pt_protect(frame[i], PTE_RW)) {
			stuck++;
			continue;
		}
		__builtin_memset(frame[i], 0, PAGE_SIZE);
		pt_protect(frame[i], PTE_RO);
		for (unsigned int level = 0; level < 4; level++)
			if (smp_ext(MMUEXT_PIN_L1_TABLE + level, virt_to_mfn(frame[i])) ||
			    smp_ext(MMUEXT_UNPIN_TABLE, virt_to_mfn(frame[i])))
				stuck++;
		if (pt_protect(frame[i], PTE_RW))
			stuck++;
	}
	return stuck;
}

void test_main(void)
{
	unsigned int d = 0, r = 0;

	for (int i = 0; i < FRAMES; i++)
		frame[i] = os_pages_alloc(1);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		if (round)
			smp_seed(round + 1);
		smp_run(storm);
		check("what they were allowed to build is sound", sound());
		smp_audit();
		check_value("frames that stay stuck", take_down(), 0);
	}
	smp_audit();
	for (unsigned int v = 0; v < smp_vcpus(); v++) {
		d += done[v];
		r += refused[v];
	}
	say("# %u done, %u refused\n", d, r);
	check("both happened often", d > 20 && r > 20);
	check_value("an answer that the ABI has not", odd_answer, 0);
}
