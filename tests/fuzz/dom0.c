/* SPDX-License-Identifier: MIT */
/* What the hypervisor reads of the control domain's kernel: compression, bzImage, ELF headers, notes. */
#include <stdlib.h>
#include <string.h>
#include "elf.h"
#include "unpack.h"

static void look(const uint8_t *image, size_t size)
{
	struct elf_kernel k;
	volatile uint8_t sum = 0;

	if (elf_parse(image, size, &k))
		return;
	for (unsigned i = 0; i < k.nr_segments; i++) {
		if (k.segment[i].va < k.virt_start || k.segment[i].va + k.segment[i].mem_size > k.virt_end)
			abort();
		for (uint64_t n = 0; n < k.segment[i].file_size; n += 64)
			sum += image[k.segment[i].file_off + n];
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unpack_error error;
	struct unpacked out;
	int rc = unpack(data, size, &out, &error);

	if (rc < 0)
		return 0;
	look(rc ? out.data : data, rc ? out.size : size);
	if (rc)
		free(out.data);
	return 0;
}
