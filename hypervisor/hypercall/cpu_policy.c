/* SPDX-License-Identifier: MIT */
/*
 * CPU features in the two forms the tools know: feature words, and lists of CPUID leaves. All guests see one
 * policy (pv_cpuid); the tools read it and may hand it back for a domain, which changes nothing.
 */
#include "control.h"
#include "cpu.h"
#include "errno.h"
#include "lib.h"
#include "pv.h"
#include "uaccess.h"
#include "x86.h"

#define BASIC_MAX 0xd		/* the highest leaf a policy holds */
#define EXTENDED_MAX 0x21

/* Feature words in the ABI's order: leaf, subleaf, register. */
static const struct { uint32_t leaf, sub; unsigned reg; } words[] = {
	{ 1, 0, 3 }, { 1, 0, 2 }, { 0x80000001, 0, 3 }, { 0x80000001, 0, 2 }, { 0xd, 1, 0 },
	{ 7, 0, 1 }, { 7, 0, 2 }, { 0x80000007, 0, 3 }, { 0x80000008, 0, 1 }, { 7, 0, 3 },
	{ 7, 1, 0 }, { 0x80000021, 0, 0 }, { 7, 1, 1 },
};

static void leaf_of(const struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	if (v) {
		pv_cpuid(v, leaf, sub, r);
		return;
	}
	cpuid_count(leaf & 0x80000000, 0, r);
	if (leaf > r[0])
		memset(r, 0, 16);
	else
		cpuid_count(leaf, sub, r);
}

/* v NULL: the hardware's own. */
static uint32_t word_of(const struct vcpu *v, unsigned i)
{
	uint32_t r[4];

	leaf_of(v, words[i].leaf, words[i].sub, r);
	return r[words[i].reg];
}

void featureset_host(uint32_t *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		out[i] = i < ARRAY_SIZE(words) ? word_of(NULL, i) : 0;
}

long sysctl_featureset(xen_sysctl_t *op)
{
	struct xen_sysctl_cpu_featureset *a = &op->u.cpu_featureset;
	unsigned n = MIN(a->nr_features, (uint32_t)ARRAY_SIZE(words));

	if (a->index > XEN_SYSCTL_cpu_featureset_pv)
		return -EINVAL;
	if (guest_handle_is_null(a->features)) {
		a->nr_features = ARRAY_SIZE(words);
		return 0;
	}
	for (unsigned i = 0; i < n; i++) {
		uint32_t w = word_of(a->index == XEN_SYSCTL_cpu_featureset_pv ? current : NULL, i);

		if (copy_to_guest_off(a->features, i, &w, 1))
			return -EFAULT;
	}
	if (a->nr_features < ARRAY_SIZE(words))
		return -ENOBUFS;
	a->nr_features = n;
	return 0;
}

/* Appends one leaf if it fits (and the handle is not null); counts it in any case. */
static int emit(const struct vcpu *v, const xen_cpuid_leaf_t *where, uint32_t room, uint32_t *n,
		uint32_t leaf, uint32_t sub)
{
	xen_cpuid_leaf_t l = { .leaf = leaf, .subleaf = sub };
	uint32_t r[4];

	leaf_of(v, leaf, sub == XEN_CPUID_NO_SUBLEAF ? 0 : sub, r);
	l.a = r[0];
	l.b = r[1];
	l.c = r[2];
	l.d = r[3];
	if (where && *n < room && guest_copy_to_((void *)where, *n, &l, 1, sizeof(l)))
		return -EFAULT;
	++*n;
	return 0;
}

/* The leaves of a policy; *nr: room in, number out. Leaves 4, 7, 0xb and 0xd come by subleaves only. */
static long leaves(const struct vcpu *v, const xen_cpuid_leaf_t *where, uint32_t *nr)
{
	static const uint8_t subleaves[BASIC_MAX + 1] = { [4] = 6, [7] = 2, [0xb] = 2, [0xd] = 63 };
	uint32_t r[4], max, n = 0;
	int rc = 0;

	leaf_of(v, 0, 0, r);
	max = MIN(r[0], (uint32_t)BASIC_MAX);
	for (uint32_t leaf = 0; leaf <= max && !rc; leaf++) {
		if (!subleaves[leaf])
			rc = emit(v, where, *nr, &n, leaf, XEN_CPUID_NO_SUBLEAF);
		for (uint32_t sub = 0; sub < subleaves[leaf] && !rc; sub++)
			rc = emit(v, where, *nr, &n, leaf, sub);
	}
	leaf_of(v, 0x80000000, 0, r);
	max = MIN(r[0], 0x80000000u | EXTENDED_MAX);
	for (uint32_t leaf = 0x80000000; leaf <= max && !rc; leaf++)
		rc = emit(v, where, *nr, &n, leaf, XEN_CPUID_NO_SUBLEAF);
	if (!rc && where && n > *nr)
		rc = -ENOBUFS;
	*nr = n;
	return rc;
}

long sysctl_cpu_policy(xen_sysctl_t *op)
{
	struct xen_sysctl_cpu_policy *a = &op->u.cpu_policy;
	const struct vcpu *v = current;

	if (a->index == XEN_SYSCTL_cpu_policy_raw || a->index == XEN_SYSCTL_cpu_policy_host)
		v = NULL;
	else if (a->index != XEN_SYSCTL_cpu_policy_pv_max && a->index != XEN_SYSCTL_cpu_policy_pv_default)
		return -EOPNOTSUPP;
	a->nr_msrs = 0;
	return leaves(v, (const xen_cpuid_leaf_t *)a->leaves.p, &a->nr_leaves);
}

long domctl_get_cpu_policy(struct domain *d, xen_domctl_t *op)
{
	struct xen_domctl_cpu_policy *a = &op->u.cpu_policy;

	a->nr_msrs = 0;
	return leaves(d->vcpu[0] ? d->vcpu[0] : current, (const xen_cpuid_leaf_t *)a->leaves.p, &a->nr_leaves);
}

long domctl_set_cpu_policy(struct domain *d, xen_domctl_t *op)
{
	(void)d;
	op->u.cpu_policy.err_leaf = op->u.cpu_policy.err_subleaf = op->u.cpu_policy.err_msr = ~0u;
	return 0;
}
