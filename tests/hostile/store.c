/* SPDX-License-Identifier: MIT */
/*
 * A guest that speaks the store's protocol well and asks for what is not its own, or for too much.
 *
 *   abuse N  Attack: nodes of other domains (up to number N), of domain 0 and of nobody; operations that
 *            are the control domain's; owners changed, so that others' quotas pay; names that leave their
 *            tree; nodes, values, watches, transactions and rights without end.
 *            Expected: each is refused, and nodes, watches and transactions have their ends.
 *   flood S  Attack: as many nodes and watches as it may have, then for S seconds the dearest requests there are, as fast
 *            as it can.
 *   polite S The other guest: it counts how many small requests it gets answered in S seconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xen/io/xs_wire.h>
#include <libos.h>
#include <kit/xenbus.h>

#define MAX_TRIES 4000

static struct xenstore_domain_interface *ring;
static uint64_t deadline = ~0ULL;	/* of attacks that have an end of their own, too */
static char answer[XENSTORE_PAYLOAD_MAX + 1];
static unsigned int passed, failed;

static void check(const char *name, bool ok)
{
	printf("%s %s\n", ok ? "ok" : "not ok", name);
	ok ? passed++ : failed++;
}

static void kick(void)
{
	evtchn_send(start_info->store_evtchn);
	thread_yield();
}

static void put(const void *from, size_t n)
{
	const char *p = from;

	while (n) {
		if (ring->req_prod - ring->req_cons == XENSTORE_RING_SIZE) {
			kick();
			continue;
		}
		ring->req[MASK_XENSTORE_IDX(ring->req_prod)] = *p++;
		__atomic_store_n(&ring->req_prod, ring->req_prod + 1, __ATOMIC_RELEASE);
		n--;
	}
}

static void get(void *to, size_t n)
{
	char *p = to;

	while (n) {
		if (__atomic_load_n(&ring->rsp_prod, __ATOMIC_ACQUIRE) == ring->rsp_cons) {
			kick();
			continue;
		}
		*p++ = ring->rsp[MASK_XENSTORE_IDX(ring->rsp_cons)];
		__atomic_store_n(&ring->rsp_cons, ring->rsp_cons + 1, __ATOMIC_RELEASE);
		n--;
	}
}

/* Sends a request; its answer, "!ENOENT" if it is an error, is left in `answer`. Events are passed over. */
static const char *ask_bytes(uint32_t type, uint32_t tx, const void *body, size_t len)
{
	struct xsd_sockmsg hdr = { .type = type, .tx_id = tx, .len = len };
	size_t error;

	put(&hdr, sizeof(hdr));
	put(body, len);
	kick();
	do {
		get(&hdr, sizeof(hdr));
		error = hdr.type == XS_ERROR;
		answer[0] = '!';
		get(answer + error, hdr.len < sizeof(answer) - 1 ? hdr.len : sizeof(answer) - 2);
		answer[error + hdr.len] = '\0';
	} while (hdr.type == XS_WATCH_EVENT);
	return answer;
}

static const char *ask(uint32_t type, uint32_t tx, const char *a, const char *b)
{
	char body[XENSTORE_PAYLOAD_MAX];
	size_t len = strlen(a) + 1;

	memcpy(body, a, len);
	if (b) {
		size_t more = strlen(b) + (type != XS_WRITE);

		memcpy(body + len, b, more);
		len += more;
	}
	return ask_bytes(type, tx, body, len);
}

/* The answer is an error, and this one or, with NULL, any. */
static bool refused(const char *error)
{
	return answer[0] == '!' && (!error || !strcmp(answer + 1, error));
}

static void refuse(uint32_t type, const char *a, const char *b, const char *error)
{
	char name[120];

	ask(type, 0, a, b);
	snprintf(name, sizeof(name), "request %u of %.60s: %.20s", (unsigned int)type, a, answer);
	check(name, refused(error));
}

static void foreign_nodes(unsigned int last, unsigned int self)
{
	static const char *const secret[] = { "console", "console/tty", "memory/target", "device", "control/shutdown" };
	char path[80];
	unsigned int seen = 0;

	refuse(XS_WRITE, "/local/domain/0/name", "mine", "EACCES");
	refuse(XS_WRITE, "/vm", "mine", "EACCES");
	refuse(XS_WRITE, "/", "mine", "EACCES");
	refuse(XS_MKDIR, "/mine", NULL, "EACCES");
	refuse(XS_RM, "/local", NULL, "EACCES");
	refuse(XS_RM, "/", NULL, NULL);
	for (unsigned int dom = 0; dom <= last; dom++) {
		if (dom == self)
			continue;
		for (unsigned int i = 0; i < sizeof(secret) / sizeof(secret[0]); i++) {
			snprintf(path, sizeof(path), "/local/domain/%u/%s", dom, secret[i]);
			seen += dom && *ask(XS_READ, 0, path, NULL) != '!';
			seen += dom && *ask(XS_DIRECTORY, 0, path, NULL) != '!';
			seen += *ask(XS_WRITE, 0, path, "0") != '!';
			seen += *ask(XS_RM, 0, path, NULL) != '!';
			seen += *ask(XS_SET_PERMS, 0, path, "b0") != '!';
		}
	}
	check("nodes of other domains", !seen);
}

static void privileged(unsigned int self)
{
	char number[12];

	snprintf(number, sizeof(number), "%u", self);
	refuse(XS_RELEASE, "0", NULL, NULL);
	refuse(XS_RELEASE, number, NULL, "EACCES");
	refuse(XS_RESUME, number, NULL, "EACCES");
	refuse(XS_SET_TARGET, number, "0", "EACCES");
	refuse(XS_CONTROL, "quota", NULL, "EACCES");
	ask_bytes(XS_INTRODUCE, 0, "9\0" "1\0" "1", 6);
	check("introduce", refused("EACCES"));
}

static void rights(unsigned int self)
{
	char own[16];

	snprintf(own, sizeof(own), "n%u", self);
	check("a node of its own", *ask(XS_WRITE, 0, "data/own", "x") != '!');
	refuse(XS_SET_PERMS, "data/own", "n0", NULL);
	refuse(XS_SET_PERMS, "data/own", "b9999999999999", "EINVAL");
	refuse(XS_SET_PERMS, "data/own", "z1", "EINVAL");
	refuse(XS_SET_PERMS, "/local/domain/0", own, NULL);
	refuse(XS_SET_PERMS, "/", own, NULL);
	check("its own rights are its own", *ask(XS_SET_PERMS, 0, "data/own", own) != '!');
}

static void names(void)
{
	static char path[XENSTORE_ABS_PATH_MAX + 10];

	refuse(XS_WRITE, "data/../../0/name", "x", NULL);
	refuse(XS_WRITE, "data//x", "x", "EINVAL");
	refuse(XS_WRITE, "data/x/", "x", "EINVAL");
	refuse(XS_WRITE, "", "x", "EINVAL");
	refuse(XS_WRITE, "data/\x01", "x", "EINVAL");
	refuse(XS_WRITE, "@releaseDomain", "x", NULL);
	memset(path, 'x', sizeof(path) - 1);
	refuse(XS_WRITE, path, "x", NULL);
	ask_bytes(XS_READ, 0, "data/own", 8);
	check("a name without an end", refused("EINVAL"));
	ask_bytes(XS_WRITE, 12345, "data/own\0x", 10);
	check("a transaction that is not", refused("ENOENT"));
	ask_bytes(99, 0, "x", 2);
	check("a type that is not", refused("ENOSYS"));
}

static unsigned int how_many(uint32_t type, const char *path_format, const char *token_format)
{
	unsigned int n = 0;

	for (; n < MAX_TRIES && time_now_ns() < deadline; n++) {
		char path[64], token[64];

		snprintf(path, sizeof(path), path_format, n);
		snprintf(token, sizeof(token), token_format, n);
		if (*ask(type, 0, path, *token ? token : NULL) == '!')
			break;
	}
	return n;
}

static void quotas(void)
{
	static char big[XENSTORE_PAYLOAD_MAX - 16];
	unsigned int nodes = how_many(XS_WRITE, "data/n%u", "x%u"), watches, txns;

	printf("# %u nodes, then %s\n", nodes, answer);
	check("nodes end", nodes > 10 && nodes < MAX_TRIES && refused("ENOSPC"));
	memset(big, 'x', sizeof(big) - 1);
	ask(XS_WRITE, 0, "data/n0", big);
	check("a value too long", refused("ENOSPC"));
	watches = how_many(XS_WATCH, "data/n0", "%u");
	printf("# %u watches, then %s\n", watches, answer);
	check("watches end", watches > 10 && watches < MAX_TRIES && refused("E2BIG"));
	txns = how_many(XS_TRANSACTION_START, "", "");
	printf("# %u transactions, then %s\n", txns, answer);
	check("transactions end", txns > 1 && txns < MAX_TRIES && refused("ENOSPC"));
	check("what is there can still be used", *ask(XS_WRITE, 0, "data/n0", "y") != '!');
	check("and removed", *ask(XS_RM, 0, "data/n0", NULL) != '!');
}

/* Each write here is compared with 100 watches and all of their unread events. */
static unsigned long flood(uint64_t end)
{
	unsigned long n;

	deadline = end;
	how_many(XS_WRITE, "data/n%u", "x%u");
	how_many(XS_WATCH, "data", "%u");
	for (n = 0; time_now_ns() < end || !n; n++)
		ask(XS_WRITE, 0, n % 2 ? "data/n0" : "data/n1", "x");
	return n;
}

static unsigned long polite(uint64_t end)
{
	unsigned long n = 0;

	for (; time_now_ns() < end; n++)
		if (xenbus_read(XENBUS_NO_TX, "name", answer, sizeof(answer)) < 0)
			return 0;
	return n;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	unsigned int number = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	uint64_t end = time_now_ns() + number * 1000000000ULL;
	xen_pfn_t mfn = start_info->store_mfn;

	ring = frames_map(&mfn, 1, PTE_RW, DOMID_SELF);
	if (!ring)
		return 1;
	if (!strcmp(what, "abuse")) {
		unsigned int self = strtoul(ask(XS_READ, 0, "domid", NULL), NULL, 10);

		check("it knows its number", self);
		foreign_nodes(number, self);
		privileged(self);
		rights(self);
		names();
		quotas();
	} else {
		unsigned long n = *what == 'f' ? flood(end) : polite(end);

		printf("# %s: %lu requests\n", what, n);
		check("answered", n > 0);
	}
	printf("end of test: %u ok, %u not ok\n", passed, failed);
	libos_shutdown(SHUTDOWN_poweroff);
}
