/* SPDX-License-Identifier: MIT */
/* What makes a guest kernel in ring 3 feel at home: bounced traps, callbacks, emulation. */
#ifndef HV_PV_H
#define HV_PV_H

#include "domain.h"

/* regs.entry_vector of a SYSCALL: cs and ss are flat, rcx and r11 dead, so SYSRET may be used (entry.asm). */
#define PV_SYSCALL_FRAME (~0u)

/*
 * Enter a handler of the current guest: its frame is built and its registers are switched over at once, so this is
 * the last that is done for the interrupted code. A frame that cannot be written crashes the domain. True: the guest
 * is in its handler, with events masked, so that nothing more is to be delivered.
 */
bool pv_inject_trap(unsigned vector, uint32_t error_code, bool has_error);	/* by traps[] of the guest */
bool pv_inject_pf(uint64_t va, uint32_t error_code);
/* An instruction was carried out for v: the debug exception behind it, if its flags ask for single steps. */
void pv_inject_step(struct vcpu *v);
void pv_inject_failsafe(struct vcpu *v);	/* the CPU refused a selector: before it goes on */
void pv_deliver_failsafe(struct vcpu *v);
bool pv_deliver_event(struct vcpu *v);		/* upcall; false also: no callback registered */
void pv_send_nmi(struct vcpu *v);
/* Something may have made a pending NMI of current deliverable: it is looked at on the way out. */
void pv_nmi_recheck(struct vcpu *v);
bool pv_nmi_due(const struct vcpu *v);		/* one is pending that could be delivered now */
bool pv_deliver_nmi(struct vcpu *v);		/* false also: no handler, or one is running */
/* Where the GS base of the mode v is in is kept while v is not loaded. */
static inline uint64_t *pv_gs_base(struct vcpu *v)
{
	return v->pv.kernel_mode ? &v->pv.gs_base_kernel : &v->pv.gs_base_user;
}
bool pv_load_gs(uint16_t sel);			/* into the active gs of the loaded vcpu; false: refused, now null */
long pv_set_debugreg(struct vcpu *v, unsigned reg, uint64_t val);
void pv_load_breakpoints(const struct vcpu *v);		/* all of v's debug registers into the CPU */
/* Kernel <-> user: base pointer and GS base. */
void pv_toggle_mode(struct vcpu *v);
/* Register and stack report on the console (guest's and ours). */
void pv_report(struct vcpu *v);

/*
 * Is sel, the running guest's code segment, a 64-bit one? Guests have their own besides ours: bit L of the
 * descriptor says. An LDT selector counts as no: its page may be gone from our window.
 */
static inline bool pv_code_is_64bit(uint16_t sel)
{
	uint32_t rights;
	bool ok;

	if (sel == FLAT_RING3_CS64 || sel & 4)
		return sel == FLAT_RING3_CS64;
	__asm__("lar %2, %0" : "=r"(rights), "=@ccz"(ok) : "r"((uint32_t)sel));
	return ok && (rights & BIT(21));
}

/* Base of sel, a 16 or 32-bit code segment of the running guest; false: it is gone. */
bool pv_code_base(uint16_t sel, uint64_t *base);

/* Privileged instruction (#GP) or forced emulation (#UD): true if done, the guest resumes behind it. */
bool pv_emulate_gp(struct vcpu *v);
bool pv_emulate_ud(struct vcpu *v);
/* cpuid as the guest shall see it (also domctl). */
void pv_cpuid(const struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t r[4]);
int pv_read_msr(struct vcpu *v, uint32_t msr, uint64_t *val);
int pv_write_msr(struct vcpu *v, uint32_t msr, uint64_t val);
/* May d use this I/O port range / set bits in it? dom0: all but ours (PIC, PIT ch. 0 and 2, serial console, 0xcf9). */
bool pv_port_allowed(const struct domain *d, uint16_t port, unsigned bytes);
/* IN and OUT by opcode; false: not allowed. The string forms do one element; *again: rip stays. */
struct insn;
bool pv_in_out(struct vcpu *v, struct insn *i, uint8_t op);
bool pv_in_out_string(struct vcpu *v, struct insn *i, uint8_t op, bool *again);

/* Selectors a guest may have in a frame: RPL 3, not ours in the GDT's reserved part unless flat ring 3. */
static inline uint16_t pv_fix_sel(uint16_t sel) { return (sel & 4) || sel ? sel | 3 : sel; }

/* Release GDT, LDT frames of v. */
void pv_gdt_clear(struct vcpu *v);
void pv_ldt_clear(struct vcpu *v);
int pv_gdt_set(struct vcpu *v, const uint64_t *frames, unsigned entries);
/* Maps a page of the LDT into the vcpu's window. false: it is there already, or cannot be. */
bool pv_ldt_bring(struct vcpu *v, unsigned page);
/* Before we load a selector for the guest: our own access to its LDT should find the page. */
static inline void pv_ldt_touch(struct vcpu *v, uint16_t sel)
{
	if (unlikely(sel & 4))
		pv_ldt_bring(v, sel / PAGE_SIZE);
}
/* May a guest own this descriptor? Raises its DPL to 3, where its kernel runs; false: neither absent nor a code or
 * data segment. */
bool pv_desc_fix(uint64_t *desc);

#endif
