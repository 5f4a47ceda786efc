/* SPDX-License-Identifier: MIT */
/*
 * Messages of the hypervisor: to the serial console if their level is within loglvl= (or
 * guest_loglvl= for what guests cause), and always into the log ring (sysctl readconsole,
 * `pvctl dmesg`). Callable anywhere with any lock held; takes only the console lock.
 */
#ifndef HV_PRINTK_H
#define HV_PRINTK_H

#include "types.h"

struct domain;
struct vcpu;

enum log_level { LOG_ERR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void printk(enum log_level lvl, const char *fmt, ...) __printf(2, 3);

/* Message about a guest's doing: "(Parvus) (d<domid>) ...", which `pvctl why` looks for (what a guest
 * writes itself lacks the first word, so it cannot forge one). Rate limited: a guest cannot flood the
 * console, unless guest_loglvl=all asks for everything. */
void domain_log(const struct domain *d, enum log_level lvl, const char *fmt, ...) __printf(3, 4);
/* The same for current->domain. Use for each refusal: say what was refused and why. */
#define guest_log(lvl, ...) domain_log(current->domain, lvl, __VA_ARGS__)
/* May one more line about d be logged? Counts it; the console lock is held. */
bool log_limit_passes(struct domain *d);

/* We broke a promise of our own: print, dump registers and stack, stop the machine. */
void panic(const char *fmt, ...) __printf(1, 2) __noreturn;

/* What we were given cannot be booted (no kernel, too little memory): say what and why, and stop. */
void boot_fail(const char *fmt, ...) __printf(1, 2) __noreturn;

#define BUG() panic("BUG at %s:%d", __FILE__, __LINE__)
/* For our own promises only, never for anything a guest can influence. */
#define ASSERT(c) do { if (unlikely(!(c))) panic("%s:%d: %s does not hold", \
						 __FILE__, __LINE__, #c); } while (0)

#endif
