# SPDX-License-Identifier: MIT
"""One-line defects in the core that isolation rests on: (file, line as it is, line as it would be wrong).

Each is a check dropped, a bound off by one, a reference or a type not taken or not put, a flush skipped. The
left side must occur exactly once in its file.
"""
M = "hypervisor/mm/"
G = "hypervisor/grant/"
E = "hypervisor/event/"

DEFECTS = [
    # frames: references and types
    (M + "frame_type.c", "f->owner != d || !(s & (FRAME_ALLOCATED | FRAME_HV))", "f->owner != d"),
    (M + "frame_type.c", "if (unlikely((uint32_t)s == FRAME_REF_MASK))", "if (0)"),
    (M + "frame_type.c", "frame_type(s) != t || tcount_full(s)", "tcount_full(s)"),
    (M + "frame_type.c", "frame_type(s) != t || tcount_full(s)", "frame_type(s) != t"),
    (M + "frame_type.c", "if (old != t && old != FT_NONE)", "if (old != t && 0)"),
    (M + "frame_type.c", "f->nr_done = PT_ENTRIES;", "f->nr_done = PT_ENTRIES - 1;"),
    (M + "frame_type.c", "if (!table)\n\t\treturn 0;", "return 0;"),
    (M + "frame_type.c", "if (unlikely(!frame_refs(n)))\n\t\tframe_free(f);", ""),
    (M + "frame_type.c", "f->work = WORK_REFUSED;", ""),
    (M + "frame_type.c", "\tframe_put(f);\t/* two were held", "\t/* two were held"),
    (M + "frame_type.c", "\tif (!rc)\n\t\tframe_put(f);\n\treturn rc;\n}\n\nint frame_get_both",
     "\treturn rc;\n}\n\nint frame_get_both"),
    (M + "frame_type.c", "if (rc)\n\t\tframe_put(f);\n\telse if (out)", "if (!rc && out)"),
    # entries and tables
    (M + "pt_validate.c", "return FT_L1 + level - 2;", "return FT_L1 + level - 1;"),
    (M + "pt_validate.c", "if (f)\n\t\tframe_put(f);\n\treturn rc;", "return rc;"),
    (M + "pt_validate.c", "\tif (!rc)\n\t\tframe_put(f);\n\treturn rc;\n}", "\treturn rc;\n}"),
    (M + "pt_validate.c", "f->nr_done = i + !rc;", "f->nr_done = i + 1;"),
    (M + "pt_validate.c", "level == 4 && slot >= HV_L4_FIRST && slot <= HV_L4_LAST",
     "level == 4 && slot > HV_L4_FIRST && slot <= HV_L4_LAST"),
    (M + "pt_validate.c", "if (level == 4)\n\t\thv_l4_install(d, t);", ""),
    (M + "pt_validate.c", "if (finish_below(f, t, level, preemptible))\n\t\treturn -ERESTART;", ""),
    (M + "l1.h", "if (unlikely(e & PTE_GRANT) || !mfn_in_table(m))", "if (!mfn_in_table(m))"),
    (M + "l1.h", "frame_unmap(mfn_to_frame(m), e & PTE_RW);", "frame_unmap(mfn_to_frame(m), false);"),
    (M + "l1.h", "rc = frame_map(mfn_to_frame(m), pg_owner, e & PTE_RW);", "rc = frame_map(mfn_to_frame(m), pg_owner, false);"),
    (M + "pt_update.c", "PTE_P | (level == 1 ? PTE_RW : 0)", "PTE_P | (level == 9 ? PTE_RW : 0)"),
    (M + "pt_update.c", "swap(ptep, val | (old & PTE_GRANT), keep_ad);", "swap(ptep, val, keep_ad);"),
    (M + "pt_update.c", "if (level == 4 && slot >= HV_L4_FIRST && slot <= HV_L4_LAST) {",
     "if (level == 4 && slot >= HV_L4_FIRST && slot < HV_L4_LAST) {"),
    ("hypervisor/include/pt.h", "return e & PTE_P ? (e | PTE_US) & ~PTE_GRANT : e;", "return e & PTE_P ? (e | PTE_US) : e;"),
    # grant entries
    (M + "grant_map.c", "(!from || from == ptep)", "!from"),
    (M + "grant_map.c", "f->owner != v->domain || frame_type(f->state)", "frame_type(f->state)"),
    (M + "grant_map.c", "frame_type(f->state) != FT_L1 || ", ""),
    (M + "grant_map.c", "!(*ptep & PTE_GRANT) || ", ""),
    (M + "grant_map.c", "!mfn_eq(pte_mfn(*ptep), m) || ", ""),
    (M + "grant_map.c", " || !(*ptep & PTE_RW) != !rw", ""),
    (M + "grant_map.c", "val = swap(from, 0);", "val = *from;"),
    (M + "grant_map.c", "\ttlb_flush_domain(v->domain);\n", ""),
    (M + "grant_map.c", "pt_entry_put(1, swap(", "(void)(swap("),
    # grants
    (G + "pin.c", "(old & (GTF_type_mask | GTF_sub_page)) != GTF_permit_access", "!(old & GTF_permit_access)"),
    (G + "pin.c", "if (unlikely(old >> 16 != who))", "if (0)"),
    (G + "pin.c", "if (unlikely(rw && (old & GTF_readonly)))", "if (0)"),
    (G + "pin.c", "if (unlikely(a->pins && a->domid != who))", "if (0)"),
    (G + "pin.c", "!a->pins || (rw && !a->writers)", "!a->pins"),
    (G + "pin.c", "if (unlikely(READ_ONCE(rd->dying) != ALIVE))", "if (0)"),
    (G + "pin.c", "\tif (!a->pins) {\n\t\ta->frame", "\t{\n\t\ta->frame"),
    (G + "pin.c", "a->writers += rw;", ""),
    (G + "pin.c", "\tif (unlikely(st)) {\n\t\tunclaim(rd, ref, a);\n", "\tif (unlikely(st)) {\n"),
    (G + "pin.c", "frame_unmap(f, rw);", "frame_unmap(f, false);"),
    (G + "pin.c", "if (unlikely(ref >= nr))", "if (unlikely(ref > nr))"),
    (G + "map.c", "if (unlikely(handle >= nr))", "if (unlikely(handle > nr))"),
    (G + "map.c", "no_entry:\n\tgrant_unpin(rd, op->ref, rw);", "no_entry:"),
    (G + "map.c", "\tdomain_ref(rd);\n", ""),
    (G + "map.c", "if (unlikely(!m || !m->flags || m->busy))", "if (unlikely(!m || m->busy))"),
    (G + "map.c", "if (likely(st == GNTST_okay))\n\t\tm->flags &= ~kinds;", "m->flags &= ~kinds;"),
    (G + "map.c", "grant_unpin(gone.rd, gone.ref, !(gone.flags & GNTMAP_readonly));", ""),
    (G + "map.c", "\t\tgrant_unpin(m->rd, m->ref, !(m->flags & GNTMAP_readonly));\n", ""),
    (G + "copy.c", "op->source.offset + op->len > PAGE_SIZE", "op->source.offset + op->len > PAGE_SIZE + 1"),
    (G + "copy.c", "if (p->domid != DOMID_SELF)\n\t\treturn refuse_foreign(p->domid);", "(void)refuse_foreign;"),
    (G + "copy.c", "\tgrant_copy_release(s);\n\ts->gref", "\ts->held = false;\n\ts->gref"),
    # a domain's memory, base pointers, hypercalls over tables
    (M + "domain_pages.c", "\ttlb_filter(f);\n\tif (!(f->state & FRAME_HV)", "\tif (!(f->state & FRAME_HV)"),
    (M + "domain_pages.c", "if (frame_finish(f, true))\n\t\treturn -ERESTART;", ""),
    (M + "domain_pages.c", "\tdomain_page_release(d, f);\n\treturn 0;", "\treturn 0;"),
    (M + "base_ptr.c", "if (user && mfn_eq(m, MFN_NONE))", "if ((user || 1) && mfn_eq(m, MFN_NONE))"),
    (M + "base_ptr.c", "\tif (!mfn_eq(m, old))\n\t\tdrop(v, old);", ""),
    (M + "mmuext.c", "\tif (__atomic_fetch_or(&f->state, FRAME_PINNED, __ATOMIC_ACQ_REL) & FRAME_PINNED)",
     "\tif (__atomic_fetch_or(&f->state, FRAME_PINNED, __ATOMIC_ACQ_REL) & 0)"),
    (M + "mmu_update.c", "frame_unmap(f, true);", ""),
    (M + "mmu_update.c", "(s & FRAME_VALID) && f->owner == t->d", "f->owner == t->d"),
    (M + "mmu_update.c", "(s & FRAME_VALID) && f->owner == t->d", "(s & FRAME_VALID)"),
    # event channels
    (E + "bind.c", "r->state != ECS_UNBOUND || r->remote_id != d->id", "r->state != ECS_UNBOUND"),
    (E + "bind.c", "r->state != ECS_UNBOUND || ", ""),
    (E + "channel.c", "clear_bit(port, d->shared->evtchn_pending);", ""),
    (E + "channel.c", "return close_from(d, &current->cont.done);", "return close_from(d, &d->evtchn->close_next);"),
    (E + "internal.h", "if (unlikely(port >= t->nr))", "if (unlikely(port > t->nr))"),
    (E + "ops.c", "if (*d == current->domain || current->domain->privileged)", "if (1)"),
]
