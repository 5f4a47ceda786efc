/* SPDX-License-Identifier: MIT */
/*
 * The tree of files and the archive it starts from: a good archive gives its files; one that is cut
 * anywhere, or has any byte changed, gives an error or other files but no access outside it.
 */
#include "fake.h"
#include "files.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char archive[4096];
static size_t archive_size;

/* Empties the tree, so that each test starts with none and nothing leaks. */
static void free_tree(struct node *n)
{
	struct node *c, *next;

	for (c = n->children; c; c = next) {
		next = c->next;
		free_tree(c);
		if (c->writable)
			free(c->data);
		free(c->name);
		free(c);
	}
	n->children = NULL;
}

static int reset(void **state)
{
	(void)state;
	free_tree(&file_root);
	return 0;
}

static void entry(const char *name, unsigned int mode, const char *data)
{
	size_t size = strlen(data);

	archive_size += sprintf(archive + archive_size,
		"070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X%s", 1, mode, 0, 0, 1, 77,
		size, 0, 0, 0, 0, strlen(name) + 1, 0, name) + 1;
	archive_size = (archive_size + 3) & ~(size_t)3;
	memcpy(archive + archive_size, data, size);
	archive_size = (archive_size + size + 3) & ~(size_t)3;
}

static int build(void **state)
{
	reset(state);
	memset(archive, 0, sizeof(archive));
	archive_size = 0;
	entry("etc", 040755, "");
	entry("etc/name", 0100644, "the contents");
	entry("deep/er/file", 0100644, "x");
	entry("dev/null", 020666, "");
	entry("TRAILER!!!", 0, "");
	return 0;
}

static void good(void **state)
{
	struct node *n;

	(void)state;
	assert_int_equal(initrd_unpack(archive, archive_size), 0);
	n = file_lookup("/etc/name");
	assert_non_null(n);
	assert_int_equal(n->size, 12);
	assert_memory_equal(n->data, "the contents", 12);
	assert_int_equal(n->mtime, 77);
	assert_non_null(file_lookup("deep//er/./file"));
	assert_ptr_equal(file_lookup("/etc/../etc/name"), n);
	assert_null(file_lookup("/dev/null"));
	assert_null(file_lookup("/etc/name/x"));
}

static void cut(void **state)
{
	char *copy;

	for (size_t n = 0; n < archive_size; n++) {
		copy = malloc(n ? n : 1);
		memcpy(copy, archive, n);
		if (initrd_unpack(copy, n) == 0)
			assert_true(n > archive_size - 16);
		reset(state);
		free(copy);
	}
}

static void changed(void **state)
{
	char *copy = malloc(archive_size);

	srand(3);
	for (int round = 0; round < 20000; round++) {
		memcpy(copy, archive, archive_size);
		for (int i = rand() % 3; i >= 0; i--)
			copy[rand() % archive_size] = rand() % 4 ? "0123456789aFf/."[rand() % 15] : rand();
		initrd_unpack(copy, archive_size);
		reset(state);
	}
	free(copy);
}

static void tree(void **state)
{
	struct node *n, *d;

	(void)state;
	files_init(archive, archive_size);
	assert_int_equal(file_create("/etc/new", false, &n), -EROFS);
	assert_int_equal(file_create("/tmp/none/new", false, &n), -ENOENT);
	assert_int_equal(file_create("/tmp/new", false, &n), 0);
	assert_int_equal(file_create("/tmp/dir", true, &d), 0);
	assert_int_equal(file_resize(n, 1000), 0);
	assert_int_equal(n->data[999], 0);
	assert_int_equal(file_rename("/tmp/dir", "/tmp/dir/inside"), -EINVAL);
	assert_int_equal(file_rename("/tmp/new", "/etc/new"), -EROFS);
	assert_int_equal(file_rename("/etc/name", "/tmp/name"), -EROFS);
	assert_int_equal(file_rename("/tmp/new", "/tmp/dir/new"), 0);
	assert_ptr_equal(file_lookup("/tmp/dir/new"), n);
	assert_int_equal(file_remove("/tmp/dir"), -ENOTEMPTY);
	n->users++;
	assert_int_equal(file_remove("/tmp/dir/new"), 0);
	assert_null(file_lookup("/tmp/dir/new"));
	assert_int_equal(n->size, 1000);	/* still there for who has it open */
	file_release(n);
	assert_int_equal(file_remove("/tmp/dir"), 0);
	assert_int_equal(file_remove("/tmp"), -EROFS);
	assert_int_equal(file_remove("/etc/name"), -EROFS);
}

TESTS(files, cmocka_unit_test_setup_teardown(good, build, reset),
      cmocka_unit_test_setup_teardown(cut, build, reset),
      cmocka_unit_test_setup_teardown(changed, build, reset),
      cmocka_unit_test_setup_teardown(tree, build, reset));
