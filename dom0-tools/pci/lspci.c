/* SPDX-License-Identifier: MIT */
/* The shell's lspci. */
#include "lspci.h"

#include <stdio.h>
#include "pci.h"

static const char *class_name(uint32_t class_code)
{
	static const struct { uint16_t class_code; const char *name; } names[] = {
		{ 0x0100, "SCSI controller" }, { 0x0101, "IDE controller" }, { 0x0106, "SATA controller" },
		{ 0x0108, "NVM controller" }, { 0x0200, "Ethernet controller" }, { 0x0300, "VGA controller" },
		{ 0x0600, "Host bridge" }, { 0x0601, "ISA bridge" }, { 0x0604, "PCI bridge" },
		{ 0x0680, "Bridge" }, { 0x0c03, "USB controller" }, { 0x0c05, "SMBus controller" },
	};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].class_code == class_code >> 8)
			return names[i].name;
	return "Device";
}

static void print(const struct pci_function *f, void *arg)
{
	(void)arg;
	printf("%02x:%02x.%u  %-20s %04x  %04x:%04x", f->bdf >> 8, f->bdf >> 3 & 31, f->bdf & 7,
	       class_name(f->class_code), f->class_code >> 8, f->vendor, f->device);
	if (f->revision)
		printf(" rev %02x", f->revision);
	if (f->pin)
		printf("  irq %u", f->line);
	if (pci_capability(f->bdf, PCI_CAP_MSI, 0))
		printf(" MSI");
	if (pci_capability(f->bdf, PCI_CAP_MSIX, 0))
		printf(" MSI-X");
	putchar('\n');
}

int lspci_main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		fputs("usage: lspci\n", stderr);
		return 2;
	}
	pci_scan(print, NULL);
	return 0;
}
