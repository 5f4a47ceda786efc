/* SPDX-License-Identifier: MIT */
/*
 * The block frontend's half of the handshake, with a backend that answers each state as it should: whatever is missing
 * on the way, all pages and grants are back when the device is closed, or was not opened.
 */
#include "kit.h"
#include "store.h"
#include <stdio.h>
#include <kit/xenbus.h>
#include <xen/errno.h>
#include <xen/io/xenbus.h>

#define RING_ORDER 2

static const struct blkfront_options options = { .ring_order = RING_ORDER };

/* The backend, whenever the frontend waits for it. */
static void answer(void)
{
	switch (world_store_get("front/state")) {
	case XenbusStateInitialising:
		world_store_put("back/state", XenbusStateInitWait);
		break;
	case XenbusStateInitialised:
		world_store_put("back/state", XenbusStateConnected);
		break;
	case XenbusStateClosing:
		world_store_put("back/state", XenbusStateClosing);
		break;
	default:
		world_store_put("back/state", XenbusStateClosed);
	}
}

static int set_up(void **state)
{
	(void)state;
	world_on_wait = answer;
	world_store_reset();
	world_store_put("front/backend-id", 0);
	world_store_put_text("front/backend", "back");
	world_store_put("front/state", XenbusStateInitialising);
	world_store_put("back/state", XenbusStateInitialising);
	world_store_put("back/max-ring-page-order", RING_ORDER);
	world_store_put("back/sectors", 2048);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	kit_max_grants = KIT_REFS;
	assert_int_equal(kit_nr_pages, 0);
	assert_int_equal(kit_nr_grants, 0);
	return 0;
}

static void opens_and_closes(void **state)
{
	struct blkfront *f;

	(void)state;
	assert_int_equal(blkfront_open(&f, "front", &options), 0);
	assert_int_equal(kit_nr_grants, 1 << RING_ORDER);
	assert_int_equal(world_store_get("front/ring-page-order"), RING_ORDER);
	assert_int_equal(world_store_get("front/state"), XenbusStateConnected);
	blkfront_close(f);
	assert_int_equal(world_store_get("front/state"), XenbusStateClosed);
}

static void lacks_grants(void **state)
{
	struct blkfront *f;

	(void)state;
	for (kit_max_grants = 0; kit_max_grants < 1 << RING_ORDER; kit_max_grants++) {
		set_up(NULL);
		assert_int_equal(blkfront_open(&f, "front", &options), -XEN_ENOSPC);
		assert_int_equal(kit_nr_pages, 0);
		assert_int_equal(kit_nr_grants, 0);
	}
}

static void refuses_a_disk_of_no_size(void **state)
{
	struct blkfront *f;

	(void)state;
	world_store_put("back/sectors", 0);
	assert_int_equal(blkfront_open(&f, "front", &options), -XEN_EIO);
}

static void put_disk(const char *id, const char *name, int online)
{
	char path[64], back[32];

	snprintf(back, sizeof(back), "back/%s", id);
	snprintf(path, sizeof(path), "device/vbd/%s", id);
	world_store_put_text(path, "");
	snprintf(path, sizeof(path), "device/vbd/%s/backend", id);
	world_store_put_text(path, back);
	snprintf(path, sizeof(path), "%s/dev", back);
	world_store_put_text(path, name);
	snprintf(path, sizeof(path), "%s/online", back);
	world_store_put(path, online);
}

static void finds_names(void **state)
{
	char node[32] = "", small[12] = "";

	(void)state;
	put_disk("51712", "xvda", 1);
	put_disk("51728", "xvdb", 0);
	put_disk("51744", "xvdb", 1);
	assert_int_equal(blkfront_find("xvda", node, sizeof(node)), 0);
	assert_string_equal(node, "device/vbd/51712");
	assert_int_equal(blkfront_find("xvdb", node, sizeof(node)), 0);		/* the one that stays */
	assert_string_equal(node, "device/vbd/51744");
	assert_int_equal(blkfront_find("xvdc", node, sizeof(node)), -XEN_ENOENT);
	assert_int_equal(blkfront_find("xvda", small, sizeof(small)), -XEN_ENOENT);
}

int test_connect(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(opens_and_closes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lacks_grants, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses_a_disk_of_no_size, set_up, tear_down),
		cmocka_unit_test_setup_teardown(finds_names, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("blkfront connect", tests, NULL, NULL);
}
