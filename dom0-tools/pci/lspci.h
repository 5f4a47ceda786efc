/* SPDX-License-Identifier: MIT */
/* The shell's lspci: a line for each PCI function: where, class, identity, interrupts. */
#ifndef DOM0_TOOLS_PCI_LSPCI_H
#define DOM0_TOOLS_PCI_LSPCI_H

int lspci_main(int argc, char **argv);

#endif
