/* SPDX-License-Identifier: MIT */
/* Device handshakes as xenstore shows them: which ones stalled, and on whose turn. */
#ifndef DOM0_TOOLS_PVCTL_HANDSHAKE_H
#define DOM0_TOOLS_PVCTL_HANDSHAKE_H

#include <stddef.h>
#include "os/os.h"

/* The sentence about a pair of xenbus states. NULL when nothing is wrong (both connected). */
const char *handshake_explain(int frontend, int backend);
const char *handshake_state(int state);
/* Prints one line for each device of the domain whose handshake is not complete; their number. */
unsigned int handshake_print(domid_t domid);

#endif
