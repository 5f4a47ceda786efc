/* SPDX-License-Identifier: MIT */
/* The old path of the x86 part, kept because sources include it. */
#include "arch-x86/xen.h"
