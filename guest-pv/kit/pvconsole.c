/* SPDX-License-Identifier: MIT */
/*
 * The first console. A guest shares a page of two byte rings with the console daemon, which is
 * hostile as any peer (byte_ring refuses absurd indices); the control domain speaks to the
 * hypervisor. Lock: `out` is held by one writer at a time, so that writes do not mix.
 */
#include <kit/pvconsole.h>
#include <kit/evtchn.h>
#include <kit/hypercall.h>
#include <kit/os.h>
#include <kit/ring.h>
#include <kit/start_info.h>
#include <xen/io/console.h>

#define SPIN_LIMIT 100000	/* yields to an absent daemon before output is dropped */

static struct byte_ring tx, rx;
static bool on_ring;
static evtchn_port_t port;
static bool late;
static struct os_lock out;
static struct os_wait wait_in, wait_out;

void pvconsole_init_early(void *ring)
{
	struct xencons_interface *page = ring;

	if (!page)
		return;
	tx = (struct byte_ring){ page->out, sizeof(page->out), &page->out_cons, &page->out_prod };
	rx = (struct byte_ring){ page->in, sizeof(page->in), &page->in_cons, &page->in_prod };
	port = start_info->console.domU.evtchn;
	on_ring = true;
}

static void handle(evtchn_port_t p, void *arg)
{
	(void)p;
	(void)arg;
	os_wake(&wait_in);
	os_wake(&wait_out);
}

int pvconsole_init(void)
{
	int rc = on_ring ? 0 : evtchn_bind_virq(VIRQ_CONSOLE, 0, &port);

	if (rc)
		return rc;
	os_lock_init(&out);
	os_wait_init(&wait_in);
	os_wait_init(&wait_out);
	late = true;
	evtchn_set_handler(port, handle, NULL);
	return 0;
}

/* As much as there is room for, at once. */
static size_t push(const char *p, size_t n)
{
	size_t done = 0;

	if (!on_ring) {
		hypercall_console_io(CONSOLEIO_write, n, (char *)p);
		return n;
	}
	done = byte_ring_write(&tx, p, n);
	if (done)
		evtchn_send(port);
	return done;
}

static size_t pull(char *p, size_t n)
{
	size_t done;
	int got;

	if (!on_ring) {
		got = hypercall_console_io(CONSOLEIO_read, n, p);
		return got > 0 ? got : 0;
	}
	done = byte_ring_read(&rx, p, n);
	if (done)
		evtchn_send(port);
	return done;
}

static bool has_room(void *arg)
{
	(void)arg;
	return byte_ring_space(&tx) > 0;
}

void pvconsole_write_now(const void *p, size_t n)
{
	unsigned int spins = 0;
	size_t done;

	while (n && spins < SPIN_LIMIT) {
		done = push(p, n);
		p = (const char *)p + done;
		n -= done;
		if (n) {
			hypercall_sched_op(SCHEDOP_yield, NULL);
			spins++;
		}
	}
}

void pvconsole_write(const void *p, size_t n)
{
	size_t done;

	if (!late) {
		pvconsole_write_now(p, n);
		return;
	}
	os_lock(&out);
	while (n) {
		done = push(p, n);
		p = (const char *)p + done;
		n -= done;
		if (n)
			os_wait_until(&wait_out, has_room, NULL, OS_FOREVER);
	}
	os_unlock(&out);
}

struct reading { char *p; size_t n, got; };

static bool has_input(void *arg)
{
	struct reading *r = arg;

	r->got = pull(r->p, r->n);
	return r->got > 0;
}

size_t pvconsole_read(void *p, size_t n, uint64_t deadline_ns)
{
	struct reading r = { p, n, 0 };

	if (n)
		os_wait_until(&wait_in, has_input, &r, deadline_ns);
	return r.got;
}
