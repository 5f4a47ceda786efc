/* SPDX-License-Identifier: MIT */
/* What the block frontend needs of a system, faked: a kit that remembers every grant, for tests and the fuzzer. */
#ifndef TESTS_UNIT_BLKFRONT_KIT_H
#define TESTS_UNIT_BLKFRONT_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <frontend/blk/impl.h>
#include <kit/gnttab.h>

#define KIT_REFS 8192
extern struct kit_grant { bool used, held; mfn_t mfn; } kit_grants[KIT_REFS];	/* held: by the backend */
extern unsigned int kit_nr_grants, kit_nr_pages, kit_sent;
extern unsigned int kit_max_grants;			/* how many there may be at a time */
extern void (*kit_peer)(struct blkfront *f);		/* works while the frontend waits ... */
extern struct blkfront *kit_device;			/* ... for this device */

int test_connect(void);

#endif
