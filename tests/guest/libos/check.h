/* SPDX-License-Identifier: MIT */
/* Between the files of this test. */
#ifndef TESTS_LIBOS_CHECK_H
#define TESTS_LIBOS_CHECK_H

#include <stdbool.h>

#define MS 1000000ULL

void check(const char *name, bool ok);		/* one expectation, one line */

void check_threads(void);
void check_locks(void);
void check_posix(void);
void check_memory(void);
void check_events(void);
void check_files(void);
void check_workers(void);

#endif
