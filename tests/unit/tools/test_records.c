/* SPDX-License-Identifier: MIT */
/* Records of the living, the dead and the failed. */
#include <errno.h>
#include "test.h"
#include "ctl/records.h"

static struct domain_config config_named(const char *name)
{
	struct domain_config c = { .kernel = "/k" };

	snprintf(c.name, sizeof(c.name), "%s", name);
	return c;
}

static void add(domid_t id, const char *name)
{
	struct domain_config c = config_named(name);

	assert_int_equal(records_add(id, &c), 0);
}

static void lives_and_dies(void **state)
{
	struct record_living living;
	struct record_dead dead;
	int id = -1;

	(void)state;
	add(9, "b");
	add(8, "a");
	assert_true(records_next(&id));
	assert_int_equal(id, 8);
	assert_true(records_next(&id));
	assert_int_equal(id, 9);
	assert_false(records_next(&id));
	assert_int_equal(records_living(9, &living), 0);
	assert_string_equal(living.config.name, "b");
	domain_config_free(&living.config);
	records_died(9, 3, strdup("report"));
	assert_int_equal(records_living(9, &living), -ENOENT);
	assert_int_equal(records_dead("b", &dead), 0);
	assert_string_equal(dead.report, "report");
	assert_int_equal(dead.code, 3);
	free(dead.report);
	assert_int_equal(records_dead("9", &dead), 0);
	free(dead.report);
	records_died(9, 3, strdup("nobody"));
	records_drop(8);
	id = -1;
	assert_false(records_next(&id));
	assert_int_equal(records_dead("a", &dead), -ENOENT);
}

static void keeps_the_last(void **state)
{
	struct record_failed failed;
	struct record_dead dead;
	struct err err;
	char name[16];

	(void)state;
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		add((domid_t)(100 + i), name);
		records_died((domid_t)(100 + i), -1, NULL);
		err_set(&err, ERR_CONFIG, "why %d", i);
		records_failed(name, &err);
	}
	assert_int_equal(records_dead("n23", &dead), -ENOENT);
	assert_int_equal(records_dead("n24", &dead), 0);
	assert_int_equal(records_dead("n39", &dead), 0);
	assert_int_equal(records_last_failure("n23", &failed), -ENOENT);
	assert_int_equal(records_last_failure("n39", &failed), 0);
	assert_string_equal(failed.err.text, "why 39");
}

static void renames(void **state)
{
	struct record_living living;

	(void)state;
	add(7, "old");
	records_set_preserved(7, "new");
	assert_int_equal(records_living(7, &living), 0);
	assert_true(living.preserved);
	assert_string_equal(living.config.name, "new");
	domain_config_free(&living.config);
	records_drop(7);
}

int test_records(size_t *total)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lives_and_dies), cmocka_unit_test(keeps_the_last),
		cmocka_unit_test(renames),
	};

	return RUN_GROUP(tests, total);
}
