/* SPDX-License-Identifier: MIT */
/*
 * The one thing the control domain needs of ACPI: what to write into the PM1 control registers so
 * that the machine goes off (sleeping state S5). Pure: memory is read through the function given.
 */
#ifndef DOM0_TOOLS_POWER_ACPI_H
#define DOM0_TOOLS_POWER_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copies n bytes of machine memory from addr; false if that cannot be read. */
typedef bool acpi_read_fn(uint64_t addr, void *buf, size_t n);

/* 0 and the values for PM1a and PM1b (0 where the machine has no PM1b); -ENOENT: no tables, or
 * none of them defines S5. */
int acpi_s5(acpi_read_fn *read, uint16_t *pm1a, uint16_t *pm1b);

#endif
