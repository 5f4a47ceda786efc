/* SPDX-License-Identifier: MIT */
/*
 * The devices there are, by name: disks as drivers register them and the partitions found on them; who has
 * which open. A partition is a window on its disk: same line, another start.
 *
 * Lock: `lock` guards the list and the counts of users. It is never held while a disk works.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "block/impl.h"

static struct block_device *devices;
static struct os_mutex *lock;

int block_start(void)
{
	lock = os_mutex_new();
	return lock ? block_ram_start() : -ENOMEM;
}

static struct block_device *find(const char *name)
{
	struct block_device *d;

	for (d = devices; d && strcmp(d->name, name); d = d->next)
		;
	return d;
}

static void append(struct block_device *d)
{
	struct block_device **end = &devices;

	while (*end)
		end = &(*end)->next;
	d->next = NULL;
	*end = d;
}

/* --- Opening ------------------------------------------------------------------------------------ */

static bool overlaps(const struct block_device *a, const struct block_device *b)
{
	return a->disk == b->disk && a->start < b->start + b->sectors &&
	       b->start < a->start + a->sectors;
}

static bool in_use(const struct block_device *d, bool write)
{
	for (const struct block_device *each = devices; each; each = each->next)
		if (overlaps(each, d) && (write ? each->users : each->writers))
			return true;
	return false;
}

/* Lock held. */
static int take(const char *name, bool write, bool shared, struct block_device **out)
{
	struct block_device *d = find(name);

	if (!d)
		return -ENOENT;
	if (write && d->readonly)
		return -EROFS;
	if (!shared && in_use(d, write))
		return -EBUSY;
	d->users++;
	d->writers += write;
	*out = d;
	return 0;
}

int block_open(struct block_queue **out, const char *name, bool write, bool shared)
{
	struct block_queue *q = calloc(1, sizeof(*q));
	int rc;

	if (!q)
		return -ENOMEM;
	os_mutex_lock(lock);
	rc = take(name, write, shared, &q->device);
	os_mutex_unlock(lock);
	if (rc) {
		free(q);
		return rc;
	}
	q->disk = q->device->disk;
	q->write = write;
	block_list_init(&q->collected);
	block_list_init(&q->held);
	*out = q;
	return 0;
}

/* Partitions nobody uses are forgotten; those that somebody does stay as they are. Lock held. */
static void drop_partitions(struct block_device *disk)
{
	struct block_device **link = &devices, *d;

	while ((d = *link)) {
		if (d->disk != disk || d == disk || d->users) {
			link = &d->next;
			continue;
		}
		*link = d->next;
		free(d);
	}
}

static bool used(const struct block_device *disk)
{
	for (const struct block_device *d = devices; d; d = d->next)
		if (d->disk == disk && d->users)
			return true;
	return false;
}

/* True, and nobody finds it any more, if nobody uses it. Lock held. */
static bool forget(struct block_device *disk)
{
	struct block_device **link = &devices;

	if (used(disk))
		return false;
	drop_partitions(disk);
	while (*link != disk)
		link = &(*link)->next;
	*link = disk->next;
	return true;
}

/* Of a forgotten disk: whoever ended its last io may not have left the line yet. */
static void end_line(struct block_device *disk)
{
	os_mutex_lock(disk->line->lock);
	while (disk->line->dispatching)
		os_cond_wait(disk->line->idle, disk->line->lock, -1);
	os_mutex_unlock(disk->line->lock);
	block_line_free(disk);
}

/* One user less of d: of its disk, what may follow. Once the lock is dropped the disk is whoever's that counts as its
 * user or has forgotten it. */
static void leave(struct block_device *d, bool wrote)
{
	struct block_device *disk = d->disk;
	bool reread = wrote && d == disk && !disk->ops->release, last;

	os_mutex_lock(lock);
	d->writers -= wrote;
	reread = reread && d->users == 1;
	if (reread)
		drop_partitions(disk);
	d->users -= !reread;		/* else it counts as ours until it is read */
	last = disk->ops->release && forget(disk);
	os_mutex_unlock(lock);
	if (reread) {
		block_partitions_read(disk);
		leave(d, false);
	} else if (last) {
		end_line(disk);
		disk->ops->release(disk);
	}
}

void block_close(struct block_queue *q)
{
	struct block_line *l;

	if (!q)
		return;
	l = q->disk->line;
	block_unplug(q);
	os_mutex_lock(l->lock);
	while (q->in_flight || q->held.first)
		os_cond_wait(l->idle, l->lock, -1);
	os_mutex_unlock(l->lock);
	leave(q->device, q->write);
	free(q);
}

/* --- Registering -------------------------------------------------------------------------------- */

static const char *fault(const struct block_device *d)
{
	if (!d->sectors || d->sectors > INT64_MAX / BLOCK_SECTOR)
		return "its size";
	if (d->sector_size != BLOCK_SECTOR && d->sector_size != OS_PAGE_SIZE)
		return "its sector size";
	if (d->sectors % (d->sector_size / BLOCK_SECTOR))
		return "a size that is no multiple of its sectors";
	if (d->max_segments < BLOCK_MIN_SEGMENTS || !d->depth ||
	    d->max_sectors < OS_PAGE_SIZE / BLOCK_SECTOR)
		return "its limits";
	return NULL;
}

/* Makes d known under the lock; -EEXIST. */
static int enter(struct block_device *d)
{
	int rc = -EEXIST;

	os_mutex_lock(lock);
	if (!find(d->name)) {
		append(d);
		rc = 0;
	}
	os_mutex_unlock(lock);
	return rc;
}

int block_register(struct block_device *disk)
{
	const char *wrong = fault(disk);
	int rc;

	if (wrong) {
		printf("block: %s is refused for %s\n", disk->name, wrong);
		return -EINVAL;
	}
	disk->disk = disk;
	disk->start = 0;
	disk->users = 1;		/* us, until its tables are read */
	disk->writers = 0;
	rc = block_line_make(disk);
	if (rc)
		return rc;
	rc = enter(disk);
	if (rc) {
		block_line_free(disk);
		return rc;
	}
	/* A file's would be named as other files are: whoever writes its table could take their place. */
	if (!disk->ops->release)
		block_partitions_read(disk);
	os_mutex_lock(lock);
	disk->users--;
	os_mutex_unlock(lock);
	return 0;
}

void block_partition_add(struct block_device *disk, unsigned int number, uint64_t start, uint64_t sectors)
{
	struct block_device *d = malloc(sizeof(*d));
	size_t len = strlen(disk->name);

	if (!d)
		return;
	*d = *disk;
	d->users = d->writers = 0;
	d->start = start;
	d->sectors = sectors;
	/* As everywhere: a p between, where the disk's name ends with a digit. */
	snprintf(d->name + len, sizeof(d->name) - len, "%s%u",
		 len && disk->name[len - 1] >= '0' && disk->name[len - 1] <= '9' ? "p" : "", number);
	if (enter(d))
		free(d);
}

int block_unregister(struct block_device *disk)
{
	bool last;

	os_mutex_lock(lock);
	last = forget(disk);
	os_mutex_unlock(lock);
	if (last)
		end_line(disk);
	return last ? 0 : -EBUSY;
}

void block_list(FILE *out)
{
	fprintf(out, "%-16s %12s %6s %4s %5s  %s\n", "Name", "Sectors", "Size", "Mode", "Users", "Kind");
	os_mutex_lock(lock);
	for (const struct block_device *d = devices; d; d = d->next)
		fprintf(out, "%-16s %12" PRIu64 " %6u %4s %5u  %s\n", d->name, d->sectors,
			(unsigned int)d->sector_size, d->readonly ? "ro" : "rw", d->users,
			d == d->disk ? d->what : "partition");
	os_mutex_unlock(lock);
}
