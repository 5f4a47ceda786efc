/* SPDX-License-Identifier: MIT */
/*
 * The end of a program that broke: what its stack says, and stopping the domain as crashed.
 */
#ifndef LIBOS_CRASH_H
#define LIBOS_CRASH_H

/* Prints the words at sp and the calls they hint at, then stops the domain. */
void crash(const void *sp) __attribute__((noreturn));

#endif
