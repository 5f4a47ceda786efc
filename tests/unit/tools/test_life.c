/* SPDX-License-Identifier: MIT */
/*
 * Creation and destruction over the fake hypervisor: what a guest finds at its start, and that a
 * failure at any step whatever leaves nothing behind.
 */
#include <errno.h>
#include <unistd.h>
#include <xen/elfnote.h>
#include "test.h"
#include "fake_os.h"
#include <xen/grant_table.h>
#include "ctl/life.h"
#include "ctl/records.h"
#include "ctl/watcher.h"
#include "pvctl/verbs.h"

static char kernel_path[] = "/tmp/parvus-kernel-XXXXXX";
static char ramdisk_path[] = "/tmp/parvus-ramdisk-XXXXXX";
static int base_nodes;
static struct err err;

static void write_file(char *path, const void *data, size_t size)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), (ssize_t)size);
	close(fd);
}

static int set_up(void **state)
{
	static struct kernel_image k;

	(void)state;
	kernel_image_usual(&k);
	kernel_image_number(&k, XEN_ELFNOTE_INIT_P2M, 0x8000000000);
	write_file(kernel_path, k.data, k.size);
	write_file(ramdisk_path, "ramdisk", 7);
	base_nodes = fake.nodes;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(kernel_path);
	unlink(ramdisk_path);
	return 0;
}

static struct domain_config config(void)
{
	struct domain_config c = {
		.name = "guest", .uuid = { 1, 2, 3 }, .kernel = kernel_path,
		.ramdisk = ramdisk_path, .cmdline = "hello there", .memory_kb = 4101 << 1,
		.max_memory_kb = 16384, .vcpus = 1, .max_vcpus = 2, .max_grant_frames = -1,
		.max_event_channels = 1023, .weight = 300,
	};

	return c;
}

static void assert_nothing_left(void)
{
	int id = -1;

	assert_false(fake.domain);
	assert_int_equal(fake.pages, 0);
	assert_int_equal(fake.mappings, 0);
	assert_int_equal(fake.buffers, 0);
	assert_int_equal(fake.transactions, 0);
	assert_int_equal(fake.introduced, 0);
	assert_int_equal(fake.consoles, 0);
	assert_int_equal(fake.nodes, base_nodes);
	assert_false(records_next(&id));
}

static void check_start_info(const struct start_info *si)
{
	const xen_pfn_t *p2m;

	assert_string_equal(si->magic, "xen-3.0-x86_64");
	assert_int_equal(si->nr_pages, 2050);
	assert_string_equal((const char *)si->cmd_line, "hello there");
	assert_int_equal(si->mod_len, 7);
	assert_int_equal(si->store_evtchn, 1);
	assert_int_equal(si->console.domU.evtchn, 2);
	assert_int_equal(si->mfn_list, 0x8000000000);
	/* The p2m that it names says where this page itself is: frames are handed out in order. */
	p2m = (const xen_pfn_t *)((const uint8_t *)fake_frame(0x10000) + si->first_p2m_pfn * 4096);
	assert_int_equal(p2m[0], 0x10000);
	assert_int_equal(p2m[2049], 0x10000 + 2049);
	assert_memory_equal((const uint8_t *)fake_frame(0x10000) +
			    (si->mod_start - KERNEL_VIRT_BASE), "ramdisk", 8);
}

static void check_guest(void)
{
	const vcpu_guest_context_t *c = &fake.context;
	const grant_entry_v1_t *grants = fake_frame(0x901);
	const struct shared_info *shared = fake_frame(0x900);
	const struct start_info *si;
	const uint8_t *ring;

	assert_true(fake.pinned && fake.hypercall_page);
	assert_int_equal(c->user_regs.rip, KERNEL_ENTRY);
	assert_int_equal(c->user_regs.cs, FLAT_KERNEL_CS);
	si = (const void *)((const uint8_t *)fake_frame(0x10000) +
			    (c->user_regs.rsi - KERNEL_VIRT_BASE));
	check_start_info(si);
	assert_int_equal(c->ctrlreg[3] >> 12, 0x10000 + ((si->pt_base - KERNEL_VIRT_BASE) >> 12));
	assert_int_equal(grants[GNTTAB_RESERVED_CONSOLE].frame, si->console.domU.mfn);
	assert_int_equal(grants[GNTTAB_RESERVED_XENSTORE].frame, si->store_mfn);
	assert_int_equal(grants[GNTTAB_RESERVED_XENSTORE].flags, GTF_permit_access);
	assert_int_equal(shared->vcpu_info[0].evtchn_upcall_mask, 1);
	assert_int_equal(shared->evtchn_pending[0], 0);
	ring = fake_frame(si->store_mfn);
	for (int i = 0; i < 4096; i++)
		assert_int_equal(ring[i], 0);
	/* Image: file bytes, hypercall page, then zeroes to the end of its last page. */
	assert_int_equal(*(const uint8_t *)fake_frame(0x10002), 0xab);
	assert_int_equal(*(const uint8_t *)fake_frame(0x10003), 0xcc);
	assert_int_equal(*(const uint8_t *)fake_frame(0x10004), 0);
	assert_int_equal(((const uint8_t *)fake_frame(0x10004))[4095], 0);
}

static void creates_and_destroys(void **state)
{
	struct domain_config c = config();
	struct record_dead dead;
	char path[64];
	domid_t domid;

	(void)state;
	fake.fail_at = 0;
	assert_int_equal(life_create(&c, &domid, &err), 0);
	check_guest();
	snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
	assert_string_equal(fake_node(path), "guest");
	snprintf(path, sizeof(path), "/local/domain/%u/cpu/1/availability", domid);
	assert_string_equal(fake_node(path), "offline");
	assert_int_equal(fake.mappings, 0);
	assert_int_equal(fake.buffers, 0);
	assert_int_not_equal(life_create(&c, &domid, &err), 0);
	assert_err(&err, ERR_EXISTS, "\"guest\" exists");
	assert_int_equal(life_request(domid, "poweroff", &err), 0);
	assert_int_equal(life_destroy(domid, 0, &err), 0);
	assert_nothing_left();
	assert_int_equal(records_dead("guest", &dead), 0);
	assert_int_equal(dead.code, 0);
	free(dead.report);
	assert_int_not_equal(life_destroy(domid, 0, &err), 0);
	assert_int_not_equal(life_destroy(0, 0, &err), 0);
	assert_nothing_left();
}

static void page_by_page(void **state)
{
	struct domain_config c = config();
	domid_t domid;

	(void)state;
	fake.fragmented = true;
	assert_int_equal(life_create(&c, &domid, &err), 0);
	fake.fragmented = false;
	check_guest();
	assert_int_equal(life_destroy(domid, 0, &err), 0);
	assert_nothing_left();
}

static void every_failure_unwinds(void **state)
{
	struct domain_config c = config();
	unsigned int failures = 0;
	domid_t domid;

	(void)state;
	for (unsigned int n = 1;; n++) {
		fake.steps = 0;
		fake.fail_at = n;
		if (!life_create(&c, &domid, &err)) {
			bool reached = fake.steps >= n;

			fake.fail_at = 0;
			assert_int_equal(life_destroy(domid, 0, &err), 0);
			assert_nothing_left();
			if (!reached)
				break;
			continue;
		}
		fake.fail_at = 0;
		failures++;
		assert_true(err.kind != ERR_NONE && err.text[0]);
		assert_nothing_left();
	}
	assert_true(failures > 40);
}

static void bad_files_ask_for_no_domain(void **state)
{
	struct domain_config c = config();
	struct record_failed failed;
	domid_t domid, before = fake.domid;

	(void)state;
	c.kernel = "/nonexistent";
	assert_int_not_equal(life_create(&c, &domid, &err), 0);
	assert_err(&err, ERR_MISSING, "/nonexistent|no such file");
	c.kernel = ramdisk_path;
	assert_int_not_equal(life_create(&c, &domid, &err), 0);
	assert_err(&err, ERR_NOT_ELF, "parvus-ramdisk|not an ELF");
	c = config();
	c.memory_kb = 16;
	assert_int_not_equal(life_create(&c, &domid, &err), 0);
	assert_err(&err, ERR_NO_MEMORY, "16 KB given");
	c.memory_kb = FAKE_TOTAL_PAGES * 4;
	assert_int_not_equal(life_create(&c, &domid, &err), 0);
	assert_err(&err, ERR_NO_MEMORY, "too little free memory");
	assert_int_equal(records_last_failure("guest", &failed), 0);
	assert_string_equal(failed.err.text, err.text);
	assert_int_equal(fake.domid, before);
	assert_nothing_left();
}

/* --- The watcher: it waits, and here that is where the test goes on -------------------------------- */

static jmp_buf over;
static int waits;
static domid_t first;

static void crash(void)
{
	fake.ended = true;
	fake.code = END_CRASH;
}

/* A guest that crashes at once, and whose policy is to restart. */
static void watch_crasher(void (*wait)(int timeout_ms))
{
	struct domain_config c = config();

	c.on[END_CRASH] = ACTION_RESTART;
	assert_int_equal(life_create(&c, &first, &err), 0);
	assert_int_equal(watcher_start(), 0);
	crash();
	waits = 0;
	fake.wait = wait;
	if (!setjmp(over))
		fake.thread(fake.thread_arg);
}

static void sees_it_restarted(int timeout_ms)
{
	switch (waits++) {
	case 0:
		assert_int_equal(timeout_ms, -1);
		return;
	case 1:
		assert_true(timeout_ms > 0 && timeout_ms <= 1000);
		assert_true(fake.domain && fake.domid == first);
		fake.now_ns += (uint64_t)timeout_ms * 1000000;
		return;
	default:
		assert_int_equal(timeout_ms, -1);
		longjmp(over, 1);
	}
}

static void restarts_once_a_second(void **state)
{
	(void)state;
	watch_crasher(sees_it_restarted);
	assert_true(fake.domain && fake.domid != first && !fake.ended && !fake.paused);
	assert_int_equal(life_destroy(fake.domid, 0, &err), 0);
	assert_nothing_left();
}

static void destroys_it(int timeout_ms)
{
	if (waits++ == 1) {
		assert_int_equal(life_destroy(first, RECORD_DESTROYED, &err), 0);
		fake.now_ns += (uint64_t)timeout_ms * 1000000;
	}
	if (waits == 3)
		longjmp(over, 1);
}

static void what_the_operator_destroys_stays_destroyed(void **state)
{
	(void)state;
	watch_crasher(destroys_it);
	assert_int_equal(fake.domid, first);
	assert_nothing_left();
}

static void lived_long(int timeout_ms)
{
	assert_int_equal(timeout_ms, -1);
	fake.now_ns += 2000000000;
	if (waits++)
		longjmp(over, 1);
}

static void restarts_at_once_what_had_lived(void **state)
{
	(void)state;
	watch_crasher(lived_long);
	assert_true(fake.domain && fake.domid != first);
	assert_int_equal(life_destroy(fake.domid, 0, &err), 0);
	assert_nothing_left();
}

static void frees_what_was_held(void)
{
	fake.held = false;
	fake.dying = 0;
}

/* What others map stays as a dying domain; that stands in the way of nothing, its name and uuid included. */
static void restarts_what_others_hold(void **state)
{
	(void)state;
	fake.held = true;
	watch_crasher(lived_long);
	assert_int_equal(fake.dying, first);
	assert_true(fake.domain && fake.domid != first);
	assert_int_equal(life_destroy(first, 0, &err), -EPERM);         /* not twice */
	frees_what_was_held();
	assert_int_equal(life_destroy(fake.domid, 0, &err), 0);
	assert_nothing_left();
}

static void says_that_others_hold_it(void **state)
{
	struct domain_config c = config();

	(void)state;
	assert_int_equal(life_create(&c, &first, &err), 0);
	fake.held = true;
	assert_int_equal(life_destroy(first, RECORD_DESTROYED, &err), -EBUSY);
	assert_int_equal(err.kind, ERR_HELD);
	frees_what_was_held();
	assert_nothing_left();
}

/* What pvctl.c has for the verbs. */
int verb_usage(const char *verb)
{
	(void)verb;
	return EXIT_USAGE;
}

int verb_failed(const struct err *e)
{
	fprintf(stderr, "%s\n", e->text);
	return EXIT_FAILED;
}

bool verb_domain(const char *who, domid_t *domid)
{
	return !life_find(who, domid);
}

bool verb_interrupted(void)
{
	return true;
}

/* Who waits for all domains does not wait for one that others hold. */
static void what_others_hold_has_ended(void **state)
{
	char *all[] = { "shutdown", "-a", "-w", NULL };
	struct domain_config c = config();

	(void)state;
	assert_int_equal(life_create(&c, &first, &err), 0);
	assert_int_equal(verb_shutdown(3, all), EXIT_FAILED);	/* it does not end: interrupted */
	fake.held = true;
	assert_int_equal(life_destroy(first, RECORD_DESTROYED, &err), -EBUSY);
	assert_int_equal(verb_shutdown(3, all), EXIT_DONE);
	frees_what_was_held();
	assert_nothing_left();
}

/* However many there are before it: guests that map each other's memory may leave any number behind. */
static void finds_it_behind_others(void **state)
{
	struct domain_config c = config();
	domid_t domid, found;

	(void)state;
	fake.strangers = 300;
	fake.domid = 1000;
	assert_int_equal(life_create(&c, &domid, &err), 0);
	assert_int_equal(life_find("guest", &found), 0);
	assert_int_equal(found, domid);
	assert_int_not_equal(life_create(&c, &found, &err), 0);
	assert_int_equal(err.kind, ERR_EXISTS);
	assert_int_equal(life_destroy(domid, 0, &err), 0);
	fake.strangers = 0;
	assert_nothing_left();
}

int test_life(size_t *total)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creates_and_destroys), cmocka_unit_test(page_by_page),
		cmocka_unit_test(every_failure_unwinds),
		cmocka_unit_test(bad_files_ask_for_no_domain),
		cmocka_unit_test(restarts_once_a_second),
		cmocka_unit_test(what_the_operator_destroys_stays_destroyed),
		cmocka_unit_test(restarts_at_once_what_had_lived),
		cmocka_unit_test(restarts_what_others_hold),
		cmocka_unit_test(says_that_others_hold_it), cmocka_unit_test(what_others_hold_has_ended),
		cmocka_unit_test(finds_it_behind_others),
	};

	*total += sizeof(tests) / sizeof(tests[0]);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
