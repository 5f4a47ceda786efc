/* SPDX-License-Identifier: MIT */
/*
 * What backends of every kind have in common: they find their devices in xenstore, follow the handshake with each
 * frontend, and take a device down whichever end goes first. A thread for each kind; it calls the
 * functions below, one at a time.
 */
#ifndef BACKEND_BUS_H
#define BACKEND_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>
#include "complain.h"

struct bus_device {
	const struct bus_kind *kind;
	domid_t domid;
	unsigned int id;
	void *driver;			/* the backend's own, set by probe */
	/* Private to bus.c. */
	struct bus_device *next;
	int state;			/* as published */
	bool connected;			/* between connect and disconnect */
	struct complaints complaints;
	bool empty;			/* probe failed, or the driver let go; kept until its directory goes */
	char front[96], back[96];
};

struct bus_kind {
	const char *name;		/* "vif" */
	/* A new device: reads what the toolstack wrote. 0, or negative errno and *why. */
	int (*probe)(struct bus_device *d, const char **why);
	/* Writes features, before each connection. */
	void (*publish)(struct bus_device *d);
	/* The frontend has published what it has: reads it (all hostile) and begins to serve. 0, or negative
	 * errno and *why. */
	int (*connect)(struct bus_device *d, const char **why);
	/* Lets go of everything of the frontend's. Called once after each connect that succeeded. */
	void (*disconnect)(struct bus_device *d);
	void (*remove)(struct bus_device *d);	/* the device is gone; disconnected before */
};

int bus_start(const struct bus_kind *kind);	/* 0 or negative errno */

/* Entries of the two directories, from the functions above. Text: its length, or negative errno; at most size - 1 bytes
 * and a NUL. A number that is not there, or is none, is `missing`. */
int bus_read(const struct bus_device *d, bool front, const char *key, char *buf, size_t size);
uint64_t bus_read_number(const struct bus_device *d, bool front, const char *key, uint64_t missing);
void bus_write(const struct bus_device *d, const char *key, const char *value);	/* our own directory */
void bus_write_number(const struct bus_device *d, const char *key, uint64_t value);

#endif
