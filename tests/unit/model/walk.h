/* SPDX-License-Identifier: MIT */
/* In place of hypervisor/mm/walk.h: the model's domains have an L1 each and nothing above it (machine.c). */
#define HV_MM_WALK_H
#define walk(v, va, table) pt_walk(v, va, table)
