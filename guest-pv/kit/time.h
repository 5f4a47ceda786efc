/* SPDX-License-Identifier: MIT */
/*
 * Time as the hypervisor publishes it. System time counts nanoseconds since the machine started and
 * never goes back; wall clock time is UTC.
 */
#ifndef KIT_TIME_H
#define KIT_TIME_H

#include <stdint.h>

uint64_t time_now_ns(void);		/* system time */
uint64_t time_wall_ns(void);		/* since 1970-01-01 UTC */

#endif
