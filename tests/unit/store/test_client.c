/* SPDX-License-Identifier: MIT */
/* The in-process client and the daemon's thread, on the stand-in OS; a guest's page by hand. */
#include <errno.h>
#include "host_os.h"
#include "test.h"
#include "xenstore/xenstored.h"
#include "xenstore/xs_call.h"

static struct xs_handle *h;

static int start(void **state)
{
	(void)state;
	assert_int_equal(xenstored_start(), 0);
	h = xs_open(0);
	return h ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	xs_close(h);
	xs_close(NULL);
	return 0;
}

static void values(void **state)
{
	unsigned int len, num;
	char *v, **list;

	(void)state;
	assert_true(xs_write(h, XBT_NULL, "/t/a", "one", 3));
	assert_true(xs_mkdir(h, XBT_NULL, "/t/b"));
	v = xs_read(h, XBT_NULL, "/t/a", &len);
	assert_string_equal(v, "one");
	assert_int_equal(len, 3);
	free(v);
	list = xs_directory(h, XBT_NULL, "/t", &num);
	assert_int_equal(num, 2);
	assert_string_equal(list[0], "a");
	assert_string_equal(list[1], "b");
	free(list);
	list = xs_directory(h, XBT_NULL, "/t/a", &num);
	assert_non_null(list);
	assert_int_equal(num, 0);
	free(list);
	assert_true(xs_rm(h, XBT_NULL, "/t"));
	assert_null(xs_read(h, XBT_NULL, "/t/a", NULL));
	assert_int_equal(errno, ENOENT);
	assert_false(xs_write(h, XBT_NULL, "/t//a", "", 0));
	assert_int_equal(errno, EINVAL);
}

/* What depends on another node: it is there, it reads so, or nothing is made. */
static void a_write_if(void **state)
{
	char *v;

	(void)state;
	assert_false(xs_write_if(h, "/t/there", NULL, "/t/a", "1"));
	assert_int_equal(errno, ENOENT);
	assert_null(xs_read(h, XBT_NULL, "/t", NULL));
	assert_true(xs_write(h, XBT_NULL, "/t/there", "yes", 3));
	assert_true(xs_write_if(h, "/t/there", NULL, "/t/a", "1"));
	assert_true(xs_write_if(h, "/t/there", "yes", "/t/a", "2"));
	assert_false(xs_write_if(h, "/t/there", "no", "/t/a", "3"));
	assert_int_equal(errno, ENOENT);
	v = xs_read(h, XBT_NULL, "/t/a", NULL);
	assert_string_equal(v, "2");
	free(v);
	assert_true(xs_rm(h, XBT_NULL, "/t"));
}

static void make_long_directory(void)
{
	char path[64];

	for (unsigned int i = 0; i < 500; i++) {
		snprintf(path, sizeof(path), "/long/a-name-that-takes-room-%03u", i);
		assert_true(xs_mkdir(h, XBT_NULL, path));
	}
}

static void a_long_directory(void **state)
{
	char path[64], **list;
	unsigned int i, num;

	(void)state;
	make_long_directory();
	list = xs_directory(h, XBT_NULL, "/long", &num);
	assert_int_equal(num, 500);
	for (i = 0; i < 500; i++) {
		snprintf(path, sizeof(path), "a-name-that-takes-room-%03u", i);
		assert_string_equal(list[i], path);
	}
	free(list);
	xs_rm(h, XBT_NULL, "/long");
}

struct msg *__real_xs_call(struct xs_handle *h, uint32_t type, xs_transaction_t t, const struct xs_part *parts,
			   unsigned int n);
struct msg *__wrap_xs_call(struct xs_handle *h, uint32_t type, xs_transaction_t t, const struct xs_part *parts,
			   unsigned int n);

static int changes;                     /* how often somebody changes a list between two of its pieces */

struct msg *__wrap_xs_call(struct xs_handle *h, uint32_t type, xs_transaction_t t, const struct xs_part *parts,
			   unsigned int n)
{
	if (type == XS_DIRECTORY_PART && changes && strcmp(parts[1].data, "0")) {
		changes--;
		assert_true(xs_mkdir(h, XBT_NULL, "/long/another"));
		assert_true(xs_rm(h, XBT_NULL, "/long/another"));
	}
	return __real_xs_call(h, type, t, parts, n);
}

static void a_directory_that_changes(void **state)
{
	unsigned int num;
	char **list;

	(void)state;
	make_long_directory();
	changes = 5;
	list = xs_directory(h, XBT_NULL, "/long", &num);
	assert_non_null(list);
	assert_int_equal(num, 500);
	free(list);
	changes = 1000;
	assert_null(xs_directory(h, XBT_NULL, "/long", &num));
	assert_int_equal(errno, EAGAIN);
	assert_true(changes > 900);
	changes = 0;
	xs_rm(h, XBT_NULL, "/long");
}

static void permissions(void **state)
{
	struct xs_permissions perms[] = { { 3, XS_PERM_NONE }, { 4, XS_PERM_READ | XS_PERM_WRITE } };
	struct xs_permissions *got;
	unsigned int num;

	(void)state;
	xs_mkdir(h, XBT_NULL, "/p");
	assert_true(xs_set_permissions(h, XBT_NULL, "/p", perms, 2));
	got = xs_get_permissions(h, XBT_NULL, "/p", &num);
	assert_int_equal(num, 2);
	assert_memory_equal(got, perms, sizeof(perms));
	free(got);
	assert_null(xs_get_permissions(h, XBT_NULL, "/absent", &num));
	xs_rm(h, XBT_NULL, "/p");
}

static void transactions(void **state)
{
	xs_transaction_t t = xs_transaction_start(h);
	char *v;

	(void)state;
	assert_int_not_equal(t, XBT_NULL);
	assert_true(xs_write(h, t, "/t", "in", 2));
	assert_true(xs_write(h, XBT_NULL, "/t", "out", 3));
	assert_false(xs_transaction_end(h, t, false));
	assert_int_equal(errno, EAGAIN);
	t = xs_transaction_start(h);
	assert_true(xs_write(h, t, "/t", "in", 2));
	assert_true(xs_transaction_end(h, t, true));
	v = xs_read(h, XBT_NULL, "/t", NULL);
	assert_string_equal(v, "out");
	free(v);
	xs_rm(h, XBT_NULL, "/t");
}

static void writer(void *arg)
{
	struct xs_handle *mine = xs_open(0);

	os_sleep_ms(20);
	xs_write(mine, XBT_NULL, arg, "x", 1);
	xs_close(mine);
}

static void expect_event(const char *path, const char *token)
{
	unsigned int num;
	char **v = xs_read_watch(h, &num);

	assert_non_null(v);
	assert_int_equal(num, 2);
	assert_string_equal(v[XS_WATCH_PATH], path);
	assert_string_equal(v[XS_WATCH_TOKEN], token);
	free(v);
}

static void watches(void **state)
{
	(void)state;
	assert_null(xs_check_watch(h));
	assert_int_equal(errno, EAGAIN);
	assert_true(xs_mkdir(h, XBT_NULL, "/w"));
	assert_true(xs_watch(h, "/w", "token"));
	expect_event("/w", "token");
	assert_int_equal(os_thread_start("writer", writer, "/w/x"), 0);
	expect_event("/w/x", "token");
	assert_null(xs_read_watch_timeout(h, &(unsigned int){ 0 }, 30));
	assert_int_equal(errno, ETIMEDOUT);
	assert_true(xs_unwatch(h, "/w", "token"));
	assert_false(xs_unwatch(h, "/w", "token"));
	xs_rm(h, XBT_NULL, "/w");
}

/* A guest writes a request into its page; the daemon's thread answers there. */
static void a_guest_is_served(void **state)
{
	static const struct xsd_sockmsg hdr = { .type = XS_WRITE, .req_id = 9, .len = 9 };
	struct xenstore_domain_interface *page = host_frame(0x77);
	struct xsd_sockmsg answer;
	char *v;

	(void)state;
	memcpy(page->req, &hdr, sizeof(hdr));
	memcpy(page->req + sizeof(hdr), "data\0test", 9);
	page->req_prod = sizeof(hdr) + 9;       /* before it is introduced: must not be missed */
	xs_mkdir(h, XBT_NULL, "/local/domain/5");
	xs_set_permissions(h, XBT_NULL, "/local/domain/5", &(struct xs_permissions){ 5, 0 }, 1);
	assert_true(xs_watch(h, "@introduceDomain", "in"));
	expect_event("@introduceDomain", "in");
	assert_false(xs_introduce_domain(h, 5, 0x99, 31));
	assert_false(xs_introduce_domain(h, 5, 0x77, 0));
	assert_int_equal(host_mappings, 0);
	assert_false(xs_is_domain_introduced(h, 5));
	assert_true(xs_introduce_domain(h, 5, 0x77, 31));
	expect_event("@introduceDomain", "in");
	assert_true(xs_is_domain_introduced(h, 5));
	assert_true(host_guest_wait(31, 10000));
	while (__atomic_load_n(&page->rsp_prod, __ATOMIC_ACQUIRE) < sizeof(answer) + 3)
		assert_true(host_guest_wait(31, 10000));
	memcpy(&answer, page->rsp, sizeof(answer));
	assert_int_equal(answer.type, XS_WRITE);
	assert_int_equal(answer.req_id, 9);
	v = xs_read(h, XBT_NULL, "/local/domain/5/data", NULL);
	assert_string_equal(v, "test");
	free(v);
	assert_int_equal(host_mappings, 1);
	assert_true(xs_unwatch(h, "@introduceDomain", "in"));
}

/* The hypervisor says that a domain died: its page is let go, and whoever watches is told. */
static void a_dying_guest_is_let_go(void **state)
{
	(void)state;
	assert_true(xs_watch(h, "@releaseDomain", "out"));
	expect_event("@releaseDomain", "out");
	host_virq(VIRQ_DOM_EXC);
	expect_event("@releaseDomain", "out");
	assert_true(xs_is_domain_introduced(h, 5));
	host_dying[5] = true;
	host_virq(VIRQ_DOM_EXC);
	expect_event("@releaseDomain", "out");
	assert_false(xs_is_domain_introduced(h, 5));
	assert_null(xs_read(h, XBT_NULL, "/local/domain/5/data", NULL));
	assert_int_equal(host_mappings, 0);
	assert_int_equal(host_ports, 1);        /* the virq */
	host_dying[5] = false;
	host_frame_free(0x77);
	assert_true(xs_unwatch(h, "@releaseDomain", "out"));
}

/* A guest that has its next request in the ring whenever the daemon looks. */
static struct xenstore_domain_interface *busy;
static int requests;

static void ask_again(uint32_t port)
{
	static const struct xsd_sockmsg hdr = { .type = XS_READ };
	size_t i;

	if (port != 50)
		return;
	for (i = 0; busy->req_prod - busy->req_cons <= XENSTORE_RING_SIZE - sizeof(hdr); i = 0)
		for (; i < sizeof(hdr); i++)
			busy->req[MASK_XENSTORE_IDX(busy->req_prod++)] = ((const char *)&hdr)[i];
	busy->rsp_cons = busy->rsp_prod;
	requests++;
}

/* However busy it keeps the daemon, another domain's death is noticed. */
static void a_busy_guest_keeps_nothing_back(void **state)
{
	unsigned int num;
	char **v;

	(void)state;
	busy = host_frame(0x90);
	host_frame(0x91);
	assert_true(xs_introduce_domain(h, 8, 0x91, 51));
	assert_true(xs_watch(h, "@releaseDomain", "out"));
	expect_event("@releaseDomain", "out");
	host_told = ask_again;
	busy->req_prod = 0;
	ask_again(50);
	assert_true(xs_introduce_domain(h, 7, 0x90, 50));
	while (*(volatile int *)&requests < 100)
		os_sleep_ms(1);
	host_dying[8] = true;
	host_virq(VIRQ_DOM_EXC);
	v = xs_read_watch_timeout(h, &num, 5000);
	host_told = NULL;
	assert_non_null(v);
	free(v);
	assert_true(requests > 100);
	assert_false(xs_is_domain_introduced(h, 8));
	assert_true(xs_release_domain(h, 7));
	expect_event("@releaseDomain", "out");
	assert_true(xs_unwatch(h, "@releaseDomain", "out"));
	host_dying[8] = false;
	host_frame_free(0x90);
	host_frame_free(0x91);
}

static void introduced_and_released_many_times(void **state)
{
	char *path;
	int i;

	(void)state;
	host_frame(0x88);
	for (i = 0; i < 100; i++) {
		assert_true(xs_introduce_domain(h, 6, 0x88, 40));
		assert_true(xs_release_domain(h, 6));
	}
	assert_false(xs_release_domain(h, 6));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(host_mappings, 0);
	assert_int_equal(host_ports, 1);
	host_frame_free(0x88);
	path = xs_get_domain_path(h, 6);
	assert_string_equal(path, "/local/domain/6");
	free(path);
}

int test_client(size_t *total)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values), cmocka_unit_test(a_write_if), cmocka_unit_test(a_long_directory),
		cmocka_unit_test(a_directory_that_changes),
		cmocka_unit_test(permissions), cmocka_unit_test(transactions),
		cmocka_unit_test(watches), cmocka_unit_test(a_guest_is_served),
		cmocka_unit_test(a_dying_guest_is_let_go), cmocka_unit_test(a_busy_guest_keeps_nothing_back),
		cmocka_unit_test(introduced_and_released_many_times),
	};

	*total += sizeof(tests) / sizeof(tests[0]);
	return cmocka_run_group_tests(tests, start, stop);
}
