/* SPDX-License-Identifier: MIT */
/* Switching the machine off and resetting it. Both return on failure only, with -errno. */
#ifndef DOM0_TOOLS_POWER_POWER_H
#define DOM0_TOOLS_POWER_POWER_H

int power_off(void);
int power_reset(void);

#endif
