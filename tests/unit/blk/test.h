/* SPDX-License-Identifier: MIT */
/* Between the files of this test. */
#ifndef TESTS_UNIT_BLK_TEST_H
#define TESTS_UNIT_BLK_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "fake.h"

int test_backend(void), test_layer(void);	/* failed tests */

#endif
