/* SPDX-License-Identifier: MIT */
/* The block layer and the block backend: test_layer.c, test_backend.c. */
#include "test.h"

int main(void)
{
	return test_layer() + test_backend();
}
