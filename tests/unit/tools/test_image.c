/* SPDX-License-Identifier: MIT */
/* Files and gzip streams: whole, missing, truncated, damaged. */
#include <unistd.h>
#include <zlib.h>
#include "test.h"
#include "builder/image.h"

static struct err err;

static void gzip(struct image *out, const uint8_t *data, size_t size)
{
	z_stream z = { .next_in = (uint8_t *)data, .avail_in = (unsigned int)size };

	out->size = size + 1000;
	out->data = malloc(out->size);
	z.next_out = out->data;
	z.avail_out = (unsigned int)out->size;
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->size = z.total_out;
	deflateEnd(&z);
}

static uint8_t *pattern(size_t size)
{
	uint8_t *data = malloc(size);
	uint64_t seed = 3;

	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(test_random(&seed) & (i % 4096 < 2048 ? 0xff : 0));
	return data;
}

static void expands(void **state)
{
	static const size_t sizes[] = { 0, 1, 4096, 100000, 3000000 };
	struct image image;
	uint8_t *data;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		data = pattern(sizes[i]);
		gzip(&image, data, sizes[i]);
		assert_int_equal(image_unpack(&image, &err), 0);
		assert_int_equal(image.size, sizes[i]);
		assert_memory_equal(image.data, data, sizes[i]);
		image_free(&image);
		free(data);
	}
}

static void wrong_length_hint(void **state)
{
	uint8_t *data = pattern(200000);
	struct image image;
	uint32_t hint = 100;

	(void)state;
	gzip(&image, data, 200000);
	memcpy(image.data + image.size - 4, &hint, 4);
	assert_int_not_equal(image_unpack(&image, &err), 0);
	assert_err(&err, ERR_COMPRESSION, "gzip|length");
	image_free(&image);
	free(data);
}

static void plain_stays(void **state)
{
	struct image image = { (uint8_t *)strdup("\177ELF..."), 7 };

	(void)state;
	assert_int_equal(image_unpack(&image, &err), 0);
	assert_int_equal(image.size, 7);
	image_free(&image);
}

static void truncated_and_damaged(void **state)
{
	uint8_t *data = pattern(50000);
	struct image whole, image;

	(void)state;
	gzip(&whole, data, 50000);
	for (size_t size = 2; size < whole.size; size += 1 + whole.size / 97) {
		image.size = size;
		image.data = malloc(size);
		memcpy(image.data, whole.data, size);
		assert_int_not_equal(image_unpack(&image, &err), 0);
		assert_err(&err, ERR_TRUNCATED, "truncated");
		image_free(&image);
	}
	whole.data[whole.size - 8] ^= 1;
	assert_int_not_equal(image_unpack(&whole, &err), 0);
	assert_err(&err, ERR_COMPRESSION, "damaged gzip");
	image_free(&whole);
	free(data);
}

static void reads_files(void **state)
{
	char path[] = "/tmp/parvus-test-XXXXXX";
	int fd = mkstemp(path);
	struct image image;

	(void)state;
	assert_true(fd >= 0);
	assert_int_not_equal(image_read(&image, path, "kernel", &err), 0);
	assert_err(&err, ERR_TRUNCATED, "kernel|empty");
	assert_int_equal(write(fd, "hello", 5), 5);
	assert_int_equal(image_read(&image, path, "kernel", &err), 0);
	assert_int_equal(image.size, 5);
	assert_memory_equal(image.data, "hello", 5);
	image_free(&image);
	close(fd);
	unlink(path);
	assert_int_not_equal(image_read(&image, path, "ramdisk", &err), 0);
	assert_err(&err, ERR_MISSING, "ramdisk|no such file");
	assert_int_not_equal(image_read(&image, "/", "kernel", &err), 0);
	assert_err(&err, ERR_IO, "directory");
}

int test_image(size_t *total)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expands), cmocka_unit_test(wrong_length_hint),
		cmocka_unit_test(plain_stays), cmocka_unit_test(truncated_and_damaged),
		cmocka_unit_test(reads_files),
	};

	return RUN_GROUP(tests, total);
}
