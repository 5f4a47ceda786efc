/* SPDX-License-Identifier: MIT */
/* PCI configuration space. A bdf is bus, device and function: bus << 8 | device << 3 | function, of segment 0. */
#ifndef HV_PCI_H
#define HV_PCI_H

#include "types.h"

#define PCI_ADDRESS_PORT 0xcf8
#define PCI_DATA_PORT	0xcfc

/* One access to the data port + offset, with that value in the address port. offset + bytes <= 4. */
uint32_t pci_data_read(uint32_t address, unsigned offset, unsigned bytes);
void pci_data_write(uint32_t address, unsigned offset, unsigned bytes, uint32_t v);

/* A register of 1, 2 or 4 bytes, aligned, below 256; an absent function reads as ones. */
uint32_t pci_read(uint16_t bdf, unsigned reg, unsigned bytes);
void pci_write(uint16_t bdf, unsigned reg, unsigned bytes, uint32_t v);
/* Where the function's capability of that kind is, or 0. */
unsigned pci_capability(uint16_t bdf, uint8_t id);

#endif
