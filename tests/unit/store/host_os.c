/* SPDX-License-Identifier: MIT */
/* The stand-in for the operating system; see host_os.h. One lock for all of it. */
#include "host_os.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PORTS 64
#define FRAMES 16

static pthread_mutex_t big = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static pthread_once_t once = PTHREAD_ONCE_INIT;

struct os_evtchn { bool woken; };
static struct port {
	struct os_evtchn *h;
	uint32_t remote;
	int virq;
	bool here, there;               /* an event waits on this side */
} ports[PORTS];

static struct { xen_pfn_t mfn; void *page; } frames[FRAMES];
int host_mappings, host_ports;
void (*host_told)(uint32_t remote_port);
bool host_dying[16];
char host_screen[1 << 18];
size_t host_screen_len;
static char typed[8192];
static size_t typed_len;

static void init(void)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&changed, &attr);
}

static void enter(void)
{
	pthread_once(&once, init);
	pthread_mutex_lock(&big);
}

static void leave(void)
{
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&big);
}

static struct timespec deadline(int ms)
{
	uint64_t ns = os_now_ns() + ms * 1000000ULL;

	return (struct timespec){ ns / 1000000000, ns % 1000000000 };
}

/* False: the time is over. */
static bool wait_until(const struct timespec *end, int timeout_ms)
{
	if (timeout_ms < 0)
		return !pthread_cond_wait(&changed, &big);
	return pthread_cond_timedwait(&changed, &big, end) != ETIMEDOUT;
}

uint64_t os_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* Mutexes and conditions map to the host's, made with the heap's memory. */
struct os_mutex { pthread_mutex_t m; };
struct os_cond { pthread_cond_t c; };

struct os_mutex *os_mutex_new(void)
{
	struct os_mutex *m = malloc(sizeof(*m));

	pthread_mutex_init(&m->m, NULL);
	return m;
}

void os_mutex_lock(struct os_mutex *m)
{
	pthread_mutex_lock(&m->m);
}

void os_mutex_unlock(struct os_mutex *m)
{
	pthread_mutex_unlock(&m->m);
}

struct os_cond *os_cond_new(void)
{
	struct os_cond *c = malloc(sizeof(*c));
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c->c, &attr);
	return c;
}

void os_cond_free(struct os_cond *c)
{
	free(c);
}

int os_cond_wait(struct os_cond *c, struct os_mutex *m, int timeout_ms)
{
	struct timespec end = deadline(timeout_ms);

	if (timeout_ms < 0)
		return -pthread_cond_wait(&c->c, &m->m);
	return -pthread_cond_timedwait(&c->c, &m->m, &end);
}

void os_cond_broadcast(struct os_cond *c)
{
	pthread_cond_broadcast(&c->c);
}

struct start { void (*fn)(void *); void *arg; };

static void *run(void *arg)
{
	struct start s = *(struct start *)arg;

	free(arg);
	s.fn(s.arg);
	return NULL;
}

int os_thread_start(const char *name, void (*fn)(void *), void *arg)
{
	struct start *s = malloc(sizeof(*s));
	pthread_t t;

	(void)name;
	*s = (struct start){ fn, arg };
	return -pthread_create(&t, NULL, run, s) ?: -pthread_detach(t);
}

static void **frame(xen_pfn_t mfn)
{
	int i;

	for (i = 0; i < FRAMES; i++)
		if (frames[i].page && frames[i].mfn == mfn)
			return &frames[i].page;
	return NULL;
}

void *host_frame(xen_pfn_t mfn)
{
	int i = 0;

	while (frames[i].page)
		i++;
	frames[i].mfn = mfn;
	return frames[i].page = calloc(1, OS_PAGE_SIZE);
}

void host_frame_free(xen_pfn_t mfn)
{
	void **page = frame(mfn);

	free(*page);
	*page = NULL;
}

void *os_map_foreign(domid_t domid, const xen_pfn_t *mfns, size_t n, int prot)
{
	void **page = frame(*mfns);

	(void)domid;
	(void)prot;
	if (n != 1 || !page) {
		errno = EINVAL;
		return NULL;
	}
	host_mappings++;
	return *page;
}

void os_unmap(void *p, size_t n)
{
	host_mappings -= p && n == 1;
}

int os_domctl(struct xen_domctl *op)
{
	op->u.getdomaininfo.domain = op->domain;
	op->u.getdomaininfo.flags = host_dying[op->domain] ? XEN_DOMINF_dying : 0;
	return 0;
}

struct os_evtchn *os_evtchn_open(void)
{
	return calloc(1, sizeof(struct os_evtchn));
}

static int bind(struct os_evtchn *h, uint32_t remote, int virq)
{
	int i = 1;

	enter();
	while (ports[i].h)
		i++;
	ports[i] = (struct port){ .h = h, .remote = remote, .virq = virq };
	host_ports++;
	leave();
	return i;
}

int os_evtchn_bind_interdomain(struct os_evtchn *h, domid_t remote, uint32_t port)
{
	(void)remote;
	return port ? bind(h, port, -1) : -EINVAL;
}

int os_evtchn_bind_virq(struct os_evtchn *h, unsigned int virq)
{
	return bind(h, 0, virq);
}

int os_evtchn_unbind(struct os_evtchn *h, uint32_t port)
{
	(void)h;
	enter();
	ports[port].h = NULL;
	host_ports--;
	leave();
	return 0;
}

int os_evtchn_notify(struct os_evtchn *h, uint32_t port)
{
	(void)h;
	enter();
	ports[port].there = true;
	leave();
	if (host_told)
		host_told(ports[port].remote);
	return 0;
}

void os_evtchn_wake(struct os_evtchn *h)
{
	enter();
	h->woken = true;
	leave();
}

static int take(struct os_evtchn *h)
{
	int i;

	if (h->woken) {
		h->woken = false;
		return -EINTR;
	}
	for (i = 0; i < PORTS; i++) {
		if (ports[i].h == h && ports[i].here) {
			ports[i].here = false;
			return i;
		}
	}
	return 0;
}

int os_evtchn_wait(struct os_evtchn *h, int timeout_ms)
{
	struct timespec end = deadline(timeout_ms);
	int got;

	enter();
	while (!(got = take(h)) && wait_until(&end, timeout_ms))
		;
	leave();
	return got ? got : -ETIMEDOUT;
}

void host_guest_notify(uint32_t remote)
{
	int i;

	enter();
	for (i = 0; i < PORTS; i++)
		if (ports[i].h && ports[i].remote == remote)
			ports[i].here = true;
	leave();
}

void host_virq(unsigned int virq)
{
	int i;

	enter();
	for (i = 0; i < PORTS; i++)
		if (ports[i].h && ports[i].virq == (int)virq)
			ports[i].here = true;
	leave();
}

bool host_guest_wait(uint32_t remote, int timeout_ms)
{
	struct timespec end = deadline(timeout_ms);
	bool got = false;
	int i;

	enter();
	do {
		for (i = 0; i < PORTS && !got; i++)
			if (ports[i].h && ports[i].remote == remote && ports[i].there) {
				ports[i].there = false;
				got = true;
			}
	} while (!got && wait_until(&end, timeout_ms));
	leave();
	return got;
}

void host_type(const char *keys, size_t n)
{
	enter();
	memcpy(typed + typed_len, keys, n);
	typed_len += n;
	leave();
}

int os_term_read(void *buf, size_t n, int timeout_ms)
{
	struct timespec end = deadline(timeout_ms);

	enter();
	while (!typed_len && wait_until(&end, timeout_ms))
		;
	if (n > typed_len)
		n = typed_len;
	memcpy(buf, typed, n);
	typed_len -= n;
	memmove(typed, typed + n, typed_len);
	leave();
	return n ? (int)n : -ETIMEDOUT;
}

int os_term_write(const void *buf, size_t n)
{
	enter();
	memcpy(host_screen + host_screen_len, buf, n);
	host_screen_len += n;
	leave();
	return n;
}

bool host_screen_wait(const char *text)
{
	struct timespec end = deadline(10000);
	bool seen;

	enter();
	while (!(seen = memmem(host_screen, host_screen_len, text, strlen(text))) &&
	       wait_until(&end, 10000))
		;
	leave();
	return seen;
}

void host_screen_clear(void)
{
	enter();
	host_screen_len = 0;
	leave();
}

void os_sleep_ms(unsigned int ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000L }, NULL);
}
