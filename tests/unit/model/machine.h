/* SPDX-License-Identifier: MIT */
/*
 * A machine of two domains. Each has two frames, "table" and "page" (which is which is only a
 * name), and a grant table with two entries in use: 0 for the other domain, 1 for itself. A state of it can be saved and loaded, so that
 * every operation can be tried in it.
 */
#ifndef MODEL_MACHINE_H
#define MODEL_MACHINE_H

#include "domain.h"
#include "errno.h"
#include "grant.h"
#include "mm.h"
#include "pt.h"

#define NR_FRAMES 7 /* 1, 2: A's; 3, 4: B's; 5, 6: the frames of their grant tables */
#define NR_SLOTS 2 /* entries of each table that are in use */
#define NR_HANDLES 2
#define NR_REFS 2
#define TABLE(dom) (1 + 2 * (dom))
#define PAGE(dom) (2 + 2 * (dom))

struct state;
extern const unsigned state_size;

void machine_start(void);
void machine_save(struct state *s);
void machine_load(const struct state *s);
/* NULL, or the first thing the audit found wrong. */
const char *machine_audit(void);

bool machine_alive(unsigned dom); /* may run: not dying */
bool machine_dead(unsigned dom); /* its end is done; what others hold of it may remain */
bool machine_gone(unsigned dom);
unsigned machine_handles(unsigned dom); /* live ones */

/* Operations of domain dom, by the real hypercalls. */
void op_pin(unsigned dom, unsigned frame, unsigned level);
void op_unpin(unsigned dom, unsigned frame);
/* The same, preempted as soon as may be and never gone on with. */
void op_pin_cut_short(unsigned dom, unsigned frame, unsigned level);
void op_unpin_cut_short(unsigned dom, unsigned frame);
void op_update(unsigned dom, unsigned frame, unsigned slot, pte_t val);
void op_permit(unsigned dom, unsigned ref, unsigned frame, uint16_t flags); /* writes its entry */
void op_map(unsigned dom, unsigned ref, unsigned slot, uint32_t flags);
void op_unmap(unsigned dom, unsigned handle, unsigned slot, bool device);
void op_replace(unsigned dom, unsigned handle, unsigned slot, unsigned new_slot);
void op_copy(unsigned dom, bool to_grant);
void op_transfer(unsigned dom, unsigned frame, unsigned ref); /* to the other, by entry ref of its table */
void op_release(unsigned dom, unsigned frame);
void op_base(unsigned dom, uint64_t frame);
/* The control domain destroys it, to the end or as far as it gets before preemption. */
void op_destroy(unsigned dom, bool steps);

#endif
