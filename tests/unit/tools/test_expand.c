/* SPDX-License-Identifier: MIT */
/*
 * Compressed kernels: each format whole, with right and wrong hints, truncated at every byte and
 * damaged in many places; and the bzImage around them with a header that lies.
 */
#include <lz4.h>
#include <zlib.h>
#include "test.h"
#include "builder/image.h"
#include "expand.h"

#define SIZE 300000             /* bytes, byte i being i % 16, packed in each stream */
#define BLOCK (8u << 20)        /* what a block of LZ4's legacy frame expands to */

/* xz --check=crc32 --x86 --lzma2=dict=1MiB */
static const uint8_t xz_stream[] = {
	0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x01, 0x69, 0x22, 0xde, 0x36, 0x02, 0x01,
	0x04, 0x00, 0x21, 0x01, 0x10, 0x00, 0x8b, 0x21, 0x6f, 0x49, 0xe4, 0x93, 0xdf, 0x00,
	0x80, 0x5d, 0x00, 0x00, 0x00, 0x52, 0x50, 0x0a, 0x84, 0xf9, 0x9b, 0xb2, 0x80, 0x21,
	0xa9, 0x69, 0xd6, 0x27, 0xe1, 0x14, 0x26, 0x25, 0x99, 0x16, 0xe4, 0x4e, 0x7a, 0xcd,
	0x8c, 0x9a, 0x66, 0x05, 0x0c, 0x00, 0x41, 0xd3, 0xff, 0x4a, 0x5f, 0xc3, 0x31, 0xfe,
	0x6d, 0xa0, 0x17, 0xb6, 0x96, 0x74, 0x6f, 0x85, 0xf9, 0xb4, 0x45, 0x1c, 0x7f, 0x4d,
	0x09, 0x8d, 0xaf, 0x29, 0x16, 0x8a, 0xca, 0x8e, 0x07, 0xf6, 0x5b, 0xff, 0xc7, 0x21,
	0x2e, 0x27, 0x26, 0x31, 0x04, 0x7b, 0x62, 0x40, 0x3d, 0xc9, 0x1b, 0x75, 0x9f, 0x31,
	0x78, 0x5d, 0xe3, 0x05, 0x85, 0x32, 0x40, 0xc9, 0x86, 0x4d, 0xe7, 0x9d, 0x43, 0x86,
	0x40, 0x17, 0x55, 0xd9, 0x8b, 0x2f, 0x03, 0xb5, 0xa1, 0x2b, 0xc5, 0x5e, 0x51, 0xa2,
	0xe7, 0xbb, 0xd5, 0x78, 0xe5, 0xf4, 0x01, 0x7d, 0xdc, 0x9d, 0xc0, 0x06, 0x98, 0x4d,
	0x75, 0x82, 0xaf, 0x80, 0x00, 0x00, 0x28, 0x95, 0xb3, 0x04, 0x00, 0x01, 0x98, 0x01,
	0xe0, 0xa7, 0x12, 0x00, 0x4d, 0x13, 0xbc, 0x7d, 0x3e, 0x30, 0x0d, 0x8b, 0x02, 0x00,
	0x00, 0x00, 0x00, 0x01, 0x59, 0x5a,
};

/* zstd -22 --ultra from a pipe, so that the frame does not say its size */
static const uint8_t zstd_stream[] = {
	0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x88, 0xc4, 0x00, 0x00, 0x80, 0x00, 0x01, 0x02, 0x03,
	0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x01, 0x00,
	0xda, 0xff, 0x27, 0x9f, 0x4b, 0x44, 0x00, 0x00, 0x00, 0x01, 0x00, 0xfd, 0xff, 0x93,
	0x4f, 0x20, 0x45, 0x00, 0x00, 0x00, 0x01, 0x00, 0xdd, 0x13, 0x1d, 0x00, 0x01, 0x2b,
	0x14, 0x34, 0x2c,
};

static struct unpack_error wrong;
static struct err err;

struct stream {
	const char *name;
	uint8_t data[40000];
	size_t size;
};

static struct stream streams[4];

static uint8_t *pattern(size_t size)
{
	uint8_t *data = malloc(size);

	for (size_t i = 0; i < size; i++)
		data[i] = i % 16;
	return data;
}

static size_t pack_gzip(uint8_t *out, size_t room, const uint8_t *data, size_t size)
{
	z_stream z = { .next_in = (uint8_t *)data, .avail_in = (unsigned int)size,
		       .next_out = out, .avail_out = (unsigned int)room };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

static size_t pack_lz4(uint8_t *out, size_t room, const uint8_t *data, size_t size)
{
	size_t used = 4;

	memcpy(out, "\x02\x21\x4c\x18", 4);
	for (size_t at = 0; at < size; at += BLOCK) {
		size_t n = size - at < BLOCK ? size - at : BLOCK;
		int packed = LZ4_compress_default((const char *)data + at, (char *)out + used + 4,
						  (int)n, (int)(room - used - 4));

		assert_true(packed > 0);
		memcpy(out + used, &packed, 4);
		used += 4 + (size_t)packed;
	}
	return used;
}

static int make_streams(void **state)
{
	uint8_t *data = pattern(SIZE);

	(void)state;
	streams[0] = (struct stream){ .name = "gzip" };
	streams[0].size = pack_gzip(streams[0].data, sizeof(streams[0].data), data, SIZE);
	streams[1] = (struct stream){ .name = "LZ4" };
	streams[1].size = pack_lz4(streams[1].data, sizeof(streams[1].data), data, SIZE);
	streams[2] = (struct stream){ .name = "xz", .size = sizeof(xz_stream) };
	memcpy(streams[2].data, xz_stream, sizeof(xz_stream));
	streams[3] = (struct stream){ .name = "zstd", .size = sizeof(zstd_stream) };
	memcpy(streams[3].data, zstd_stream, sizeof(zstd_stream));
	free(data);
	return 0;
}

/* In a buffer of exactly its size, so that a read beyond it is seen. */
static int expand_copy(struct unpacked *out, const uint8_t *data, size_t size, size_t hint)
{
	uint8_t *copy = malloc(size);
	int rc;

	memcpy(copy, data, size);
	rc = expand(out, copy, size, hint, &wrong);
	free(copy);
	return rc;
}

static void expands_whatever_the_hint(void **state)
{
	static const size_t hints[] = { 0, 1, 1000, SIZE - 1, SIZE, SIZE + 1, UNPACK_MAX, SIZE_MAX };
	uint8_t *data = pattern(SIZE);
	struct unpacked out;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (size_t h = 0; h < sizeof(hints) / sizeof(hints[0]); h++) {
			assert_int_equal(expand_copy(&out, streams[i].data, streams[i].size,
						     hints[h]), 1);
			assert_int_equal(out.size, SIZE);
			assert_memory_equal(out.data, data, SIZE);
			free(out.data);
		}
	free(data);
}

static void many_blocks(void **state)
{
	size_t size = 2 * BLOCK + 12345, room = 200000;
	uint8_t *data = pattern(size), *packed = malloc(room);
	struct unpacked out;

	(void)state;
	room = pack_lz4(packed, room, data, size);
	assert_int_equal(expand_copy(&out, packed, room, 0), 1);
	assert_int_equal(out.size, size);
	assert_memory_equal(out.data, data, size);
	free(out.data);
	free(packed);
	free(data);
}

static void truncated(void **state)
{
	struct unpacked out;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (size_t size = 6; size < streams[i].size; size++) {
			assert_true(expand_copy(&out, streams[i].data, size, 0) < 0);
			assert_int_equal(wrong.kind, UNPACK_TRUNCATED);
			assert_non_null(strstr(wrong.text, streams[i].name));
		}
}

/* Damage is found, or makes no difference to anything but the bytes (LZ4 has no sum). */
static void damaged(void **state)
{
	struct unpacked out;
	int rc;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (size_t at = 6; at < streams[i].size; at += 1 + streams[i].size / 97) {
			struct stream bad = streams[i];

			bad.data[at] ^= (uint8_t)(1 + at % 255);
			rc = expand_copy(&out, bad.data, bad.size, SIZE);
			if (rc > 0)
				free(out.data);
			else
				assert_int_not_equal(wrong.kind, UNPACK_BAD_HEADER);
		}
}

/* A bzImage of two setup sectors with the stream, and what follows it if the packer is not gzip. */
static void make_bzimage(struct image *image, const struct stream *s, uint32_t length)
{
	uint32_t offset = 0x40, size = (uint32_t)s->size + (s == &streams[0] ? 0 : 4);
	size_t at = 3 * 512 + offset;

	image->size = at + size + 100;
	image->data = calloc(1, image->size);
	image->data[0x1f1] = 2;
	memcpy(image->data + 0x1fe, "\x55\xaa" "\xeb\x6a" "HdrS" "\x0f\x02", 10);
	memcpy(image->data + 0x248, &offset, 4);
	memcpy(image->data + 0x24c, &size, 4);
	memcpy(image->data + at, s->data, s->size);
	if (size > s->size)
		memcpy(image->data + at + s->size, &length, 4);
}

static void unpacks_a_bzimage(void **state)
{
	uint8_t *data = pattern(SIZE);
	struct image image;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		make_bzimage(&image, &streams[i], SIZE);
		assert_true(bzimage_is(image.data, image.size));
		assert_int_equal(image_unpack(&image, &err), 0);
		assert_int_equal(image.size, SIZE);
		assert_memory_equal(image.data, data, SIZE);
		assert_false(bzimage_is(image.data, image.size));
		image_free(&image);
	}
	free(data);
}

/* One field of the header replaced. */
static void refuse(size_t at, const void *bytes, size_t n, enum err_kind kind, const char *words)
{
	struct image image;

	make_bzimage(&image, &streams[1], SIZE);
	memcpy(image.data + at, bytes, n);
	assert_int_not_equal(image_unpack(&image, &err), 0);
	assert_err(&err, kind, words);
	image_free(&image);
}

static void refuses_a_bzimage(void **state)
{
	struct image image;

	(void)state;
	refuse(0x206, "\x07\x02", 2, ERR_BAD_IMAGE, "2.07|2.08");
	refuse(0x248, "\xff\xff\xff\xff", 4, ERR_TRUNCATED, "payload");
	refuse(0x24c, "\xff\xff\xff\x7f", 4, ERR_TRUNCATED, "payload");
	refuse(0x24c, "\x07\0\0\0", 4, ERR_BAD_IMAGE, "7 bytes");
	refuse(3 * 512 + 0x40, "BZh9", 4, ERR_COMPRESSION, "42 5a 68 39");
	make_bzimage(&image, &streams[1], SIZE + 1);
	assert_int_not_equal(image_unpack(&image, &err), 0);
	assert_err(&err, ERR_COMPRESSION, "300000|300001");
	image_free(&image);
	image = (struct image){ calloc(1, 0x24f), 0x24f };
	memcpy(image.data + 0x1fe, "\x55\xaa" "\xeb\x6a" "HdrS", 8);
	assert_false(bzimage_is(image.data, image.size));
	image_free(&image);
}

/* Whatever the header's bytes say, nothing outside of the file is read. */
static void any_header(void **state)
{
	uint64_t seed = 11;
	struct image image;

	(void)state;
	for (int round = 0; round < 600; round++) {
		make_bzimage(&image, &streams[round % 4], SIZE);
		for (int i = 0; i < 2; i++)
			image.data[0x248 + test_random(&seed) % 8] = (uint8_t)test_random(&seed);
		image.data[0x1f1] = (uint8_t)test_random(&seed) % 8;
		image_unpack(&image, &err);
		image_free(&image);
	}
}

int test_expand(size_t *total)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(expands_whatever_the_hint, make_streams),
		cmocka_unit_test(many_blocks), cmocka_unit_test(truncated),
		cmocka_unit_test(damaged), cmocka_unit_test(unpacks_a_bzimage),
		cmocka_unit_test(refuses_a_bzimage), cmocka_unit_test(any_header),
	};

	return RUN_GROUP(tests, total);
}
