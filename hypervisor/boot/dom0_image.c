/* SPDX-License-Identifier: MIT */
/*
 * The control domain's kernel as the boot loader brought it: an ELF file, one compressed as a whole, or a bzImage. The
 * unpackers (unpack/) are the domain builder's, compiled for us into the part of the image that is freed
 * after booting; what they ask of a C library is here. Boot only, no lock.
 */
#include "boot.h"
#include "elf.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"
#include "unpack.h"

void *malloc(size_t n);
void *calloc(size_t n, size_t size);
void free(void *p);

void *__init malloc(size_t n) { return hv_alloc(n); }
void __init free(void *p) { hv_free(p); }

void *__init calloc(size_t n, size_t size)
{
	size_t bytes;

	return __builtin_mul_overflow(n, size, &bytes) ? NULL : hv_alloc(bytes);
}

static struct unpacked kernel __initdata;

const uint8_t *__init dom0_image_open(const struct boot_module *m, struct elf_kernel *k)
{
	const uint8_t *image = maddr_to_virt(m->start);
	uint64_t size = m->end - m->start;
	struct unpack_error error;
	int rc = unpack(image, size, &kernel, &error);

	if (rc < 0)
		boot_fail("dom0 kernel '%s': %s", m->cmdline, error.text);
	if (rc > 0) {
		printk(LOG_INFO, "dom0: kernel of %lu KB unpacked to %lu KB", size >> 10, kernel.size >> 10);
		image = kernel.data;
		size = kernel.size;
	}
	if (elf_parse(image, size, k))
		boot_fail("dom0 kernel '%s': %s", m->cmdline, k->error);
	return image;
}

void __init dom0_image_close(void)
{
	hv_free(kernel.data);
}
