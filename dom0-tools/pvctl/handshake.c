/* SPDX-License-Identifier: MIT */
/*
 * Explains device handshakes. Both ends publish a state; the pair says who has to act next, and a
 * pair that stands still says who did not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl/xstree.h"
#include "pvctl/handshake.h"

enum { UNKNOWN, INITIALISING, INIT_WAIT, INITIALISED, CONNECTED, CLOSING, CLOSED };

const char *handshake_state(int state)
{
	static const char *const names[] = {
		"Unknown", "Initialising", "InitWait", "Initialised", "Connected", "Closing",
		"Closed", "Reconfiguring", "Reconfigured",
	};

	return state >= 0 && (size_t)state < sizeof(names) / sizeof(names[0]) ? names[state] :
	       "missing";
}

const char *handshake_explain(int frontend, int backend)
{
	if (frontend == CONNECTED && backend == CONNECTED)
		return NULL;
	if (backend < 0)
		return "the backend's directory is gone: nobody serves this device";
	if (frontend < 0)
		return "the frontend's directory is gone";
	if (backend == UNKNOWN || backend == INITIALISING)
		return "the backend has not begun: is there a backend for this kind of device?";
	if (backend == CLOSING || backend == CLOSED)
		return frontend >= CLOSING ? "both ends have closed" :
		       "the backend closed: it refused what the frontend published, or its device failed";
	if (frontend == CLOSING || frontend == CLOSED)
		return "the frontend closed";
	if (frontend < INITIALISED)
		return "the guest has not published its ring: it has no driver for this device, or "
		       "the driver waits for something";
	if (backend == INIT_WAIT)
		return "the backend has not taken the ring that the guest published";
	if (frontend == INITIALISED)
		return "the guest has not followed the connected backend";
	return "the backend is not connected yet";
}

/* A state in text at dir/state; -1: not there. */
static int read_state(const char *dir)
{
	char path[256], *text;
	int state;

	snprintf(path, sizeof(path), "%s/state", dir);
	text = xs_read(xstree_handle(), XBT_NULL, path, NULL);
	state = text ? atoi(text) : -1;
	free(text);
	return state;
}

static unsigned int print_device(domid_t domid, const char *type, const char *id)
{
	char key[96], path[128], *backend;
	const char *text;
	int front, back;

	snprintf(key, sizeof(key), "device/%.32s/%.32s", type, id);
	snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, key);
	front = read_state(path);
	strcat(key, "/backend");
	backend = xstree_read(domid, key);
	back = backend ? read_state(backend) : -1;
	free(backend);
	text = front < 0 && back < 0 ? NULL : handshake_explain(front, back);
	if (!text)
		return 0;
	printf("Device %s/%s is not connected: frontend %s, backend %s; %s.\n", type, id,
	       handshake_state(front), handshake_state(back), text);
	return 1;
}

unsigned int handshake_print(domid_t domid)
{
	char path[96], **types, **ids;
	unsigned int nr_types = 0, nr_ids, bad = 0;

	snprintf(path, sizeof(path), "/local/domain/%u/device", domid);
	types = xs_directory(xstree_handle(), XBT_NULL, path, &nr_types);
	for (unsigned int i = 0; types && i < nr_types; i++) {
		snprintf(path, sizeof(path), "/local/domain/%u/device/%.32s", domid, types[i]);
		nr_ids = 0;
		ids = xs_directory(xstree_handle(), XBT_NULL, path, &nr_ids);
		for (unsigned int j = 0; ids && j < nr_ids; j++)
			bad += print_device(domid, types[i], ids[j]);
		free(ids);
	}
	free(types);
	return bad;
}
