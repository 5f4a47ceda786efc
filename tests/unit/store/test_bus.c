/* SPDX-License-Identifier: MIT */
/*
 * A split device's two sides in the control domain: the toolstack's hand (ctl/device.c) and the backends' bus, over
 * the real store, with a guest written here by hand. What a test asks for most: when the toolstack says that a device
 * is gone, its backend has let go of it, slow as it may be.
 */
#include <errno.h>
#include <bus/bus.h>
#include "ctl/device.h"
#include "ctl/xstree.h"
#include "os/os.h"
#include "test.h"

#define GUEST 7
#define KIND "slow"
#define REMOVE_MS 100

static struct xs_handle *h;
static int opened, connected, offers;          /* counts, changed by the bus's thread */
static int probe_answer;

struct xs_handle *xstree_handle(void)
{
	return h;
}

static void add(int *count, int n)
{
	__atomic_add_fetch(count, n, __ATOMIC_SEQ_CST);
}

static int probe(struct bus_device *d, const char **why)
{
	(void)d;
	*why = "a reason";
	if (!probe_answer)
		add(&opened, 1);
	return probe_answer;
}

static void publish(struct bus_device *d)
{
	(void)d;
	add(&offers, 1);
}

static int join(struct bus_device *d, const char **why)
{
	(void)d;
	(void)why;
	add(&connected, 1);
	return 0;
}

static void leave(struct bus_device *d)
{
	(void)d;
	add(&connected, -1);
}

static void drop(struct bus_device *d)
{
	(void)d;
	os_sleep_ms(REMOVE_MS);
	add(&opened, -1);
}

static const struct bus_kind kind = {
	.name = KIND, .probe = probe, .publish = publish, .connect = join, .disconnect = leave, .remove = drop,
};

/* --- The guest ---------------------------------------------------------------------------------- */

static void front(unsigned int id, const char *state)
{
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/device/" KIND "/%u/state", GUEST, id);
	assert_true(xs_write(h, XBT_NULL, path, state, 1));
}

static void await_back(unsigned int id, const char *state)
{
	for (int i = 0; i < 5000; i++) {
		char *now = device_read_back(GUEST, KIND, id, "state");
		bool same = now && !strcmp(now, state);

		free(now);
		if (same)
			return;
		os_sleep_ms(1);
	}
	fail_msg("the backend did not come to state %s", state);
}

static void attach(unsigned int id)
{
	static const struct device_key none[] = { { NULL, NULL } };
	struct err err;

	assert_int_equal(device_add(GUEST, KIND, id, none, none, &err), 0);
	assert_int_equal(device_wait_ready(GUEST, KIND, id, &err), 0);
}

static void attach_connected(unsigned int id)
{
	attach(id);
	front(id, "3");
	await_back(id, "4");
}

static void nothing_there(unsigned int id)
{
	assert_null(device_read_back(GUEST, KIND, id, "state"));
	assert_null(device_read_front(GUEST, KIND, id, "state"));
	assert_int_equal(connected, 0);
	assert_int_equal(opened, 0);
}

/* --- Tests -------------------------------------------------------------------------------------- */

static void removed_by_force(void **state)
{
	struct err err;

	(void)state;
	attach_connected(0);
	assert_int_equal(device_remove(GUEST, KIND, 0, true, &err), 0);
	nothing_there(0);
	assert_int_equal(device_remove(GUEST, KIND, 0, true, &err), -ENOENT);
}

/* All at once, in each state that a frontend may be in. */
static void removed_with_its_domain(void **state)
{
	(void)state;
	for (unsigned int id = 0; id < 4; id++)
		attach(id);
	front(1, "3");
	await_back(1, "4");
	front(2, "6");
	front(3, "5");
	await_back(3, "5");
	assert_int_equal(opened, 4);
	device_remove_all(GUEST);
	for (unsigned int id = 0; id < 4; id++)
		nothing_there(id);
}

static void guest_agrees(void *arg)
{
	(void)arg;
	await_back(0, "5");
	front(0, "6");
}

static void removed_with_consent(void **state)
{
	struct err err;

	(void)state;
	attach_connected(0);
	assert_int_equal(os_thread_start("guest", guest_agrees, NULL), 0);
	assert_int_equal(device_remove(GUEST, KIND, 0, false, &err), 0);
	nothing_there(0);
}

/* The driver went away before: nobody has to agree. */
static void removed_after_the_guest_closed(void **state)
{
	struct err err;

	(void)state;
	attach_connected(0);
	front(0, "6");
	await_back(0, "6");
	assert_int_equal(connected, 0);
	assert_int_equal(opened, 1);
	assert_int_equal(device_remove(GUEST, KIND, 0, false, &err), 0);
	nothing_there(0);
}

/* A boot loader's driver closes, a kernel's comes: the same device, connected again. */
static void connects_again(void **state)
{
	int before = offers;
	struct err err;

	(void)state;
	attach_connected(0);
	front(0, "6");
	await_back(0, "6");
	front(0, "1");
	await_back(0, "2");
	front(0, "3");
	await_back(0, "4");
	assert_int_equal(offers, before + 2);
	assert_int_equal(opened, 1);
	assert_int_equal(device_remove(GUEST, KIND, 0, true, &err), 0);
	nothing_there(0);
}

static void refused(void **state)
{
	static const struct device_key none[] = { { NULL, NULL } };
	struct err err;

	(void)state;
	probe_answer = -EBUSY;
	assert_int_equal(device_add(GUEST, KIND, 0, none, none, &err), 0);
	assert_int_equal(device_wait_ready(GUEST, KIND, 0, &err), -EIO);
	if (!strstr(err.text, "a reason"))
		fail_msg("%s", err.text);
	probe_answer = 0;
	assert_int_equal(device_remove(GUEST, KIND, 0, false, &err), 0);
	nothing_there(0);
}

static int start(void **state)
{
	(void)state;
	h = xs_open(0);
	return h ? bus_start(&kind) : -1;
}

static int stop(void **state)
{
	(void)state;
	xs_close(h);
	return 0;
}

/* After test_client, which starts the store's daemon. */
int test_bus(size_t *total)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(removed_by_force),
		cmocka_unit_test(removed_with_its_domain),
		cmocka_unit_test(removed_with_consent),
		cmocka_unit_test(removed_after_the_guest_closed),
		cmocka_unit_test(connects_again),
		cmocka_unit_test(refused),
	};

	*total += sizeof(tests) / sizeof(*tests);
	return cmocka_run_group_tests(tests, start, stop);
}
