/* SPDX-License-Identifier: MIT */
/*
 * The store's client against a store played by the test: requests are framed as the protocol says,
 * replies and errors are told apart, watch events between them are counted, and a store that breaks
 * the protocol gets no further conversation.
 */
#include "fake.h"
#include <kit/xenbus.h>
#include <kit/os.h>
#include <xen/errno.h>
#include <xen/io/xs_wire.h>
#include <stdio.h>
#include <string.h>

static struct xenstore_domain_interface page;

/* What the store got last, and what it says: messages one after the other. */
static struct xsd_sockmsg asked;
static char asked_payload[XENSTORE_PAYLOAD_MAX + 1];
static char script[8192];
static size_t script_size, script_sent, got;
static bool answer_with_id;	/* the first message of the script carries the request's id */

static void say(uint32_t type, const void *payload, size_t len, uint32_t claimed)
{
	struct xsd_sockmsg m = { .type = type, .req_id = 0, .len = claimed };

	memcpy(script + script_size, &m, sizeof(m));
	memcpy(script + script_size + sizeof(m), payload, len);
	script_size += sizeof(m) + len;
}

static void reply(uint32_t type, const char *payload, size_t len)
{
	say(type, payload, len, len);
}

/* Each event of the script that is no watch event answers the request that was read. */
static void fill_ids(void)
{
	struct xsd_sockmsg m;

	for (size_t at = 0; at + sizeof(m) <= script_size; at += sizeof(m) + m.len) {
		memcpy(&m, script + at, sizeof(m));
		if (m.type != XS_WATCH_EVENT)
			m.req_id = asked.req_id;
		memcpy(script + at, &m, sizeof(m));
	}
}

static bool store_runs(void)
{
	bool did = false;

	while (page.req_cons != page.req_prod) {
		char c = page.req[page.req_cons++ & (XENSTORE_RING_SIZE - 1)];

		if (got < sizeof(asked))
			((char *)&asked)[got] = c;
		else
			asked_payload[got - sizeof(asked)] = c;
		got++;
		did = true;
	}
	if (got < sizeof(asked) || got < sizeof(asked) + asked.len)
		return did;
	if (script_sent == 0 && answer_with_id)
		fill_ids();
	while (script_sent < script_size && page.rsp_prod - page.rsp_cons < XENSTORE_RING_SIZE) {
		page.rsp[page.rsp_prod++ & (XENSTORE_RING_SIZE - 1)] = script[script_sent++];
		did = true;
	}
	return did;
}

static int connect(void **state)
{
	(void)state;
	memset(&page, 0, sizeof(page));
	page.req_cons = page.req_prod = page.rsp_cons = page.rsp_prod = 0xfffffff0;
	fake_peer = store_runs;
	return xenbus_init(&page, 1);
}

static void expect_request(void)
{
	got = script_size = script_sent = 0;
	answer_with_id = true;
	memset(asked_payload, 0, sizeof(asked_payload));
}

static void read_and_write(void **state)
{
	char buf[32];

	(void)state;
	expect_request();
	reply(XS_READ, "value", 5);
	assert_int_equal(xenbus_read(XENBUS_NO_TX, "some/path", buf, sizeof(buf)), 5);
	assert_string_equal(buf, "value");
	assert_int_equal(asked.type, XS_READ);
	assert_int_equal(asked.len, 10);
	assert_memory_equal(asked_payload, "some/path\0", 10);

	expect_request();
	reply(XS_WRITE, "OK", 3);
	assert_int_equal(xenbus_write(7, "a", "bc"), 0);
	assert_int_equal(asked.tx_id, 7);
	assert_int_equal(asked.len, 4);
	assert_memory_equal(asked_payload, "a\0bc", 4);

	expect_request();
	reply(XS_READ, "a value longer than the room for it ....", 40);
	assert_int_equal(xenbus_read(XENBUS_NO_TX, "p", buf, sizeof(buf)), -XEN_ENOSPC);
}

static void errors(void **state)
{
	char buf[32];

	(void)state;
	expect_request();
	reply(XS_ERROR, "ENOENT", 7);
	assert_int_equal(xenbus_read(XENBUS_NO_TX, "p", buf, sizeof(buf)), -XEN_ENOENT);
	expect_request();
	reply(XS_ERROR, "EAGAIN", 7);
	assert_int_equal(xenbus_tx_end(3, false), -XEN_EAGAIN);
	assert_memory_equal(asked_payload, "T", 2);
	expect_request();
	reply(XS_ERROR, "ENEWLYINVENTED", 15);
	assert_int_equal(xenbus_rm(XENBUS_NO_TX, "p"), -XEN_EIO);
	expect_request();
	reply(XS_ERROR, "not even terminated", 19);
	assert_int_equal(xenbus_rm(XENBUS_NO_TX, "p"), -XEN_EIO);
}

static void transaction(void **state)
{
	xenbus_tx_t tx = 0;

	(void)state;
	expect_request();
	reply(XS_TRANSACTION_START, "4711", 5);
	assert_int_equal(xenbus_tx_start(&tx), 0);
	assert_int_equal(tx, 4711);
	expect_request();
	reply(XS_TRANSACTION_START, "nonsense", 9);
	assert_int_equal(xenbus_tx_start(&tx), -XEN_EIO);
}

static uint64_t number_answered(const char *text)
{
	expect_request();
	reply(XS_READ, text, strlen(text));
	return xenbus_read_number("device/vif/0", "mtu", 7);
}

static void numbers(void **state)
{
	char path[XENBUS_PATH_SIZE], text[XENBUS_NUMBER_SIZE], longest[XENBUS_PATH_SIZE];

	(void)state;
	assert_int_equal(number_answered("1500"), 1500);
	assert_memory_equal(asked_payload, "device/vif/0/mtu", 17);
	assert_true(number_answered("18446744073709551615") == UINT64_MAX);
	assert_int_equal(number_answered("18446744073709551616"), 7);
	assert_int_equal(number_answered("-1"), 7);
	assert_int_equal(number_answered("12x"), 7);
	assert_int_equal(number_answered(""), 7);
	assert_int_equal(number_answered("1234567890123456789012345678901234567890"), 7);
	assert_string_equal(xenbus_number(text, 0), "0");
	assert_string_equal(xenbus_number(text, UINT64_MAX), "18446744073709551615");
	memset(longest, 'd', sizeof(longest));
	longest[XENBUS_PATH_SIZE - 3] = 0;
	assert_int_equal(strlen(xenbus_path(path, longest, "k")), XENBUS_PATH_SIZE - 1);
	assert_string_equal(xenbus_path(path, longest, "kk"), "");
}

static void watch(void **state)
{
	struct xenbus_watch w;
	char event[64], buf[8];
	int len;

	(void)state;
	expect_request();
	reply(XS_WATCH, "OK", 3);
	assert_int_equal(xenbus_watch(&w, "control"), 0);
	len = snprintf(event, sizeof(event), "control%c%s", 0, asked_payload + 8) + 1;

	/* An event before the reply to something else, and one for a watch that is not ours. */
	expect_request();
	reply(XS_WATCH_EVENT, "x\0somebody's", 13);
	reply(XS_WATCH_EVENT, event, len);
	reply(XS_READ, "v", 1);
	assert_int_equal(xenbus_read(XENBUS_NO_TX, "p", buf, sizeof(buf)), 1);
	assert_int_equal(xenbus_watch_wait(&w, 1), 0);
	assert_int_equal(xenbus_watch_wait(&w, 1), -XEN_ETIME);

	/* An event with nobody talking; a token that is cut off is no token. */
	expect_request();
	got = sizeof(asked);
	asked.len = 0;
	reply(XS_WATCH_EVENT, "control", 8);
	reply(XS_WATCH_EVENT, event, len);
	assert_int_equal(xenbus_watch_wait(&w, OS_FOREVER), 0);

	expect_request();
	reply(XS_UNWATCH, "OK", 3);
	assert_int_equal(xenbus_unwatch(&w), 0);
}

static void broken(void **state)
{
	char buf[8];

	(void)state;
	expect_request();
	answer_with_id = false;
	say(XS_READ, "", 0, XENSTORE_PAYLOAD_MAX + 1);
	assert_int_equal(xenbus_read(XENBUS_NO_TX, "p", buf, sizeof(buf)), -XEN_EIO);
	assert_int_equal(xenbus_write(XENBUS_NO_TX, "p", "v"), -XEN_ENODEV);
}

static void too_long(void **state)
{
	static char value[XENSTORE_PAYLOAD_MAX + 1];

	(void)state;
	memset(value, 'x', XENSTORE_PAYLOAD_MAX);
	assert_int_equal(xenbus_write(XENBUS_NO_TX, "p", value), -XEN_E2BIG);
}

TESTS(xenbus, cmocka_unit_test_setup(read_and_write, connect), cmocka_unit_test_setup(errors, connect),
      cmocka_unit_test_setup(transaction, connect), cmocka_unit_test_setup(numbers, connect),
      cmocka_unit_test_setup(watch, connect), cmocka_unit_test_setup(broken, connect), cmocka_unit_test_setup(too_long, connect));
