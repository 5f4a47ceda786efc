/* SPDX-License-Identifier: MIT */
/* What an operator says about dom0's disks. Exit status as pvctl's. */
#ifndef DOM0_TOOLS_BLOCK_VERB_H
#define DOM0_TOOLS_BLOCK_VERB_H

int disk_main(int argc, char **argv);

/* A RAM disk of "64M"; says what became of it. 0 or 1. */
int disk_add_ram(const char *size);

/* Everything on a disk to another, flushed; says what became of it. 0 or 1. */
int disk_copy(const char *from, const char *to);

#endif
