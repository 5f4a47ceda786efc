/* SPDX-License-Identifier: MIT */
/*
 * A split device's two sides in the control domain: the toolstack's hand (ctl/device.c) and the backends' bus, over
 * the real store, with a guest written here by hand. What a test asks for most: when the toolstack says that a device
 * is gone, its backend has let go of it, slow as it may be.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <bus/bus.h>
#include "ctl/device.h"
#include "ctl/xstree.h"
#include "os/os.h"
#include "test.h"

#define GUEST 7
#define HOME "/local/domain/7"
#define KIND "slow"
#define REMOVE_MS 100
#define HANDS 4

static struct xs_handle *h;
static int opened, connected, offers;          /* counts, changed by the bus's thread */
static int probe_answer, join_answer;
static unsigned int remove_ms = REMOVE_MS;
static bool dawdle;                            /* connecting and leaving last until the device is to be closed */

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

static void wait_to_be_asked(struct bus_device *d)
{
	while (dawdle && bus_read_number(d, false, "state", 0) != 5)
		os_sleep_ms(1);
	dawdle = false;
}

static int join(struct bus_device *d, const char **why)
{
	*why = "a reason";
	if (join_answer)
		return join_answer;
	add(&connected, 1);
	wait_to_be_asked(d);
	return 0;
}

static void leave(struct bus_device *d)
{
	add(&connected, -1);
	wait_to_be_asked(d);
}

static void drop(struct bus_device *d)
{
	(void)d;
	os_sleep_ms(remove_ms);
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

static const struct device_key none[] = { { NULL, NULL } };

static void attach(unsigned int id)
{
	struct err err;

	assert_int_equal(device_attach(GUEST, KIND, id, none, none, &err), 0);
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

/* Only when the backend has come to Connected and asks then. */
static void guest_agrees_later(void *arg)
{
	while (__atomic_load_n(&dawdle, __ATOMIC_SEQ_CST))
		os_sleep_ms(1);
	os_sleep_ms(REMOVE_MS);
	guest_agrees(arg);
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

static void removed_by_force_after_the_guest_closed(void **state)
{
	struct err err;

	(void)state;
	attach_connected(0);
	front(0, "6");
	await_back(0, "6");
	assert_int_equal(device_remove(GUEST, KIND, 0, true, &err), 0);
	nothing_there(0);
}

/* The state that the backend is about to write was no answer to what it is asked meanwhile. */
static void removed_while_the_guest_closes(void **state)
{
	struct err err;

	(void)state;
	attach_connected(0);
	dawdle = true;
	front(0, "6");
	while (connected)
		os_sleep_ms(1);
	assert_int_equal(device_remove(GUEST, KIND, 0, true, &err), 0);
	nothing_there(0);
}

/* Attached and detached at once: the backend publishes that it is connected over what it is asked. */
static void removed_while_the_guest_connects(void **state)
{
	struct err err;

	(void)state;
	attach(0);
	dawdle = true;
	front(0, "3");
	while (!connected)
		os_sleep_ms(1);
	assert_int_equal(os_thread_start("guest", guest_agrees_later, NULL), 0);
	assert_int_equal(device_remove(GUEST, KIND, 0, false, &err), 0);
	nothing_there(0);
}

static void refused(void **state)
{
	struct err err;

	(void)state;
	probe_answer = -EBUSY;
	assert_int_equal(device_attach(GUEST, KIND, 0, none, none, &err), -EIO);
	if (!strstr(err.text, "a reason"))
		fail_msg("%s", err.text);
	probe_answer = 0;
	nothing_there(0);
	assert_int_equal(device_remove(GUEST, KIND, 0, false, &err), -ENOENT);
}

static void uses_it_and_closes(void *arg)
{
	(void)arg;
	await_back(0, "2");
	front(0, "3");
	await_back(0, "4");
	front(0, "6");
}

/* Between two looks of the toolstack's: it was ready all the same. */
static void closed_at_once(void **state)
{
	struct err err;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(os_thread_start("guest", uses_it_and_closes, NULL), 0);
		attach(0);
		await_back(0, "6");
		assert_int_equal(opened, 1);
		assert_int_equal(device_remove(GUEST, KIND, 0, false, &err), 0);
		nothing_there(0);
	}
}

static int attached, exists, hands_done;

static void attach_too(void *arg)
{
	struct err err;
	int rc = device_attach(GUEST, KIND, 0, none, none, &err);

	(void)arg;
	add(&attached, rc == 0);
	add(&exists, rc == -EEXIST);
	add(&hands_done, 1);
}

/* All of them are waited for, so there is an end to them. */
static void no_end_of_devices(void **state)
{
	unsigned int id = 0;
	struct err err;

	(void)state;
	remove_ms = 1;
	while (!device_attach(GUEST, KIND, id, none, none, &err))
		id++;
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_int_equal(opened, id);
	assert_int_equal(id, 256);
	device_remove_all(GUEST);
	nothing_there(0);
	nothing_there(id - 1);
	remove_ms = REMOVE_MS;
}

/* Several hands give the domain the same device: one does. */
static void attached_once(void **state)
{
	struct err err;

	(void)state;
	for (int round = 1; round <= 5; round++) {
		for (int i = 0; i < HANDS; i++)
			assert_int_equal(os_thread_start("hand", attach_too, NULL), 0);
		while (__atomic_load_n(&hands_done, __ATOMIC_SEQ_CST) < round * HANDS)
			os_sleep_ms(1);
		assert_int_equal(attached, round);
		assert_int_equal(exists, round * (HANDS - 1));
		assert_int_equal(opened, 1);
		assert_int_equal(device_remove(GUEST, KIND, 0, true, &err), 0);
		nothing_there(0);
	}
}

/* As destroy does it: whoever attaches from here on is refused, whoever did before is undone. */
static void ended_domain_gets_none(void **state)
{
	struct err err;

	(void)state;
	attach_connected(0);
	assert_true(xs_rm(h, XBT_NULL, HOME "/domid"));
	assert_int_equal(device_attach(GUEST, KIND, 1, none, none, &err), -ENOENT);
	device_remove_all(GUEST);
	nothing_there(0);
	nothing_there(1);
	assert_true(xs_write(h, XBT_NULL, HOME "/domid", "7", 1));
}

char **__real_xs_read_watch(struct xs_handle *handle, unsigned int *num);
char **__wrap_xs_read_watch(struct xs_handle *handle, unsigned int *num);

static bool lose;                              /* the next event */

char **__wrap_xs_read_watch(struct xs_handle *handle, unsigned int *num)
{
	char **event = __real_xs_read_watch(handle, num);

	if (!__atomic_exchange_n(&lose, false, __ATOMIC_SEQ_CST))
		return event;
	free(event);
	return NULL;
}

/* For want of memory. */
static void finds_what_a_lost_event_told(void **state)
{
	struct err err;

	(void)state;
	lose = true;
	attach_connected(0);
	assert_false(lose);
	assert_int_equal(device_remove(GUEST, KIND, 0, true, &err), 0);
	nothing_there(0);
}

static void refuse_often(unsigned int id, int times)
{
	join_answer = -EIO;
	while (times--) {
		front(id, "3");
		await_back(id, "5");
		front(id, "6");
		await_back(id, "6");
		front(id, "1");
		await_back(id, "2");
	}
	join_answer = 0;
}

static int lines(FILE *f)
{
	int n = 0;

	rewind(f);
	for (int c; (c = getc(f)) != EOF;)
		n += c == '\n';
	return n;
}

/* A guest cannot fill the operator's screen. */
static void complains_a_few_times(void **state)
{
	int out = dup(1);
	FILE *f = tmpfile();
	struct err err;

	(void)state;
	attach(0);
	assert_true(f && fflush(stdout) == 0 && dup2(fileno(f), 1) == 1);
	refuse_often(0, 20);
	fflush(stdout);
	dup2(out, 1);
	close(out);
	assert_int_equal(lines(f), 5);
	fclose(f);
	assert_int_equal(device_remove(GUEST, KIND, 0, true, &err), 0);
	nothing_there(0);
}

static int start(void **state)
{
	(void)state;
	h = xs_open(0);
	return h && xs_write(h, XBT_NULL, HOME "/domid", "7", 1) ? bus_start(&kind) : -1;
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
		cmocka_unit_test(removed_by_force_after_the_guest_closed),
		cmocka_unit_test(removed_while_the_guest_closes),
		cmocka_unit_test(removed_while_the_guest_connects),
		cmocka_unit_test(connects_again),
		cmocka_unit_test(refused),
		cmocka_unit_test(closed_at_once),
		cmocka_unit_test(attached_once),
		cmocka_unit_test(no_end_of_devices),
		cmocka_unit_test(ended_domain_gets_none),
		cmocka_unit_test(complains_a_few_times),
		cmocka_unit_test(finds_what_a_lost_event_told),
	};

	*total += sizeof(tests) / sizeof(*tests);
	return cmocka_run_group_tests(tests, start, stop);
}
