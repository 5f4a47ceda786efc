/* SPDX-License-Identifier: MIT */
/*
 * Basic types. Frame numbers are structures, so that the compiler keeps a machine frame (mfn)
 * apart from every other integer; conversion is only by the functions named here.
 * For PV domains a gfn is an mfn; a pfn (the guest's own numbering) means nothing to us except
 * as the value of an M2P entry.
 */
#ifndef HV_TYPES_H
#define HV_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t maddr_t;		/* machine address, bytes */
typedef struct { uint64_t n; } mfn_t;	/* machine frame number */
typedef int64_t s_time_t;		/* system time: nanoseconds since boot */

static inline mfn_t mfn(uint64_t n) { return (mfn_t){ n }; }
static inline uint64_t mfn_x(mfn_t m) { return m.n; }
static inline bool mfn_eq(mfn_t a, mfn_t b) { return a.n == b.n; }

#define MFN_NONE ((mfn_t){ ~0ULL })

#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))

static inline mfn_t maddr_to_mfn(maddr_t a) { return mfn(a >> PAGE_SHIFT); }
static inline maddr_t mfn_to_maddr(mfn_t m) { return m.n << PAGE_SHIFT; }

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(p, type, member) ((type *)((char *)(p) - offsetof(type, member)))
#define __force_inline inline __attribute__((always_inline))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define MIN(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ < b_ ? a_ : b_; })
#define MAX(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ > b_ ? a_ : b_; })
#define ROUND_UP(x, a) (((x) + (a) - 1) & ~((__typeof__(x))(a) - 1))
#define BIT(n) (1ULL << (n))
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define barrier() __asm__ volatile("" ::: "memory")
#define __init __attribute__((section(".init.text"), cold))
#define __initdata __attribute__((section(".init.data")))
#ifdef __SSE__			/* a host's build, in tests: not possible with vector registers */
#define __keeps_registers __attribute__((cold))
#else
#define __keeps_registers __attribute__((no_caller_saved_registers, cold))
#endif
#define __entry_data __attribute__((section(".bss.entry")))	/* mapped while guests run, see mm/pti.c */
#define __noreturn __attribute__((noreturn))
#define __packed __attribute__((packed))
#define __aligned(n) __attribute__((aligned(n)))
#define __must_check __attribute__((warn_unused_result))
#define __printf(f, a) __attribute__((format(printf, f, a)))

#endif
