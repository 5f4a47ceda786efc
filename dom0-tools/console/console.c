/* SPDX-License-Identifier: MIT */
/*
 * The console daemon: a thread that moves what guests print from their rings to their records
 * and, for the one the operator is attached to, to the terminal.
 *
 * Trust: a guest's bytes go to the operator's terminal as they are, as on any console; its ring
 * is checked in pvring.c. Lock: `lock` guards all records and pages, and the terminal while a
 * record is attached.
 */
#include "console.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../os/os.h"
#include "record.h"

#define CHUNK 1024              /* bytes moved at a time */
#define POLL_MS 100             /* how soon an attached operator learns that the guest ended */
#define STUCK_MS 10             /* retry interval for input that the guest has no room for */
#define STUCK_STEPS 100         /* of them: then the guest is taken not to read */
#define LEAVE_KEY 0x1d          /* Ctrl-] */

static struct os_mutex *lock;
static struct os_evtchn *events;
static char last_shown;         /* the byte that the terminal got last */

static void show(struct record *r)
{
	char chunk[CHUNK];
	size_t n;

	while ((n = scroll_get(&r->scroll, &r->shown, chunk, sizeof(chunk)))) {
		os_term_write(chunk, n);
		last_shown = chunk[n - 1];
	}
}

static void keep(struct record *r, const void *data, size_t n)
{
	scroll_put(&r->scroll, data, n);
	if (r->attached)
		show(r);
}

/* At most one ringful, so that a guest that never stops printing cannot hold the others up. */
static void drain(struct record *r)
{
	char chunk[CHUNK];
	size_t n, total = 0;

	while (total < sizeof(r->page->out) && (n = pvring_read(r->page, chunk, sizeof(chunk)))) {
		keep(r, chunk, n);
		total += n;
	}
	if (total)
		os_evtchn_notify(events, r->port);
}

static void serve(void *arg)
{
	struct record *r;

	(void)arg;
	for (;;) {
		int port = os_evtchn_wait(events, -1);

		os_mutex_lock(lock);
		for (r = record_first; r; r = r->next)
			if (r->alive && (port == -EINTR || (int)r->port == port))
				drain(r);
		os_mutex_unlock(lock);
	}
}

int console_start(void)
{
	lock = os_mutex_new();
	events = os_evtchn_open();
	if (!lock || !events)
		return -ENOMEM;
	return os_thread_start("consoled", serve, NULL);
}

static int connect(struct record *r, unsigned long mfn, uint32_t port)
{
	xen_pfn_t frame = mfn;
	int ret;

	r->page = os_map_foreign(r->domid, &frame, 1, OS_PROT_READ | OS_PROT_WRITE);
	if (!r->page)
		return -errno;
	ret = os_evtchn_bind_interdomain(events, r->domid, port);
	if (ret < 0) {
		os_unmap(r->page, 1);
		return ret;
	}
	r->port = ret;
	return 0;
}

int console_add(unsigned int domid, const char *name, unsigned long mfn, uint32_t port)
{
	struct record *r;
	int ret = -EEXIST;

	os_mutex_lock(lock);
	if (!record_living(domid)) {
		r = record_add(domid, name);
		ret = r ? connect(r, mfn, port) : -ENOMEM;
		if (r && ret)
			record_drop(r);
	}
	os_mutex_unlock(lock);
	os_evtchn_wake(events);         /* it may have printed before the port was bound */
	return ret;
}

static int end(unsigned int domid, bool forget)
{
	struct record *r;
	int ret;

	os_mutex_lock(lock);
	r = record_living(domid);
	ret = r ? 0 : -ENOENT;
	if (r) {
		drain(r);
		os_evtchn_unbind(events, r->port);
		os_unmap(r->page, 1);
		if (forget && !r->attached)
			record_drop(r);
		else
			record_die(r);
	}
	os_mutex_unlock(lock);
	return ret;
}

int console_gone(unsigned int domid)
{
	return end(domid, false);
}

int console_forget(unsigned int domid)
{
	return end(domid, true);
}

int console_note(unsigned int domid, const char *text)
{
	struct record *r;

	os_mutex_lock(lock);
	r = record_youngest(domid);
	if (r) {
		keep(r, text, strlen(text));
		if (!strchr(text, '\n'))
			keep(r, "\r\n", 2);
	}
	os_mutex_unlock(lock);
	return r ? 0 : -ENOENT;
}

char *console_log(const char *who, size_t *len)
{
	struct record *r;
	uint64_t at = 0;
	char *text = NULL;
	size_t n;

	os_mutex_lock(lock);
	r = record_find(who);
	n = r ? r->scroll.end - scroll_begin(&r->scroll) : 0;
	if (r && (text = malloc(n + 1)))
		text[scroll_get(&r->scroll, &at, text, n)] = '\0';
	os_mutex_unlock(lock);
	if (len)
		*len = n;
	if (!r)
		errno = ENOENT;
	return text;
}

/* What the operator typed and the guest has not had room for yet. */
struct typed {
	char buf[4096];
	size_t len;
	unsigned int stuck;             /* steps in which the guest took nothing of it */
};

/* Reads the terminal behind what is pending. True: the leave key was among it. While the guest reads, what
 * does not fit stays in the terminal; when it does not, that is lost, for the leave key may be behind it. */
static bool read_keys(struct typed *t)
{
	char keys[256], *key;
	size_t len;
	int n;

	if (sizeof(t->buf) - t->len < sizeof(keys) && t->stuck < STUCK_STEPS) {
		os_sleep_ms(STUCK_MS);
		return false;
	}
	n = os_term_read(keys, sizeof(keys), t->len ? STUCK_MS : POLL_MS);
	len = n > 0 ? n : 0;
	key = memchr(keys, LEAVE_KEY, len);
	if (key)
		len = key - keys;
	if (len > sizeof(t->buf) - t->len)
		len = sizeof(t->buf) - t->len;
	memcpy(t->buf + t->len, keys, len);
	t->len += len;
	return key;
}

static void hand_over(struct record *r, struct typed *t)
{
	size_t n = pvring_write(r->page, t->buf, t->len);

	t->stuck = n || !t->len ? 0 : t->stuck + 1;
	if (!n)
		return;
	os_evtchn_notify(events, r->port);
	t->len -= n;
	memmove(t->buf, t->buf + n, t->len);
}

static int attach(struct record *r, struct typed *t)
{
	bool leave = false;
	int ret;

	r->attached = true;
	last_shown = '\n';
	show(r);
	while (!leave && r->alive) {
		os_mutex_unlock(lock);
		leave = read_keys(t);
		os_mutex_lock(lock);
		if (r->alive)
			hand_over(r, t);
	}
	ret = r->alive ? CONSOLE_LEFT : CONSOLE_ENDED;
	r->attached = false;
	if (last_shown != '\n')
		os_term_write("\r\n", 2);
	return ret;
}

int console_attach(unsigned int domid)
{
	struct typed *t = calloc(1, sizeof(*t));
	struct record *r;
	int ret = -ENOENT;

	if (!t)
		return -ENOMEM;
	os_mutex_lock(lock);
	r = record_living(domid);
	if (r)
		ret = r->attached ? -EBUSY : attach(r, t);
	os_mutex_unlock(lock);
	free(t);
	return ret;
}
