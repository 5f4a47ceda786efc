/* SPDX-License-Identifier: MIT */
/* First step of the builder: files to a checked kernel and its layout. Nothing is asked of the
 * hypervisor. */
#include <string.h>
#include "builder/builder.h"

void builder_unload(struct builder_kernel *k)
{
	image_free(&k->file);
	image_free(&k->ramdisk);
}

static int check_kernel(struct builder_kernel *k, struct err *err)
{
	int rc = image_unpack(&k->file, err);

	if (!rc)
		rc = elf_open(&k->elf, k->file.data, k->file.size, err);
	if (!rc)
		rc = notes_read(&k->notes, &k->elf, err);
	return rc;
}

int builder_load(struct builder_kernel *k, const char *kernel, const char *ramdisk,
		 uint64_t nr_pages, struct err *err)
{
	int rc;

	memset(k, 0, sizeof(*k));
	rc = image_read(&k->file, kernel, "kernel", err);
	if (rc)
		return rc;
	rc = check_kernel(k, err);
	if (rc)
		err_prefix(err, "kernel %s", kernel);
	if (!rc && ramdisk)
		rc = image_read(&k->ramdisk, ramdisk, "ramdisk", err);
	if (!rc) {
		rc = layout_compute(&k->layout, &k->notes, nr_pages, k->ramdisk.size, err);
		if (rc)
			err_prefix(err, "kernel %s", kernel);
	}
	if (rc)
		builder_unload(k);
	return rc;
}
