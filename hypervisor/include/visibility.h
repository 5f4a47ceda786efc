/* SPDX-License-Identifier: MIT */
/* Included before everything: extern symbols are ours too, so no access needs a GOT. */
#pragma GCC visibility push(hidden)
