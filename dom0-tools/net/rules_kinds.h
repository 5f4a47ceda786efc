/* SPDX-License-Identifier: MIT */
/* The words for protocols in rules. Private to rules*.c. */
#ifndef DOM0_TOOLS_NET_RULES_KINDS_H
#define DOM0_TOOLS_NET_RULES_KINDS_H

#include <stdint.h>

extern const struct rule_kind {
	const char *word;
	uint16_t ether_type;		/* 0: any */
	uint8_t protocol;		/* 0: any */
} rule_kinds[];				/* the first is "any"; a NULL word ends it */

#endif
