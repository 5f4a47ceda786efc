/* SPDX-License-Identifier: MIT */
/*
 * One CPU's own things: features, the reserved page of each GDT, IDT, TSS, control registers, MSRs.
 *
 * Every vcpu's GDT window shows, as its page 14, the reserved page of the CPU that runs it; so our
 * selectors mean the same in every address space and a guest's descriptor loads never reach ours.
 */
#include "boot.h"
#include "cpu.h"
#include "irq.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"
#include "spec.h"
#include "x86.h"

static struct cpu boot_cpu __entry_data;
struct cpu *cpus[MAX_CPUS] = { &boot_cpu };
unsigned nr_cpus = 1;
struct cpu_features cpu_features;
uint64_t hv_cr4, guest_cr4 = CR4_TSD | CR4_DE;
bool cpus_stopped __entry_data;		/* an NMI is to halt who gets it (entry.asm) */

struct idt_gate { uint16_t off0, sel; uint8_t ist, type; uint16_t off1; uint32_t off2, zero; } __packed;
struct table_ptr { uint16_t limit; uint64_t base; } __packed;

static struct idt_gate idt[256] __aligned(16) __entry_data;
/* The boot CPU's: in the image, since they serve before there is an allocator. */
#define IST_DEBUG 1
static uint8_t boot_stack[CPU_STACK_SIZE] __aligned(16);
static uint8_t boot_ist_stacks[CPU_IST_STACKS][PAGE_SIZE] __aligned(4096) __entry_data;
static uint8_t boot_gdt_page[PAGE_SIZE] __aligned(4096);

extern char trap_stubs[], syscall_entry[], syscall32_entry[], db_entry[], nmi_entry[], df_entry[], mc_entry[];

void __init cpu_detect(void)
{
	uint32_t r[4], max, max_ext;

	cpuid_count(0, 0, r);
	max = r[0];
	cpuid_count(1, 0, r);
	cpu_features.pge = r[3] >> 13 & 1;
	cpu_features.xsave = r[2] >> 26 & 1;
	if (r[2] >> 31 & 1) {
		cpuid_count(0x40000000, 0, r);
		cpu_features.translated = !memcmp(&r[1], "TCGTCGTCGTCG", 12);
	}
	if (max >= 7) {
		cpuid_count(7, 0, r);
		cpu_features.smep = opt.smep && r[1] >> 7 & 1;
		cpu_features.smap = opt.smap && r[1] >> 20 & 1;
		guest_cr4 |= r[1] & 1 ? CR4_FSGSBASE : 0;
	}
	cpuid_count(0x80000000, 0, r);
	max_ext = r[0];
	cpuid_count(0x80000001, 0, r);
	cpu_features.tsc_aux = r[3] >> 27 & 1;
	cpu_features.page1gb = r[3] >> 26 & 1;
	cpu_features.maxphysaddr = 36;
	if (max_ext >= 0x80000008) {
		cpuid_count(0x80000008, 0, r);
		cpu_features.maxphysaddr = r[0] & 0xff;
	}
	cpu_features.xsave_size = 512;
	if (cpu_features.xsave) {
		cpuid_count(13, 0, r);
		/* x87, SSE, AVX, AVX-512; nothing with supervisor state */
		cpu_features.xcr0 = (r[0] | (uint64_t)r[3] << 32) & 0xe7;
		cpu_features.xsave_size = r[2];
	}
}

/* Turns the marked NOPs into STAC and CLAC. The image is still writable. */
void __init cpu_patch_smap(void)
{
	extern const uint64_t smap_table_start[], smap_table_end[];

	if (!cpu_features.smap)
		return;
	for (const uint64_t *p = smap_table_start; p < smap_table_end; p += 2) {
		uint8_t *site = (uint8_t *)p[0];

		site[0] = 0x0f;
		site[1] = 0x01;
		site[2] = p[1];
	}
}

static void set_gate(unsigned vector, const void *entry, unsigned dpl, unsigned ist)
{
	uint64_t a = (uint64_t)entry;

	idt[vector] = (struct idt_gate){ .off0 = a, .off1 = a >> 16, .off2 = a >> 32, .sel = HV_CS,
					 .ist = ist, .type = 0x8e | dpl << 5 };
}

static void __init idt_init(void)
{
	for (unsigned i = 0; i < 256; i++)
		set_gate(i, trap_stubs + 16 * i, i == X_BP || i == X_OF ? 3 : 0, 0);
	set_gate(X_DB, db_entry, 0, IST_DEBUG);
	set_gate(X_NMI, nmi_entry, 0, 2);
	set_gate(X_DF, df_entry, 0, 3);
	set_gate(X_MC, mc_entry, 0, 3);
}

static void gdt_init(struct cpu *c)
{
	uint64_t *gdt = c->gdt_page, tss = (uint64_t)&c->tss, limit = sizeof(c->tss) - 1;

	gdt[1] = 0x00af9b000000ffff;			/* 0xe008: our code */
	gdt[2] = 0x00cf93000000ffff;			/* 0xe010: our data */
	gdt[4] = 0x00cffb000000ffff;			/* 0xe023: guest 32-bit code */
	gdt[5] = 0x00cff3000000ffff;			/* 0xe02b: guest data */
	gdt[6] = 0x00affb000000ffff;			/* 0xe033: guest 64-bit code */
	gdt[8] = limit | (tss & 0xffffff) << 16 | 0x89ULL << 40 | (tss >> 24 & 0xff) << 56;
	gdt[9] = tss >> 32;				/* 0xe040: TSS; 0xe050: LDT, by vcpu_load */
}

static void msr_init(struct cpu *c)
{
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | EFER_NX);
	wrmsr(MSR_STAR, (uint64_t)0xe023 << 48 | (uint64_t)HV_CS << 32);
	wrmsr(MSR_LSTAR, (uint64_t)syscall_entry);
	wrmsr(MSR_CSTAR, (uint64_t)syscall32_entry);
	wrmsr(MSR_SFMASK, EFLAGS_TF | EFLAGS_IF | EFLAGS_DF | EFLAGS_NT | EFLAGS_AC | EFLAGS_IOPL);
	wrmsr(MSR_SYSENTER_CS, 0);			/* SYSENTER faults, whatever a boot loader had there */
	wrmsr(MSR_PAT, 0x0000050100070406);		/* WB WT UC- UC WC WP UC UC, as the ABI says */
	wrmsr(MSR_GS_BASE, (uint64_t)c);
	wrmsr(MSR_KERNEL_GS_BASE, 0);
	if (cpu_features.tsc_aux)
		wrmsr(MSR_TSC_AUX, 0);
}

static void control_init(struct cpu *c)
{
	uint64_t cr4 = CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	cr4 |= cpu_features.pge ? CR4_PGE : 0;
	cr4 |= cpu_features.smep ? CR4_SMEP : 0;
	cr4 |= cpu_features.smap ? CR4_SMAP : 0;
	cr4 |= cpu_features.xsave ? CR4_OSXSAVE : 0;
	write_cr0(HV_CR0);
	write_cr4(cr4);
	c->cr4 = hv_cr4 = cr4;
	if (cpu_features.xsave)
		__asm__ volatile("xsetbv" :: "c"(0), "a"((uint32_t)cpu_features.xcr0),
				 "d"((uint32_t)(cpu_features.xcr0 >> 32)));
}

/* GDTR such that the reserved page lies at selector 0xe000, as in every guest's window. */
void cpu_load_own_gdt(const struct cpu *c)
{
	struct table_ptr p = { 0xefff, (uint64_t)c->gdt_page - 0xe000 };

	__asm__ volatile("lgdt %0" :: "m"(p));
}

void cpu_init_percpu(unsigned id)
{
	struct cpu *c = cpus[id];

	c->self = c;
	c->id = id;
	wrmsr(MSR_GS_BASE, (uint64_t)c);
}

static void __init boot_cpu_memory(struct cpu *c)
{
	c->gdt_page = boot_gdt_page;
	c->gdt_mfn = maddr_to_mfn(image_to_maddr(boot_gdt_page));
	c->stack_top = (uint64_t)boot_stack + CPU_STACK_SIZE;
	for (unsigned i = 0; i < CPU_IST_STACKS; i++)
		c->tss.ist[i + 1] = (uint64_t)boot_ist_stacks[i] + PAGE_SIZE;
	idt_init();
}

struct cpu *__init cpu_create(unsigned id, uint32_t apic_id)
{
	struct cpu *c = hv_alloc(sizeof(*c));
	uint8_t *memory = hv_alloc(CPU_STACK_SIZE + (CPU_IST_STACKS + 1) * PAGE_SIZE);

	if (!c || !memory) {
		hv_free(c);
		hv_free(memory);
		return NULL;
	}
	c->id = id;
	c->apic_id = apic_id;
	c->gdt_page = memory;
	c->gdt_mfn = virt_to_mfn(memory);
	for (unsigned i = 0; i < CPU_IST_STACKS; i++)
		c->tss.ist[i + 1] = (uint64_t)memory + (i + 2) * PAGE_SIZE;
	c->stack_top = (uint64_t)memory + (CPU_IST_STACKS + 1) * PAGE_SIZE + CPU_STACK_SIZE;
	return c;
}

void __init cpu_destroy(struct cpu *c)
{
	hv_free(c->gdt_page);
	hv_free(c);
}

void cpu_init(unsigned id)
{
	struct table_ptr idtr = { sizeof(idt) - 1, (uint64_t)idt };
	struct cpu *c = cpus[id];

	if (id == 0)
		boot_cpu_memory(c);
	c->tss.iomap = sizeof(c->tss);
	c->db_self = c;
	c->tss.ist[IST_DEBUG - 1] = (uint64_t)&c->db_self;
	c->tss.rsp[0] = (uint64_t)&c->entry_stack[ARRAY_SIZE(c->entry_stack)];
	c->iret_frame = &c->entry_stack[ARRAY_SIZE(c->entry_stack) - 5];
	gdt_init(c);
	cpu_load_own_gdt(c);
	__asm__ volatile("push %0; lea 1f(%%rip), %%rax; push %%rax; lretq; 1: mov %1, %%ss\n"
			 "mov %2, %%ds; mov %2, %%es; mov %2, %%fs; mov %2, %%gs; ltr %w3"
			 :: "i"(HV_CS), "r"(HV_DS), "r"(0), "r"(HV_TSS_SELECTOR) : "rax", "memory");
	__asm__ volatile("lidt %0" :: "m"(idtr));
	msr_init(c);
	control_init(c);
	spec_init_cpu();
}

struct cpu *cpu_find(void)
{
	uint64_t sp = (uint64_t)__builtin_frame_address(0);

	for (unsigned i = 0; i < nr_cpus; i++)
		if (cpus[i]->stack_top - sp <= CPU_STACK_SIZE || cpus[i]->tss.ist[1] - sp <= PAGE_SIZE ||
		    cpus[i]->tss.ist[2] - sp <= PAGE_SIZE)
			return cpus[i];
	return cpus[0];
}

void cpus_stop_others(void)
{
	const struct cpu *me = cpu_find();

	if (__atomic_exchange_n(&cpus_stopped, true, __ATOMIC_SEQ_CST))
		for (;;)		/* another one was first */
			__asm__ volatile("cli; hlt");
	for (unsigned i = 0; i < nr_cpus; i++)
		if (cpus[i] != me)
			apic_ipi(cpus[i]->apic_id, APIC_NMI);
}
