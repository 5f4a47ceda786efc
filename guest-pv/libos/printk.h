/* SPDX-License-Identifier: MIT */
/*
 * Output that works anywhere, event handlers and crashes included: straight to the console, without
 * stdio, a line of at most 255 characters at a time.
 */
#ifndef LIBOS_PRINTK_H
#define LIBOS_PRINTK_H

void printk(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
