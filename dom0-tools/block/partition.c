/* SPDX-License-Identifier: MIT */
/*
 * Partition tables: GPT where a protective MBR announces one and its sums are right (the first, else the last of its
 * two copies), else MBR with its chain of logical partitions.
 *
 * The tables are whatever a guest left on the disk. Each number is checked against the disk before use, the
 * work is bounded, and what makes no sense is left out; the worst that a table can do is to name no partition.
 */
#include <errno.h>
#include <string.h>
#include "block/impl.h"

#define MBR_ENTRIES 4
#define MAX_LOGICAL 60
#define GPT_MIN_ENTRY 128u
#define GPT_MAX_ENTRIES 128u
#define GPT_MIN_HEADER 92u

enum mbr_type { MBR_EMPTY = 0, MBR_EXTENDED = 0x05, MBR_EXTENDED_LBA = 0x0f, MBR_EXTENDED_LINUX = 0x85,
		MBR_PROTECTIVE = 0xee };

struct mbr_entry {
	uint8_t status, first_chs[3], type, last_chs[3];
	uint32_t start, count;
} __attribute__((packed));

struct mbr {
	uint8_t code[446];
	struct mbr_entry entry[MBR_ENTRIES];
	uint16_t magic;
} __attribute__((packed));

struct gpt_header {
	char magic[8];
	uint32_t revision, size, crc, zero;
	uint64_t self, other, first, last;
	uint8_t disk_guid[16];
	uint64_t table;
	uint32_t entries, entry_size, table_crc;
} __attribute__((packed));

struct gpt_entry {
	uint8_t type[16], id[16];
	uint64_t first, last;		/* inclusive */
	uint64_t attributes;
	uint16_t name[36];
} __attribute__((packed));

/* What reads one disk. Logical blocks are the disk's own sectors: the tables count in them. */
struct reader {
	struct block_queue *q;
	struct block_device *disk;
	char *page;			/* of GPT_TABLE_PAGES */
	uint32_t unit;			/* sectors in a logical block */
	uint64_t blocks;
};

#define GPT_TABLE_PAGES (GPT_MAX_ENTRIES * GPT_MIN_ENTRY / OS_PAGE_SIZE)

static uint32_t crc32(const void *data, size_t n)
{
	const uint8_t *p = data;
	uint32_t crc = ~0u;

	while (n--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static bool read_at(struct reader *r, uint64_t block, size_t bytes)
{
	size_t block_size = (size_t)r->unit * BLOCK_SECTOR;
	uint64_t n = (bytes + block_size - 1) / block_size;

	if (block >= r->blocks || n > r->blocks - block)
		return false;
	return !block_transfer(r->q, BLOCK_READ, block * r->unit, r->page, n * block_size);
}

/* In logical blocks; one that does not lie on the disk is left out. */
static void found(struct reader *r, unsigned int number, uint64_t start, uint64_t count)
{
	if (start && count && start < r->blocks && count <= r->blocks - start)
		block_partition_add(r->disk, number, start * r->unit, count * r->unit);
}

static bool is_extended(uint8_t type)
{
	return type == MBR_EXTENDED || type == MBR_EXTENDED_LBA || type == MBR_EXTENDED_LINUX;
}

static bool read_mbr(struct reader *r, uint64_t block, struct mbr *mbr)
{
	if (!read_at(r, block, sizeof(*mbr)))
		return false;
	memcpy(mbr, r->page, sizeof(*mbr));
	return mbr->magic == 0xaa55;
}

/* A chain of tables: the first entry of each is a partition (from there), the second the next table (from the
 * chain's begin). */
static void read_logical(struct reader *r, uint64_t begin)
{
	uint64_t at = begin;
	struct mbr mbr;

	for (unsigned int i = 0; i < MAX_LOGICAL && read_mbr(r, at, &mbr); i++) {
		if (mbr.entry[0].type != MBR_EMPTY && !is_extended(mbr.entry[0].type))
			found(r, MBR_ENTRIES + 1 + i, at + mbr.entry[0].start, mbr.entry[0].count);
		if (!is_extended(mbr.entry[1].type))
			return;
		at = begin + mbr.entry[1].start;
	}
}

static void read_mbr_entries(struct reader *r, const struct mbr *mbr)
{
	for (unsigned int i = 0; i < MBR_ENTRIES; i++) {
		const struct mbr_entry *e = &mbr->entry[i];

		if (is_extended(e->type))
			read_logical(r, e->start);
		else if (e->type != MBR_EMPTY)
			found(r, i + 1, e->start, e->count);
	}
}

/* The header in that block, if it is one. */
static bool read_gpt_header(struct reader *r, uint64_t block, struct gpt_header *h)
{
	uint32_t crc;

	if (!read_at(r, block, BLOCK_SECTOR))
		return false;
	memcpy(h, r->page, sizeof(*h));
	if (memcmp(h->magic, "EFI PART", 8) || h->self != block ||
	    h->size < GPT_MIN_HEADER || h->size > BLOCK_SECTOR)
		return false;
	crc = h->crc;
	memset(r->page + offsetof(struct gpt_header, crc), 0, sizeof(h->crc));
	return crc32(r->page, h->size) == crc && h->entry_size == GPT_MIN_ENTRY &&
	       h->entries <= GPT_MAX_ENTRIES;
}

static bool read_gpt(struct reader *r, uint64_t block)
{
	static const uint8_t unused[16];
	struct gpt_header h;

	if (!read_gpt_header(r, block, &h) || !read_at(r, h.table, h.entries * GPT_MIN_ENTRY) ||
	    crc32(r->page, h.entries * GPT_MIN_ENTRY) != h.table_crc)
		return false;
	for (unsigned int i = 0; i < h.entries; i++) {
		struct gpt_entry e;

		memcpy(&e, r->page + i * GPT_MIN_ENTRY, sizeof(e));
		if (memcmp(e.type, unused, sizeof(unused)) && e.last >= e.first)
			found(r, i + 1, e.first, e.last - e.first + 1);
	}
	return true;
}

static bool is_protective(const struct mbr *mbr)
{
	for (unsigned int i = 0; i < MBR_ENTRIES; i++)
		if (mbr->entry[i].type == MBR_PROTECTIVE)
			return true;
	return false;
}

static void read_tables(struct reader *r)
{
	struct mbr mbr;

	if (!read_mbr(r, 0, &mbr))
		return;
	if (!is_protective(&mbr))
		read_mbr_entries(r, &mbr);
	else if (!read_gpt(r, 1) && !read_gpt(r, r->blocks - 1))
		printf("block: %s has no sound partition table\n", r->disk->name);
}

void block_partitions_read(struct block_device *disk)
{
	struct reader r = { .disk = disk, .unit = disk->sector_size / BLOCK_SECTOR };

	r.blocks = disk->sectors / r.unit;
	r.page = os_alloc_pages(GPT_TABLE_PAGES);
	if (r.page && !block_open(&r.q, disk->name, false, true)) {
		read_tables(&r);
		block_close(r.q);
	}
	os_free_pages(r.page, GPT_TABLE_PAGES);
}
