/* SPDX-License-Identifier: MIT */
/*
 * Starting vcpus: the hypervisor takes a whole context, of which a kernel that has its own code for the rest
 * needs little. The context is several pages of registers and tables, read once: it is given back.
 */
#include <kit/vcpu.h>
#include <kit/hypercall.h>
#include <kit/os.h>
#include <kit/start_info.h>
#include <xen/errno.h>

#define CONTEXT_PAGES ((sizeof(struct vcpu_guest_context) + PAGE_SIZE - 1) / PAGE_SIZE)
#define RFLAGS_IF 0x200

static uint64_t read_cr3(void)
{
	uint64_t cr3;

	__asm__ volatile("movq %%cr3, %0" : "=r" (cr3));
	return cr3;
}

unsigned int vcpu_count(void)
{
	unsigned int n = 1;

	while (n < VCPU_MAX && hypercall_vcpu_op(VCPUOP_is_up, n, NULL) >= 0)
		n++;
	return n;
}

/* The stack looks as after a call, which compiled code expects. */
static void fill(struct vcpu_guest_context *c, const struct vcpu_start *how)
{
	c->flags = VGCF_in_kernel;
	c->user_regs.rip = (unsigned long)how->entry;
	c->user_regs.rdi = (unsigned long)how->arg;
	c->user_regs.rsp = (unsigned long)how->stack_end - 8;
	c->user_regs.rflags = RFLAGS_IF;
	c->user_regs.cs = FLAT_KERNEL_CS;
	c->user_regs.ss = c->kernel_ss = FLAT_KERNEL_SS;
	c->kernel_sp = (unsigned long)how->stack_end;
	c->ctrlreg[3] = read_cr3();
	c->gs_base_kernel = how->gs_base;
}

int vcpu_start(unsigned int id, const struct vcpu_start *how)
{
	struct vcpu_guest_context *c;
	int rc;

	if (id == 0 || id >= VCPU_MAX)
		return -XEN_ENOENT;
	c = os_pages_alloc(CONTEXT_PAGES);
	if (!c)
		return -XEN_ENOMEM;
	fill(c, how);
	shared_info->vcpu_info[id].evtchn_upcall_mask = 1;
	rc = hypercall_vcpu_op(VCPUOP_initialise, id, c);
	os_pages_free(c, CONTEXT_PAGES);
	return rc ? rc : vcpu_up(id);
}

bool vcpu_is_up(unsigned int id)
{
	return hypercall_vcpu_op(VCPUOP_is_up, id, NULL) > 0;
}

int vcpu_up(unsigned int id)
{
	return hypercall_vcpu_op(VCPUOP_up, id, NULL);
}

void vcpu_down_self(void)
{
	hypercall_vcpu_op(VCPUOP_down, kit_vcpu_self(), NULL);
}
