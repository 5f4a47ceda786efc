/* SPDX-License-Identifier: MIT */
/*
 * RAM disks: pages of dom0's own, all taken when the disk is made, so that no write can fail for want of memory.
 * The pages are adjacent to nobody: the disk is a table of them. `lock` guards the list of disks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "block/impl.h"

#define PAGE_SECTORS (OS_PAGE_SIZE / BLOCK_SECTOR)
#define MAX_DISKS 64

struct ram {
	struct ram *next;
	struct block_device device;
	char **pages;
	size_t nr_pages;
};

static struct os_mutex *lock;
static struct ram *disks;

static void *memory(struct block_device *d, uint64_t sector, uint32_t *nr_sectors)
{
	struct ram *ram = d->driver;
	uint32_t at = sector % PAGE_SECTORS;

	if (*nr_sectors > PAGE_SECTORS - at)
		*nr_sectors = PAGE_SECTORS - at;
	return ram->pages[sector / PAGE_SECTORS] + at * BLOCK_SECTOR;
}

/* Between n bytes at p and the disk from *sector on, which moves. */
static void move(struct block_device *d, uint64_t *sector, char *p, uint32_t n, bool write)
{
	while (n) {
		uint32_t sectors = n / BLOCK_SECTOR;
		void *page = memory(d, *sector, &sectors);

		if (write)
			memcpy(page, p, sectors * BLOCK_SECTOR);
		else
			memcpy(p, page, sectors * BLOCK_SECTOR);
		*sector += sectors;
		p += sectors * BLOCK_SECTOR;
		n -= sectors * BLOCK_SECTOR;
	}
}

static void submit(struct block_device *d, struct block_io *io)
{
	uint64_t sector = io->sector;

	for (struct block_request *r = io->parts; r; r = r->next)
		for (unsigned int i = 0; i < r->nr_segments; i++)
			move(d, &sector, r->segments[i].va, r->segments[i].len, io->op == BLOCK_WRITE);
	block_io_done(io, 0);
}

static const struct block_ops ops = { .submit = submit, .memory = memory };

static void free_ram(struct ram *ram)
{
	for (size_t i = 0; i < ram->nr_pages; i++)
		os_free_pages(ram->pages[i], 1);
	free(ram->pages);
	free(ram);
}

static struct ram *make(size_t nr_pages)
{
	struct ram *ram = calloc(1, sizeof(*ram));

	if (!ram)
		return NULL;
	ram->pages = calloc(nr_pages, sizeof(*ram->pages));
	while (ram->pages && ram->nr_pages < nr_pages &&
	       (ram->pages[ram->nr_pages] = os_alloc_pages(1)))
		ram->nr_pages++;
	if (ram->nr_pages == nr_pages)
		return ram;
	free_ram(ram);
	return NULL;
}

/* Under the first free name; the number. Lock held. */
static int enter(struct ram *ram)
{
	int rc = -EEXIST;

	for (int number = 0; number < MAX_DISKS && rc == -EEXIST; number++) {
		snprintf(ram->device.name, sizeof(ram->device.name), "ram%d", number);
		rc = block_register(&ram->device);
		if (!rc) {
			ram->next = disks;
			disks = ram;
			return number;
		}
	}
	return rc;
}

int block_ram_add(uint64_t bytes)
{
	struct ram *ram;
	int rc;

	if (!bytes || bytes % OS_PAGE_SIZE)
		return -EINVAL;
	ram = make(bytes / OS_PAGE_SIZE);
	if (!ram)
		return -ENOMEM;
	ram->device = (struct block_device){
		.what = "memory", .sectors = bytes / BLOCK_SECTOR, .sector_size = BLOCK_SECTOR,
		.max_sectors = 65536, .max_segments = 1024, .depth = 1, .ops = &ops, .driver = ram,
	};
	os_mutex_lock(lock);
	rc = enter(ram);
	os_mutex_unlock(lock);
	if (rc < 0)
		free_ram(ram);
	return rc;
}

int block_ram_remove(const char *name)
{
	struct ram **link, *ram;
	int rc = -ENOENT;

	os_mutex_lock(lock);
	for (link = &disks; (ram = *link) && strcmp(ram->device.name, name); link = &ram->next)
		;
	if (ram)
		rc = block_unregister(&ram->device);
	if (!rc)
		*link = ram->next;
	os_mutex_unlock(lock);
	if (!rc)
		free_ram(ram);
	return rc;
}

int block_ram_start(void)
{
	lock = os_mutex_new();
	return lock ? 0 : -ENOMEM;
}
