/* SPDX-License-Identifier: MIT */
/*
 * The xenstore client. One conversation at a time: `lock` is held from the request to its reply,
 * and while a message is taken off the ring. Watch events come between replies; whoever reads one
 * counts it in its watch and wakes the waiters, so no thread of our own is needed.
 *
 * The store is a peer: lengths it sends are checked, and an impossible one ends the conversation
 * for good rather than losing step: `connected` falls, and every call from then on says so.
 */
#include <kit/xenbus.h>
#include <kit/evtchn.h>
#include <kit/os.h>
#include <kit/ring.h>
#include <xen/errno.h>
#include <xen/io/xs_wire.h>

#define TOKEN_LEN 17		/* a watch's token: its address in hex, terminated */

struct field { const void *p; size_t len; };

static struct byte_ring req, rsp;
static evtchn_port_t port;
static struct os_lock lock;
static struct os_wait wait;
static struct xenbus_watch *watches;
static uint32_t last_id;
static bool connected;
static char payload[XENSTORE_PAYLOAD_MAX + 1];

static void handle(evtchn_port_t p, void *arg)
{
	(void)p;
	(void)arg;
	os_wake(&wait);
}

int xenbus_init(void *page, evtchn_port_t evtchn)
{
	struct xenstore_domain_interface *i = page;

	req = (struct byte_ring){ i->req, XENSTORE_RING_SIZE, &i->req_cons, &i->req_prod };
	rsp = (struct byte_ring){ i->rsp, XENSTORE_RING_SIZE, &i->rsp_cons, &i->rsp_prod };
	port = evtchn;
	os_lock_init(&lock);
	os_wait_init(&wait);
	connected = true;
	evtchn_set_handler(port, handle, NULL);
	return 0;
}

static bool can_send(void *arg) { (void)arg; return byte_ring_space(&req) > 0; }
static bool can_receive(void *arg) { (void)arg; return byte_ring_used(&rsp) > 0; }

static void send_bytes(const char *p, size_t n)
{
	size_t done;

	while (n) {
		done = byte_ring_write(&req, p, n);
		p += done;
		n -= done;
		if (done)
			evtchn_send(port);
		if (n)
			os_wait_until(&wait, can_send, NULL, OS_FOREVER);
	}
}

static void receive_bytes(char *p, size_t n)
{
	size_t done;

	while (n) {
		done = byte_ring_read(&rsp, p, n);
		p += done;
		n -= done;
		if (done)
			evtchn_send(port);
		if (n)
			os_wait_until(&wait, can_receive, NULL, OS_FOREVER);
	}
}

/* One message into `payload`, terminated. Lock held. */
static int receive(struct xsd_sockmsg *msg)
{
	receive_bytes((char *)msg, sizeof(*msg));
	if (msg->len > XENSTORE_PAYLOAD_MAX) {
		connected = false;
		return -XEN_EIO;
	}
	receive_bytes(payload, msg->len);
	payload[msg->len] = 0;
	return 0;
}

static void token_of(const struct xenbus_watch *w, char *token)
{
	uintptr_t v = (uintptr_t)w;
	int i;

	for (i = 0; i < TOKEN_LEN - 1; i++)
		token[i] = "0123456789abcdef"[v >> (60 - 4 * i) & 15];
	token[i] = 0;
}

/* payload: path, token, each terminated. A watch that is no longer ours is dropped. Lock held. */
static void note_event(size_t len)
{
	char token[TOKEN_LEN];
	struct xenbus_watch *w;
	size_t path = __builtin_strlen(payload) + 1;

	if (path >= len)
		return;
	for (w = watches; w; w = w->next) {
		token_of(w, token);
		if (__builtin_strcmp(payload + path, token) == 0)
			w->fired++;
	}
	os_wake(&wait);
}

static const struct { char name[12]; int error; } errors[] = {
	{ "EINVAL", XEN_EINVAL }, { "EACCES", XEN_EACCES }, { "EEXIST", XEN_EEXIST },
	{ "EISDIR", XEN_EISDIR }, { "ENOENT", XEN_ENOENT }, { "ENOMEM", XEN_ENOMEM },
	{ "ENOSPC", XEN_ENOSPC }, { "EIO", XEN_EIO }, { "ENOTEMPTY", XEN_ENOTEMPTY },
	{ "ENOSYS", XEN_ENOSYS }, { "EROFS", XEN_EROFS }, { "EBUSY", XEN_EBUSY },
	{ "EAGAIN", XEN_EAGAIN }, { "EISCONN", XEN_EISCONN }, { "EPERM", XEN_EPERM },
};

static int error_number(const char *name)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (__builtin_strcmp(name, errors[i].name) == 0)
			return -errors[i].error;
	return -XEN_EIO;
}

/* Sends a request and waits for its reply; gives the reply's length, its bytes are in `payload`.
 * Lock held. */
static int talk(uint32_t type, xenbus_tx_t tx, const struct field *f, unsigned int n)
{
	struct xsd_sockmsg msg = { .type = type, .req_id = ++last_id, .tx_id = tx };
	uint32_t id = last_id;
	unsigned int i;
	int rc;

	if (!connected)
		return -XEN_EIO;
	for (i = 0; i < n; i++)
		msg.len += f[i].len;
	if (msg.len > XENSTORE_PAYLOAD_MAX)
		return -XEN_E2BIG;
	send_bytes((char *)&msg, sizeof(msg));
	for (i = 0; i < n; i++)
		send_bytes(f[i].p, f[i].len);
	while ((rc = receive(&msg)) == 0) {
		if (msg.type == XS_WATCH_EVENT)
			note_event(msg.len);
		else if (msg.req_id == id)
			return msg.type == XS_ERROR ? error_number(payload) : (int)msg.len;
	}
	return rc;
}

static struct field text(const char *s)
{
	return (struct field){ s, __builtin_strlen(s) + 1 };
}

/* talk, and the reply's bytes into buf if there is one, terminated. */
static int request(uint32_t type, xenbus_tx_t tx, const struct field *f, unsigned int n,
		   char *buf, size_t size)
{
	int rc;

	if (!connected)
		return -XEN_ENODEV;
	os_lock(&lock);
	rc = talk(type, tx, f, n);
	if (rc >= 0 && buf) {
		if ((size_t)rc >= size)
			rc = -XEN_ENOSPC;
		else
			__builtin_memcpy(buf, payload, rc + 1);
	}
	os_unlock(&lock);
	return rc;
}

static int command(uint32_t type, xenbus_tx_t tx, const struct field *f, unsigned int n)
{
	int rc = request(type, tx, f, n, NULL, 0);

	return rc < 0 ? rc : 0;
}

int xenbus_read(xenbus_tx_t tx, const char *path, char *buf, size_t size)
{
	struct field f = text(path);

	return request(XS_READ, tx, &f, 1, buf, size);
}

int xenbus_ls(xenbus_tx_t tx, const char *path, char *buf, size_t size)
{
	struct field f = text(path);

	return request(XS_DIRECTORY, tx, &f, 1, buf, size);
}

int xenbus_write(xenbus_tx_t tx, const char *path, const char *value)
{
	struct field f[] = { text(path), { value, __builtin_strlen(value) } };

	return command(XS_WRITE, tx, f, 2);
}

int xenbus_mkdir(xenbus_tx_t tx, const char *path)
{
	struct field f = text(path);

	return command(XS_MKDIR, tx, &f, 1);
}

int xenbus_rm(xenbus_tx_t tx, const char *path)
{
	struct field f = text(path);

	return command(XS_RM, tx, &f, 1);
}

int xenbus_tx_start(xenbus_tx_t *tx)
{
	struct field f = text("");
	char buf[16];
	int rc = request(XS_TRANSACTION_START, XENBUS_NO_TX, &f, 1, buf, sizeof(buf));

	if (rc < 0)
		return rc;
	*tx = 0;
	for (char *p = buf; *p >= '0' && *p <= '9'; p++)
		*tx = *tx * 10 + (*p - '0');
	return *tx ? 0 : -XEN_EIO;
}

int xenbus_tx_end(xenbus_tx_t tx, bool abort)
{
	struct field f = text(abort ? "F" : "T");

	return command(XS_TRANSACTION_END, tx, &f, 1);
}

int xenbus_watch(struct xenbus_watch *w, const char *path)
{
	char token[TOKEN_LEN];
	struct field f[2];
	int rc;

	if (!connected)
		return -XEN_ENODEV;
	token_of(w, token);
	w->path = path;
	w->fired = 0;
	f[0] = text(path);
	f[1] = text(token);
	os_lock(&lock);
	w->next = watches;
	watches = w;
	rc = talk(XS_WATCH, XENBUS_NO_TX, f, 2);
	if (rc < 0)
		watches = w->next;
	os_unlock(&lock);
	return rc < 0 ? rc : 0;
}

int xenbus_unwatch(struct xenbus_watch *w)
{
	char token[TOKEN_LEN];
	struct field f[2];
	struct xenbus_watch **link;
	int rc;

	token_of(w, token);
	f[0] = text(w->path);
	f[1] = text(token);
	os_lock(&lock);
	rc = talk(XS_UNWATCH, XENBUS_NO_TX, f, 2);
	for (link = &watches; *link && *link != w; link = &(*link)->next)
		;
	if (*link)
		*link = w->next;
	os_unlock(&lock);
	return rc < 0 ? rc : 0;
}

static bool fired_or_mail(void *arg)
{
	struct xenbus_watch *w = arg;

	return w->fired || byte_ring_used(&rsp) > 0;
}

int xenbus_watch_wait(struct xenbus_watch *w, uint64_t deadline_ns)
{
	struct xsd_sockmsg msg;

	while (!w->fired) {
		if (!connected)
			return -XEN_EIO;
		if (!os_wait_until(&wait, fired_or_mail, w, deadline_ns))
			return -XEN_ETIME;
		os_lock(&lock);
		if (!w->fired && can_receive(NULL) && receive(&msg) == 0 &&
		    msg.type == XS_WATCH_EVENT)
			note_event(msg.len);
		os_unlock(&lock);
	}
	w->fired = 0;
	return 0;
}
