/* SPDX-License-Identifier: MIT */
/* What the domain builder reads of a kernel: compression, bzImage, ELF headers, segments, sections,
 * notes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "builder/image.h"
#include "builder/notes.h"

static void look(const struct image *image)
{
	struct kernel_notes notes;
	struct elf_image elf;
	struct err err = { 0 };
	volatile uint8_t sum = 0;

	if (elf_open(&elf, image->data, image->size, &err))
		return;
	for (unsigned int i = 0; i < elf.nr_segments && i < 64; i++) {
		struct elf_segment s = elf_segment(&elf, i);
		const uint8_t *p = elf_bytes(&elf, s.offset, s.filesz);

		for (uint64_t n = 0; p && n < s.filesz; n += 64)
			sum += p[n];
	}
	for (unsigned int i = 0; i < elf.nr_sections && i < 64; i++) {
		struct elf_section s = elf_section(&elf, i);
		const char *name = elf_section_name(&elf, &s);

		sum += name ? strlen(name) : 0;
	}
	notes_read(&notes, &elf, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image image = { malloc(size ? size : 1), size };
	struct err err = { 0 };

	memcpy(image.data, data, size);
	if (!image_unpack(&image, &err))
		look(&image);
	image_free(&image);
	return 0;
}
