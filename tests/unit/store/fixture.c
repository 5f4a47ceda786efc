/* SPDX-License-Identifier: MIT */
/* The store under test and the ways to ask it; see fixture.h. */
#include "fixture.h"

#include <errno.h>

size_t ask_len;
uint32_t ask_type;

static int introduce(struct store *s, unsigned int domid, unsigned long mfn, unsigned int port)
{
	if (mfn == 0xbad || port == 0xbad)
		return -EINVAL;
	return conn_new(s, domid, true) ? 0 : -ENOMEM;
}

static int release(struct store *s, unsigned int domid)
{
	struct conn *c = store_guest(s, domid);

	store_disown(c);
	conn_free(c);
	return 0;
}

static const struct store_ops ops = { introduce, release };

static void own(struct fixture *f, const char *path, const char *perm)
{
	put(f->dom0, 0, path, "");
	assert_string_equal(ask2(f->dom0, XS_SET_PERMS, 0, path, perm), "OK");
}

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(store_init(&f->store, &ops), 0);
	f->dom0 = conn_new(&f->store, 0, false);
	own(f, "/local/domain/1", "n1");
	f->one = conn_new(&f->store, 1, true);
	f->two = conn_new(&f->store, 2, true);
	own(f, "/local/domain/2", "n2");
	own(f, "/shared", "b0");
	*state = f;
	return 0;
}

static void check_account(struct conn *c)
{
	unsigned int nodes;
	size_t bytes;

	store_count(c->store, c->domid, &nodes, &bytes);
	assert_int_equal(c->nodes, nodes);
	assert_int_equal(c->bytes, bytes);
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	struct conn *c;

	for (c = f->store.conns; c; c = c->next)
		if (!c->privileged)
			check_account(c);
	while (f->store.conns)
		conn_free(f->store.conns);
	assert_int_equal(f->store.root->refs, 1);
	store_fini(&f->store);
	free(f);
	return 0;
}

const char *ask(struct conn *c, uint32_t type, uint32_t tx, const void *body, size_t len)
{
	static char answer[XENSTORE_PAYLOAD_MAX + 2];
	struct xsd_sockmsg hdr = { .type = type, .req_id = 77, .tx_id = tx, .len = len };
	char *copy = malloc(len ? len : 1);     /* exactly as long, so that ASan guards its end */
	struct msg *m;

	if (len)
		memcpy(copy, body, len);
	conn_request(c, &hdr, copy);
	free(copy);
	m = conn_pop_kind(c, false);
	assert_non_null(m);
	assert_int_equal(m->hdr.req_id, 77);
	assert_int_equal(m->hdr.tx_id, tx);
	assert_true(m->hdr.type == type || m->hdr.type == XS_ERROR);
	assert_true(m->hdr.len <= XENSTORE_PAYLOAD_MAX);
	ask_len = m->hdr.len;
	ask_type = m->hdr.type;
	answer[0] = '!';
	memcpy(answer + (ask_type == XS_ERROR), m->body, ask_len);
	answer[ask_len + (ask_type == XS_ERROR)] = '\0';
	free(m);
	assert_null(conn_pop_kind(c, false));
	return answer;
}

static size_t join(char *out, const char *a, const char *b, bool nul)
{
	size_t n = strlen(a) + 1, m = b ? strlen(b) + nul : 0;

	memcpy(out, a, n);
	if (m)
		memcpy(out + n, b, m);
	return n + m;
}

const char *ask2(struct conn *c, uint32_t type, uint32_t tx, const char *a, const char *b)
{
	char body[2 * XENSTORE_PAYLOAD_MAX];

	return ask(c, type, tx, body, join(body, a, b, true));
}

const char *put(struct conn *c, uint32_t tx, const char *path, const char *value)
{
	char body[2 * XENSTORE_PAYLOAD_MAX];

	return ask(c, XS_WRITE, tx, body, join(body, path, value, false));
}

const char *get(struct conn *c, uint32_t tx, const char *path)
{
	return ask2(c, XS_READ, tx, path, NULL);
}

const char *del(struct conn *c, uint32_t tx, const char *path)
{
	return ask2(c, XS_RM, tx, path, NULL);
}

uint32_t begin(struct conn *c)
{
	return strtoul(ask2(c, XS_TRANSACTION_START, 0, "", NULL), NULL, 10);
}

const char *commit(struct conn *c, uint32_t tx)
{
	return ask2(c, XS_TRANSACTION_END, tx, "T", NULL);
}

const char *event(struct conn *c)
{
	static char text[XENSTORE_PAYLOAD_MAX + 1];
	struct msg *m = conn_pop_kind(c, true);
	char *space;

	if (!m)
		return "";
	memcpy(text, m->body, m->hdr.len);
	space = memchr(text, '\0', m->hdr.len);
	*space = ' ';
	free(m);
	return text;
}

void no_events(struct conn *c)
{
	while (*event(c))
		;
}
