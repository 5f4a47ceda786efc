/* SPDX-License-Identifier: MIT */
/* What the smallest system has besides kit/os.h. */
#ifndef PORT_SYSTEM_H
#define PORT_SYSTEM_H

#include <stdbool.h>

void system_memory_init(void);
void report(const char *what, bool ok);
void finish(void) __attribute__((noreturn));

#endif
