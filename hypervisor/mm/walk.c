/* SPDX-License-Identifier: MIT */
/* The walk of walk.h for those who do it seldom. */
#include "walk.h"

pte_t *pt_walk(const struct vcpu *v, uint64_t va, struct frame **table) { return walk(v, va, table); }
