/* SPDX-License-Identifier: MIT */
/* What the verbs for disks and for network interfaces share. */
#ifndef DOM0_TOOLS_PVCTL_DEVICE_WORDS_H
#define DOM0_TOOLS_PVCTL_DEVICE_WORDS_H

#include <stdbool.h>
#include "os/os.h"

#define DEVICE_SPEC_MAX 512

/* Arguments as one specification, commas between them: it may come as one word or as several. False: too long. */
bool device_spec_join(char spec[DEVICE_SPEC_MAX], int argc, char **argv);

/* A number that the frontend wrote of itself, for a list; -1: none. */
int device_front_number(domid_t domid, const char *kind, unsigned int id, const char *key);

#endif
