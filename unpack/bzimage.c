/* SPDX-License-Identifier: MIT */
/*
 * Finds the payload by the setup header of Linux's x86 boot protocol. The header is hostile: what it
 * says of the payload is compared with the file's size in forms that cannot overflow. Every packer but
 * gzip is followed by the expanded size, which is part of the payload and must agree.
 */
#include <stdlib.h>
#include <string.h>
#include "expand.h"

/* Offsets in the file, as the boot protocol names the fields. */
#define SETUP_SECTS 0x1f1
#define BOOT_FLAG 0x1fe
#define HEADER_MAGIC 0x202
#define VERSION 0x206
#define PAYLOAD_OFFSET 0x248
#define PAYLOAD_LENGTH 0x24c
#define HEADER_END 0x250
#define SECTOR 512
#define FIRST_WITH_PAYLOAD 0x208        /* protocol version 2.08 */

static uint32_t field(const uint8_t *image, size_t at, size_t size)
{
	uint32_t value = 0;

	memcpy(&value, image + at, size);
	return value;
}

bool bzimage_is(const uint8_t *image, size_t size)
{
	return size >= HEADER_END && field(image, BOOT_FLAG, 2) == 0xaa55 &&
	       !memcmp(image + HEADER_MAGIC, "HdrS", 4);
}

/* The payload's place and size in the file. */
static int find(const uint8_t *image, size_t image_size, size_t *at, size_t *size, struct unpack_error *err)
{
	uint32_t version = field(image, VERSION, 2);
	uint32_t sectors = image[SETUP_SECTS];

	if (version < FIRST_WITH_PAYLOAD)
		return unpack_fail(err, UNPACK_BAD_HEADER, "a bzImage of boot protocol %u.%02u, which does "
				   "not say where its kernel is; at least 2.08 is needed", version >> 8,
				   version & 0xff);
	*at = ((size_t)(sectors ? sectors : 4) + 1) * SECTOR + field(image, PAYLOAD_OFFSET, 4);
	*size = field(image, PAYLOAD_LENGTH, 4);
	if (*at > image_size || *size > image_size - *at)
		return unpack_fail(err, UNPACK_TRUNCATED, "truncated: the bzImage's payload at 0x%zx+0x%zx is "
				   "not in the file's 0x%zx bytes", *at, *size, image_size);
	if (*size < 8)
		return unpack_fail(err, UNPACK_BAD_HEADER, "a bzImage with a payload of %zu bytes", *size);
	return 0;
}

int bzimage_unpack(const uint8_t *image, size_t image_size, struct unpacked *out, struct unpack_error *err)
{
	size_t at = 0, size = 0;
	const uint8_t *data;
	uint32_t length;
	int rc;

	if (find(image, image_size, &at, &size, err))
		return -1;
	data = image + at;
	length = expand_last_word(data, size);
	rc = expand(out, data, expand_is_gzip(data, size) ? size : size - sizeof(length), length, err);
	if (rc == 0)
		return unpack_fail(err, UNPACK_DAMAGED, "the bzImage's payload begins with bytes %02x %02x %02x "
				   "%02x: not gzip, LZ4, xz or zstd", data[0], data[1], data[2], data[3]);
	if (rc > 0 && (uint32_t)out->size != length) {
		free(out->data);
		return unpack_fail(err, UNPACK_DAMAGED, "the bzImage's payload expands to %zu bytes, but says %u",
				   out->size, length);
	}
	return rc;
}
