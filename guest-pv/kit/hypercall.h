/* SPDX-License-Identifier: MIT */
/*
 * Every hypercall as one typed inline function. Each calls its 32-byte stub in the hypercall page,
 * which the loader fills for the running hypervisor. Results are the hypervisor's: 0 or a positive
 * count, or a negative error by the numbers of <xen/errno.h> (not those of the C library).
 *
 * The stub destroys rcx and r11 and keeps every other register but rax; argument registers are
 * marked as changed because the hypervisor may update them when it continues a long operation.
 */
#ifndef KIT_HYPERCALL_H
#define KIT_HYPERCALL_H

#include <kit/types.h>
#include <xen/sched.h>
#include <xen/event_channel.h>
#include <xen/memory.h>
#include <xen/grant_table.h>
#include <xen/vcpu.h>
#include <xen/version.h>
#include <xen/physdev.h>
#include <xen/callback.h>

/* One page, aligned, named by the ELF note HYPERCALL_PAGE; the program's image provides it. */
extern char hypercall_page[];

static inline long hypercall5(unsigned int nr, unsigned long a1, unsigned long a2,
			      unsigned long a3, unsigned long a4, unsigned long a5)
{
	long ret;
	register unsigned long r10 __asm__("r10") = a4;
	register unsigned long r8 __asm__("r8") = a5;

	__asm__ volatile("call *%[stub]"
			 : "=a" (ret), "+D" (a1), "+S" (a2), "+d" (a3), "+r" (r10), "+r" (r8)
			 : [stub] "0" (hypercall_page + nr * 32UL)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline long hypercall4(unsigned int nr, unsigned long a1, unsigned long a2,
			      unsigned long a3, unsigned long a4)
{
	long ret;
	register unsigned long r10 __asm__("r10") = a4;

	__asm__ volatile("call *%[stub]"
			 : "=a" (ret), "+D" (a1), "+S" (a2), "+d" (a3), "+r" (r10)
			 : [stub] "0" (hypercall_page + nr * 32UL)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline long hypercall3(unsigned int nr, unsigned long a1, unsigned long a2,
			      unsigned long a3)
{
	long ret;

	__asm__ volatile("call *%[stub]"
			 : "=a" (ret), "+D" (a1), "+S" (a2), "+d" (a3)
			 : [stub] "0" (hypercall_page + nr * 32UL)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline long hypercall2(unsigned int nr, unsigned long a1, unsigned long a2)
{
	long ret;

	__asm__ volatile("call *%[stub]"
			 : "=a" (ret), "+D" (a1), "+S" (a2)
			 : [stub] "0" (hypercall_page + nr * 32UL)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline long hypercall1(unsigned int nr, unsigned long a1)
{
	long ret;

	__asm__ volatile("call *%[stub]"
			 : "=a" (ret), "+D" (a1)
			 : [stub] "0" (hypercall_page + nr * 32UL)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline int hypercall_set_trap_table(const struct trap_info *table)
{
	return hypercall1(__HYPERVISOR_set_trap_table, (unsigned long)table);
}

static inline int hypercall_mmu_update(const struct mmu_update *req, unsigned int count,
				       unsigned int *done, unsigned int domid)
{
	return hypercall4(__HYPERVISOR_mmu_update, (unsigned long)req, count,
			  (unsigned long)done, domid);
}

static inline int hypercall_mmuext_op(const struct mmuext_op *op, unsigned int count,
				      unsigned int *done, domid_t domid)
{
	return hypercall4(__HYPERVISOR_mmuext_op, (unsigned long)op, count,
			  (unsigned long)done, domid);
}

static inline int hypercall_update_va_mapping(const void *va, uint64_t pte, unsigned long flags)
{
	return hypercall3(__HYPERVISOR_update_va_mapping, (unsigned long)va, pte, flags);
}

static inline int hypercall_update_va_mapping_otherdomain(const void *va, uint64_t pte,
							  unsigned long flags, domid_t domid)
{
	return hypercall4(__HYPERVISOR_update_va_mapping_otherdomain, (unsigned long)va, pte,
			  flags, domid);
}

static inline int hypercall_set_gdt(const unsigned long *mfns, unsigned int entries)
{
	return hypercall2(__HYPERVISOR_set_gdt, (unsigned long)mfns, entries);
}

static inline int hypercall_update_descriptor(maddr_t where, uint64_t desc)
{
	return hypercall2(__HYPERVISOR_update_descriptor, where, desc);
}

static inline int hypercall_stack_switch(unsigned long ss, unsigned long sp)
{
	return hypercall2(__HYPERVISOR_stack_switch, ss, sp);
}

static inline int hypercall_set_callbacks(void (*event)(void), void (*failsafe)(void),
					  void (*syscall)(void))
{
	return hypercall3(__HYPERVISOR_set_callbacks, (unsigned long)event,
			  (unsigned long)failsafe, (unsigned long)syscall);
}

static inline int hypercall_callback_op(int cmd, const void *arg)
{
	return hypercall2(__HYPERVISOR_callback_op, cmd, (unsigned long)arg);
}

static inline int hypercall_fpu_taskswitch(int set)
{
	return hypercall1(__HYPERVISOR_fpu_taskswitch, set);
}

static inline int hypercall_set_segment_base(unsigned int which, unsigned long base)
{
	return hypercall2(__HYPERVISOR_set_segment_base, which, base);
}

static inline int hypercall_set_debugreg(int reg, unsigned long value)
{
	return hypercall2(__HYPERVISOR_set_debugreg, reg, value);
}

static inline long hypercall_get_debugreg(int reg)
{
	return hypercall1(__HYPERVISOR_get_debugreg, reg);
}

static inline long hypercall_memory_op(unsigned int cmd, void *arg)
{
	return hypercall2(__HYPERVISOR_memory_op, cmd, (unsigned long)arg);
}

static inline int hypercall_multicall(struct multicall_entry *calls, unsigned int n)
{
	return hypercall2(__HYPERVISOR_multicall, (unsigned long)calls, n);
}

static inline int hypercall_set_timer_op(uint64_t deadline_ns)
{
	return hypercall1(__HYPERVISOR_set_timer_op, deadline_ns);
}

static inline long hypercall_xen_version(int cmd, void *arg)
{
	return hypercall2(__HYPERVISOR_xen_version, cmd, (unsigned long)arg);
}

static inline int hypercall_console_io(int cmd, unsigned int count, char *buf)
{
	return hypercall3(__HYPERVISOR_console_io, cmd, count, (unsigned long)buf);
}

static inline int hypercall_grant_table_op(unsigned int cmd, void *ops, unsigned int count)
{
	return hypercall3(__HYPERVISOR_grant_table_op, cmd, (unsigned long)ops, count);
}

static inline int hypercall_vm_assist(unsigned int cmd, unsigned int type)
{
	return hypercall2(__HYPERVISOR_vm_assist, cmd, type);
}

static inline long hypercall_vcpu_op(int cmd, unsigned int vcpu, void *arg)
{
	return hypercall3(__HYPERVISOR_vcpu_op, cmd, vcpu, (unsigned long)arg);
}

static inline int hypercall_sched_op(int cmd, void *arg)
{
	return hypercall2(__HYPERVISOR_sched_op, cmd, (unsigned long)arg);
}

static inline int hypercall_event_channel_op(int cmd, void *arg)
{
	return hypercall2(__HYPERVISOR_event_channel_op, cmd, (unsigned long)arg);
}

static inline int hypercall_physdev_op(int cmd, void *arg)
{
	return hypercall2(__HYPERVISOR_physdev_op, cmd, (unsigned long)arg);
}

static inline int hypercall_platform_op(void *op)
{
	return hypercall1(__HYPERVISOR_platform_op, (unsigned long)op);
}

static inline int hypercall_sysctl(void *op)
{
	return hypercall1(__HYPERVISOR_sysctl, (unsigned long)op);
}

static inline int hypercall_domctl(void *op)
{
	return hypercall1(__HYPERVISOR_domctl, (unsigned long)op);
}

/* Stops the domain for a reason SHUTDOWN_*. */
static inline int hypercall_shutdown(unsigned int reason)
{
	struct sched_shutdown arg = { .reason = reason };

	return hypercall_sched_op(SCHEDOP_shutdown, &arg);
}

#endif
