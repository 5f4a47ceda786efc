/* SPDX-License-Identifier: MIT */
/* dom0's own TCP/IP: a port of the switch named "dom0". */
#ifndef DOM0_TOOLS_NET_DOM0_H
#define DOM0_TOOLS_NET_DOM0_H

#include <stddef.h>
#include <stdint.h>

/* ip as in guest-pv/inet/stack.h, NULL: no address. Needs the switch. 0 or negative errno (-EINVAL: the text). */
int net_dom0_start(const char *ip);
int net_dom0_set_ip(const char *ip);
void net_dom0_text(char *out, size_t size);	/* its address in words */
/* From now on TCP to that port of dom0's is dropped where it comes from a guest. */
void net_dom0_guard(uint16_t port);

#endif
