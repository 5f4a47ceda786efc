/* SPDX-License-Identifier: MIT */
/* From an operator's words to a device's specification, and from a frontend's entries to a list's columns. */
#include <stdio.h>
#include <stdlib.h>
#include "ctl/device.h"
#include "pvctl/device_words.h"

bool device_spec_join(char spec[DEVICE_SPEC_MAX], int argc, char **argv)
{
	size_t len = 0;

	spec[0] = '\0';
	for (int i = 0; i < argc; i++) {
		int n = snprintf(spec + len, DEVICE_SPEC_MAX - len, "%s%s", i ? "," : "", argv[i]);

		if (n < 0 || (size_t)n >= DEVICE_SPEC_MAX - len)
			return false;
		len += (size_t)n;
	}
	return true;
}

int device_front_number(domid_t domid, const char *kind, unsigned int id, const char *key)
{
	char *text = device_read_front(domid, kind, id, key);
	int n = text ? atoi(text) : -1;

	free(text);
	return n;
}
