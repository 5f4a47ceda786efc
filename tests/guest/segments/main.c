/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables.
 *
 * The guest's own GDT frames take the first 14 pages, which must not be mapped writable;
 * descriptors that would reach the hypervisor (system types, privilege below 3 is lifted, gates)
 * are refused when the frame is checked and by update_descriptor; code and data descriptors can be
 * loaded and used, and what is privileged is emulated in a code segment of the guest's own, too. The LDT is loaded on demand from guest pages and leaves them when it is
 * replaced.
 */
#include "test.h"

#define DATA32 0x00cff3000000ffffULL	/* flat writable data, privilege 3 */
#define CODE64 0x00affb000000ffffULL	/* flat 64-bit code, privilege 3 */
#define TSS64 0x0000e90000000067ULL	/* a system descriptor */

static long load_fs(unsigned int selector)
{
	return PROBE("movw %w0, %%fs", NONE, "r" (selector));
}

static long set_ldt(void *va, unsigned int entries)
{
	struct mmuext_op op = { .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = (long)va,
				.arg2.nr_ents = entries };

	return hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

/* Runs insn in code segment cs, and comes back; value: its operand. */
#define IN_SEGMENT(cs, insn, value) __asm__ volatile(				\
	"movl %%cs, %%ecx\n\tpushq %1\n\tleaq 772f(%%rip), %%rax\n\tpushq %%rax\n\tlretq\n772:\n\t" \
	insn "\n\tpushq %%rcx\n\tleaq 773f(%%rip), %%rax\n\tpushq %%rax\n\tlretq\n773:"	\
	: "+d" (value) : "r" ((uint64_t)(cs)) : "rax", "rcx", "memory", "cc")

static void check_code(unsigned int cs)
{
	uint64_t cr0 = 0, cr3 = 0, at = 0;

	IN_SEGMENT(cs, "mov %%cr0, %0", cr0);
	check("read cr0 there", (cr0 & 0x80000001) == 0x80000001);
	IN_SEGMENT(cs, "mov %%cr3, %0\n\tmov %0, %%cr3", cr3);
	check_value("read and write cr3", cr3, (long)mfn_to_maddr(virt_to_mfn(pt_root())));
	IN_SEGMENT(cs, "movq $774f, trap_resume(%%rip)\n\thlt\n774:\tmovq $0, trap_resume(%%rip)", at);
	check_value("what is not allowed traps there", trap_taken, TRAP_GP);
	check_value("from that segment, its privilege shown as 0", trap_seen.cs & 0xffff, cs & ~3);
	IN_SEGMENT(cs, "movl %%cs, %k0", at);
	check_value("and returns to it", at, cs);
}

static void check_gdt(void)
{
	uint64_t *gdt = os_pages_alloc(1);
	unsigned long frame = virt_to_mfn(gdt);
	maddr_t entry = virt_to_maddr(gdt) + 4 * 8;

	gdt[3] = DATA32;
	check_value("a GDT page mapped writable", hypercall_set_gdt(&frame, 512), -XEN_EINVAL);
	pt_protect(gdt, PTE_RO);
	check_value("mapped read-only", hypercall_set_gdt(&frame, 512), 0);
	check_value("it cannot be mapped writable now", pt_protect(gdt, PTE_RW), -XEN_EBUSY);
	check_value("load a descriptor of it", load_fs(3 << 3 | 3), 0);
	check_value("load an empty one", load_fs(5 << 3 | 3), TRAPPED(13, 5 << 3));
	check_value("update one", hypercall_update_descriptor(entry, DATA32), 0);
	check_value("load it", load_fs(4 << 3 | 3), 0);
	check_value("update another", hypercall_update_descriptor(entry + 8, CODE64), 0);
	check_code(5 << 3 | 3);
	check_value("the flat segments are still there", load_fs(FLAT_RING3_DS32), 0);
	check_value("a system descriptor is refused", hypercall_update_descriptor(entry, TSS64),
		    -XEN_EINVAL);
	check_value("an empty one is not", hypercall_update_descriptor(entry, 0), 0);
	check_value("a descriptor in an odd place", hypercall_update_descriptor(entry + 4, DATA32),
		    -XEN_EINVAL);
	load_fs(0);
	check_value("no GDT", hypercall_set_gdt(NULL, 0), 0);
	check_value("the page is free again", pt_protect(gdt, PTE_RW), 0);
	gdt[7] = TSS64;
	pt_protect(gdt, PTE_RO);
	check_value("a GDT with a system descriptor", hypercall_set_gdt(&frame, 512), -XEN_EINVAL);
	frame = virt_to_mfn(pt_root());
	check_value("a page table as GDT", hypercall_set_gdt(&frame, 512), -XEN_EINVAL);
	check_value("too many entries", hypercall_set_gdt(&frame, 8192), -XEN_EINVAL);
	check_value("frames from nowhere", hypercall_set_gdt((void *)0x7ffffffff000, 512), -XEN_EFAULT);
	pt_protect(gdt, PTE_RW);
	os_pages_free(gdt, 1);
}

static void check_ldt(void)
{
	uint64_t *ldt = os_pages_alloc(1);

	ldt[2] = DATA32;
	check_value("an LDT", set_ldt(ldt, 16), 0);
	check_value("its page is writable: the load fails", load_fs(2 << 3 | 4 | 3), TRAPPED(14, 0));
	check_value("as a page fault at the descriptor", vcpu_info()->arch.cr2, (long)&ldt[2]);
	pt_protect(ldt, PTE_RO);
	check_value("read-only: it loads", load_fs(2 << 3 | 4 | 3), 0);
	check_value("the page is held", pt_protect(ldt, PTE_RW), -XEN_EBUSY);
	check_value("beyond its end", load_fs(20 << 3 | 4 | 3), TRAPPED(13, 20 << 3 | 4));
	load_fs(0);
	check_value("no LDT", set_ldt(NULL, 0), 0);
	check_value("the page is free again", pt_protect(ldt, PTE_RW), 0);
	check_value("an LDT at an odd address", set_ldt((char *)ldt + 8, 16), -XEN_EINVAL);
	check_value("an LDT of too many entries", set_ldt(ldt, 8193), -XEN_EINVAL);
	os_pages_free(ldt, 1);
}

void test_main(void)
{
	check_gdt();
	check_ldt();
}
