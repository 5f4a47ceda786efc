/* SPDX-License-Identifier: MIT */
/*
 * Page tables in arbitrary order: a few frames are pinned, unpinned, hooked into each other, mapped,
 * written, cleared and copied at random, with good values and bad ones.
 *
 * After any sequence of answers the guest looks at what it was allowed to build, from the roots that
 * are in use: each table is used at one level only, no table is mapped writable anywhere, no entry
 * names a frame of the hypervisor. (An entry without the write bit may name a table of its own level,
 * through which tables can be read.) At the end everything is taken down, and then every frame is
 * free for any use.
 *
 * Needs: guest_loglvl=none
 */
#include "test.h"

#define FRAMES 16
#define USED 6			/* entries of a table that are ever written */
#define ROUNDS 4
#define STEPS 12000
#define AUDIT_EVERY 40
#define SLOT 150		/* of the running root */
#define WINDOW ((uintptr_t)SLOT << 39)

static uint64_t *frame[FRAMES];
static uint64_t seed;
static unsigned int pinned[FRAMES];	/* level, 0: not */
static mfn_t user_root;
static unsigned int refused, done;

static unsigned int rnd(unsigned int n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 20) % n;
}

static int index_of(mfn_t mfn)
{
	for (int i = 0; i < FRAMES; i++)
		if (virt_to_mfn(frame[i]) == mfn)
			return i;
	return -1;
}

static uint64_t random_value(void)
{
	static const uint64_t bits[] = { PTE_RW, PTE_RW, PTE_RW, PTE_RO, PTE_TABLE, PTE_TABLE,
					 PTE_TABLE, PTE_RW | PTE_PSE, PTE_RW | PTE_NX, 0 };
	uint64_t b = bits[rnd(sizeof(bits) / sizeof(bits[0]))];
	unsigned int which = rnd(40);

	if (which == 0)
		return pte_make(virt_to_mfn(pt_root()), b);
	if (which == 1)
		return pte_make(pte_mfn(pt_root()[256]), b);
	if (which == 2)
		return 0;
	return pte_make(virt_to_mfn(frame[rnd(FRAMES)]), b);
}

/* The initial domain may map frames that are no memory, as those of devices; frames of the
 * hypervisor it may not. */
static bool foreign(mfn_t mfn)
{
	return mfn == pte_mfn(pt_root()[256]);
}

static long set(maddr_t where, uint64_t value)
{
	struct mmu_update u = { .ptr = where, .val = value };

	return hypercall_mmu_update(&u, 1, NULL, DOMID_SELF);
}

static long ext(unsigned int cmd, mfn_t mfn, mfn_t src)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn, .arg2.src_mfn = src };

	return hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static char *random_address(void)
{
	return (char *)(WINDOW | (uintptr_t)rnd(USED) << 30 | (uintptr_t)rnd(USED) << 21 |
			(uintptr_t)rnd(USED) << 12 | rnd(USED) * 8);
}

static long step(void)
{
	int i = rnd(FRAMES), level;
	mfn_t mfn = virt_to_mfn(frame[i]);
	long rc;

	switch (rnd(18)) {
	case 0: case 1: case 2: case 3: case 4:
		return set(mfn_to_maddr(mfn) + rnd(USED) * 8, random_value());
	case 5: case 6:
		return set(virt_to_maddr(&pt_root()[SLOT]), random_value());
	case 7:
		level = 1 + rnd(4);
		rc = ext(MMUEXT_PIN_L1_TABLE + level - 1, mfn, 0);
		if (rc == 0)
			pinned[i] = level;
		return rc;
	case 8:
		rc = ext(MMUEXT_UNPIN_TABLE, mfn, 0);
		if (rc == 0)
			pinned[i] = 0;
		return rc;
	case 9: case 10:
		return pt_protect(frame[i], PTE_RO);
	case 11:
		return pt_protect(frame[i], PTE_RW);
	case 12:
		return hypercall_update_va_mapping(random_address(), random_value(), UVMF_INVLPG);
	case 13:
		return probe_write(random_address(), random_value());
	case 14:
		return probe_write(&frame[i][rnd(USED)], random_value());
	case 15:
		return ext(MMUEXT_CLEAR_PAGE, mfn, 0);
	case 16:
		return ext(MMUEXT_COPY_PAGE, mfn, virt_to_mfn(frame[rnd(FRAMES)]));
	default:
		if (rnd(3) == 0)
			mfn = 0;
		rc = ext(MMUEXT_NEW_USER_BASEPTR, mfn, 0);
		if (rc == 0)
			user_root = mfn;
		return rc;
	}
}

/* --- What it has come to ---------------------------------------------------------------------- */
static unsigned int level_of[FRAMES];
static bool writable[FRAMES];
static const char *wrong;

/* Read-only entries of upper tables, to be judged when the rest is known. */
static struct { mfn_t mfn; unsigned int level; } later[FRAMES * USED + 1];
static unsigned int nr_later;

static void visit(mfn_t mfn, unsigned int level);

static void judge_leaf(uint64_t entry)
{
	int i = index_of(pte_mfn(entry));

	if (!(entry & PTE_PRESENT))
		return;
	if (foreign(pte_mfn(entry)))
		wrong = "a frame of the hypervisor";
	if (!(entry & PTE_WRITE))
		return;
	if (pte_mfn(entry) == virt_to_mfn(pt_root()))
		wrong = "the root mapped writable";
	if (i >= 0)
		writable[i] = true;
}

/* An entry of a table of this level, above the leaves. */
static void judge_upper(uint64_t entry, unsigned int level)
{
	if (!(entry & PTE_PRESENT))
		return;
	if (entry & PTE_PSE) {
		wrong = "a large page";
	} else if (entry & PTE_WRITE) {
		visit(pte_mfn(entry), level - 1);
	} else {
		later[nr_later].mfn = pte_mfn(entry);
		later[nr_later++].level = level;
	}
}

static void visit(mfn_t mfn, unsigned int level)
{
	int i = index_of(mfn);

	if (i < 0) {
		wrong = "a table that is none of the frames";
		return;
	}
	if (level_of[i]) {
		if (level_of[i] != level)
			wrong = "a table used at two levels";
		return;
	}
	level_of[i] = level;
	for (unsigned int e = 0; e < USED; e++)
		if (level > 1)
			judge_upper(frame[i][e], level);
		else
			judge_leaf(frame[i][e]);
}

/* Level of the table in a frame, as far as it is known: 0 is not known. */
static unsigned int known(mfn_t mfn)
{
	int i = index_of(mfn);

	return mfn == virt_to_mfn(pt_root()) ? PT_LEVELS : i < 0 ? 0 : level_of[i];
}

/* Each must name a table of its own level or of the next below. A table that only such an entry holds
 * may be of either: then all that is known is that it is a table. */
static void judge_later(void)
{
	for (unsigned int i = 0; i < nr_later; i++) {
		unsigned int level = known(later[i].mfn);

		if (level && level != later[i].level && level != later[i].level - 1)
			wrong = "a read-only entry names a table of another level";
		else if (!level && index_of(later[i].mfn) < 0)
			wrong = "a table that is none of the frames";
		else if (!level && writable[index_of(later[i].mfn)])
			wrong = "a table mapped writable";
	}
}

static bool sound(void)
{
	wrong = NULL;
	nr_later = 0;
	for (int i = 0; i < FRAMES; i++) {
		level_of[i] = 0;
		writable[i] = *pt_entry(frame[i], 1) & PTE_WRITE;
	}
	judge_upper(pt_root()[SLOT], 4);
	if (user_root)
		visit(user_root, 4);
	for (int i = 0; i < FRAMES; i++)
		if (pinned[i])
			visit(virt_to_mfn(frame[i]), pinned[i]);
	judge_later();
	for (int i = 0; i < FRAMES; i++)
		if (level_of[i] && writable[i])
			wrong = "a table mapped writable";
	return !wrong;
}

/* --- Taking it down --------------------------------------------------------------------------- */
static unsigned int take_down(void)
{
	unsigned int stuck = 0, level;

	ext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
	user_root = 0;
	set(virt_to_maddr(&pt_root()[SLOT]), 0);
	for (int i = 0; i < FRAMES; i++) {
		if (pinned[i])
			ext(MMUEXT_UNPIN_TABLE, virt_to_mfn(frame[i]), 0);
		pinned[i] = 0;
	}
	ext(MMUEXT_TLB_FLUSH_ALL, 0, 0);
	for (int i = 0; i < FRAMES; i++) {
		if (pt_protect(frame[i], PTE_RW)) {
			stuck++;
			continue;
		}
		__builtin_memset(frame[i], 0, PAGE_SIZE);
		pt_protect(frame[i], PTE_RO);
		for (level = 0; level < 4; level++)
			if (ext(MMUEXT_PIN_L1_TABLE + level, virt_to_mfn(frame[i]), 0) ||
			    ext(MMUEXT_UNPIN_TABLE, virt_to_mfn(frame[i]), 0))
				stuck++;
		if (pt_protect(frame[i], PTE_RW))
			stuck++;
	}
	return stuck;
}

static bool run(unsigned int round)
{
	for (unsigned int i = 0; i < STEPS; i++) {
		if (step())
			refused++;
		else
			done++;
		if (i % AUDIT_EVERY == 0 && !sound()) {
			say("# round %u, step %u: %s\n", round, i, wrong);
			return false;
		}
	}
	return true;
}

void test_main(void)
{
	int i;

	for (i = 0; i < FRAMES; i++)
		frame[i] = os_pages_alloc(1);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		seed = 0x9e3779b97f4a7c15 + round;
		check("what it was allowed to build is sound", run(round));
		check_value("frames that stay stuck", take_down(), 0);
	}
	say("# %u done, %u refused\n", done, refused);
	check("both happened often", done > 5000 && refused > 5000);
	check_value("the hypervisor answers", hypercall_xen_version(XENVER_version, NULL), 4 << 16 | 17);
}
