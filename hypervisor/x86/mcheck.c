/* SPDX-License-Identifier: MIT */
/*
 * Machine checks. An error that the machine could not correct ends it, whoever ran: what memory or a CPU may have lost
 * cannot be told from what it still holds, and to go on would be to hand it out. Before that the error is
 * printed as the banks have it. Guests see no banks, and no gate of theirs is entered.
 *
 * What the machine did correct raises no exception; it stays in its bank until another takes its place, and is printed
 * with the next that is not, or at the next boot.
 *
 * No lock: each CPU has banks of its own.
 */
#include "cpu.h"
#include "domain.h"
#include "printk.h"
#include "x86.h"

#define MSR_MCG_CAP 0x179
#define MSR_MCG_STATUS 0x17a
#define MSR_MCG_CTL 0x17b
#define MSR_MC_CTL(bank) (0x400 + 4 * (bank))	/* then status, address, more */
#define MCG_BANKS 0xff
#define MCG_CTL_P BIT(8)
#define MC_VALID BIT(63)
#define MC_UNCORRECTED BIT(61)
#define MC_MORE_VALID BIT(59)
#define MC_ADDRESS_VALID BIT(58)

static unsigned banks(void)
{
	uint32_t r[4];

	cpuid_count(1, 0, r);
	return r[3] & BIT(7) && r[3] & BIT(14) ? rdmsr(MSR_MCG_CAP) & MCG_BANKS : 0;
}

/* Before Nehalem, bank 0 of Intel's is the firmware's to enable. */
static bool firmware_has_bank_0(void)
{
	uint32_t r[4];

	cpuid_count(1, 0, r);
	return (r[0] >> 8 & 15) == 6 && (r[0] >> 12 & 0xf0) + (r[0] >> 4 & 15) < 0x1a;
}

static void report_bank(unsigned bank)
{
	uint64_t status = rdmsr(MSR_MC_CTL(bank) + 1);

	if (!(status & MC_VALID))
		return;
	printk(LOG_ERR, "machine check: CPU %u bank %u: %s error, status %016lx address %lx more %lx", cpu_find()->id, bank,
	       status & MC_UNCORRECTED ? "uncorrected" : "corrected", status,
	       status & MC_ADDRESS_VALID ? rdmsr(MSR_MC_CTL(bank) + 2) : 0,
	       status & MC_MORE_VALID ? rdmsr(MSR_MC_CTL(bank) + 3) : 0);
}

void mcheck_init_cpu(void)
{
	unsigned n = banks();

	if (n && rdmsr(MSR_MCG_CAP) & MCG_CTL_P)
		wrmsr(MSR_MCG_CTL, ~0UL);
	for (unsigned bank = 0; bank < n; bank++) {
		report_bank(bank);		/* what came before the last reset */
		if (bank || !firmware_has_bank_0())
			wrmsr(MSR_MC_CTL(bank), ~0UL);
		wrmsr(MSR_MC_CTL(bank) + 1, 0);
	}
}

void mcheck_report(bool in_guest)
{
	const struct domain *d = current->domain;	/* NULL: idle */
	unsigned n = banks();

	for (unsigned bank = 0; bank < n; bank++)
		report_bank(bank);
	printk(LOG_ERR, "machine check: CPU %u, status %lx, in %s, domain %d vcpu %u current", cpu_find()->id,
	       n ? rdmsr(MSR_MCG_STATUS) : 0, in_guest ? "a guest" : "the hypervisor", d ? d->id : -1, current->id);
}
