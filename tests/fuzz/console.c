/* SPDX-License-Identifier: MIT */
/*
 * The console page between two hostile sides: the daemon's end (pvring.c) and the guest's end (kit/ring.c) work on
 * one page while the input overwrites its indices. Four bytes an operation. Nobody reads or writes outside the
 * page and its own buffer, and nobody is told of more bytes than it asked for.
 */
#include <stdlib.h>
#include <string.h>
#include "console/pvring.h"
#include <kit/ring.h>

static struct xencons_interface *page;

static void operate(unsigned int what, unsigned int n, uint32_t index)
{
	struct byte_ring out = { page->out, sizeof(page->out), &page->out_cons, &page->out_prod };
	struct byte_ring in = { page->in, sizeof(page->in), &page->in_cons, &page->in_prod };
	char *own = calloc(1, n + 1);
	size_t moved = 0;

	switch (what % 8) {
	case 0:
		moved = pvring_read(page, own, n);
		break;
	case 1:
		moved = pvring_write(page, own, n);
		break;
	case 2:
		moved = byte_ring_write(&out, own, n);
		break;
	case 3:
		moved = byte_ring_read(&in, own, n);
		break;
	default:
		(&page->in_cons)[what % 4] = index;
		break;
	}
	if (moved > n)
		abort();
	free(own);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	page = calloc(1, sizeof(*page));
	for (size_t i = 0; i + 4 <= size; i += 4) {
		uint16_t n;

		memcpy(&n, data + i + 1, sizeof(n));
		operate(data[i], n % 8192, data[i + 3] & 0x80 ? (uint32_t)n << 16 | data[i + 3] : n);
	}
	free(page);
	return 0;
}
