/* SPDX-License-Identifier: MIT */
#include "test.h"

int main(void)
{
	return test_layer() + test_backend();
}
