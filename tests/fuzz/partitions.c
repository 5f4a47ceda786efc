/* SPDX-License-Identifier: MIT */
/* Partition tables as a guest may leave them on a disk: the input is the disk's first sectors, with a sound mark of an MBR. */
#include <string.h>
#include "fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct will w;

	fake_reset();
	will_make(&w, 2048, false);
	memcpy(w.data + 446, data, size < 4096 ? size : 4096);
	memcpy(w.data + 510, "\x55\xaa", 2);
	w.at_once = true;
	block_unregister(&w.device);
	block_register(&w.device);
	will_free(&w);
	return 0;
}
