/* SPDX-License-Identifier: MIT */
/* The config parser, and what is made of the settings: any text gives a configuration or an error
 * that names a line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "pvctl/domain_cfg.h"

static void warn(const char *text) { (void)text; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfg cfg = { 0 };
	struct domain_config out;
	struct err err = { 0 };
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = 0;
	if (!cfg_parse(&cfg, "fuzz", text, &err)) {
		if (!domain_cfg_read(&out, &cfg, 1, warn, &err))
			domain_config_free(&out);
		else if (!err.text[0])
			abort();
	} else if (!err.text[0]) {
		abort();
	}
	cfg_free(&cfg);
	free(text);
	return 0;
}
