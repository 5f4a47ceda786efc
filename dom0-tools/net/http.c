/* SPDX-License-Identifier: MIT */
/*
 * The status page: GET / on dom0's address, as text a person or a script reads. It says what `pvctl list` and the
 * switch's counters say, and can change nothing. Requests are hostile: one line is looked at, the rest read and
 * thrown away up to a limit.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/hyper.h"
#include "ctl/life.h"
#include "ctl/xstree.h"
#include "net/service.h"
#include "net/switch.h"
#include "pvctl/format.h"

#define HEADER_LINES 64
#define PAGE (32U << 10)

struct page {
	char *text;
	size_t len;
};

/* What does not fit any more is left out. */
static void put(struct page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct page *p, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(p->text + p->len, PAGE - p->len, fmt, ap);
	va_end(ap);
	p->len = n < 0 ? p->len : p->len + (size_t)n < PAGE ? p->len + (size_t)n : PAGE - 1;
}

static void put_domains(struct page *p)
{
	ctl_info *infos;
	int n = ctl_domain_list(&infos);
	char name[DOMAIN_NAME_MAX + 1], row[192];

	put(p, "%s", format_list_header);
	for (int i = 0; i < n; i++) {
		xstree_name(infos[i].domain, name);
		format_list_row(row, sizeof(row), name, &infos[i]);
		put(p, "%s", row);
	}
	free(infos);
}

static bool put_port(struct net_port *port, void *arg)
{
	put(arg, "%-12s %-10s %12" PRIu64 " %14" PRIu64 " %12" PRIu64 " %14" PRIu64 "\n", port->name, port->bridge,
	    port->rx.packets, port->rx.bytes, port->tx.packets, port->tx.bytes);
	return true;
}

static void put_page(struct page *p)
{
	struct xen_sysctl_physinfo info;

	if (!ctl_physinfo(&info))
		put(p, "Memory: %" PRIu64 " MB, %" PRIu64 " MB free. CPUs: %u.\n\n", info.total_pages >> 8,
		    info.free_pages >> 8, info.nr_cpus);
	put_domains(p);
	put(p, "\n%-12s %-10s %12s %14s %12s %14s\n", "Port", "Bridge", "In", "Bytes", "Out", "Bytes");
	net_ports_each(put_port, p);
}

static void answer(int fd, const char *status, const struct page *p)
{
	char header[160];
	int n = snprintf(header, sizeof(header), "HTTP/1.0 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
			 "Connection: close\r\n\r\n", status, p->len);

	if (net_service_write(fd, header, (size_t)n))
		net_service_write(fd, p->text, p->len);
}

static void serve(int fd)
{
	struct page p = { .text = malloc(PAGE) };
	uint64_t end = net_service_deadline();
	char line[256], request[256];
	int n = p.text ? net_service_line(fd, request, sizeof(request), end) : -1;

	for (int i = 0; n >= 0 && i < HEADER_LINES && (n = net_service_line(fd, line, sizeof(line), end)) > 0; i++)
		;
	if (n == 0 && (!strncmp(request, "GET / ", 6) || !strcmp(request, "GET /"))) {
		put_page(&p);
		answer(fd, "200 OK", &p);
	} else if (n == 0) {
		put(&p, "Only GET / is answered here.\n");
		answer(fd, "404 Not Found", &p);
	}
	free(p.text);
}

int http_start(uint16_t port)
{
	return net_service_start("http", port, serve);
}
