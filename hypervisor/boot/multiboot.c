/* SPDX-License-Identifier: MIT */
/*
 * What the boot loader left in memory, copied into boot_info before anything may overwrite it. Formats:
 * Multiboot Specification 0.6.96 and Multiboot2 Specification 2.0. The boot page tables map 0-4 GB.
 * The loader is trusted to mean well, not to be right: what has an impossible length ends its list, and texts
 * and lists are cut at the end of what they lie in.
 */
#include "boot.h"
#include "lib.h"
#include "mm.h"
#include "printk.h"

struct boot_info boot_info;

#define MB1_BOOTED 0x2badb002
#define MB2_BOOTED 0x36d76289

struct mb1_info {
	uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr, syms[4];
	uint32_t mmap_length, mmap_addr, drives_length, drives_addr, config_table, loader_name;
} __packed;
enum { MB1_MEM = 1, MB1_CMDLINE = 4, MB1_MODS = 8, MB1_MMAP = 64, MB1_LOADER = 512 };
struct mb1_module { uint32_t start, end, string, reserved; } __packed;	/* at any address */
struct mb1_mmap { uint32_t size; uint64_t addr, len; uint32_t type; } __packed;
#define MB1_MMAP_MIN 20		/* of size, which does not count itself */

struct mb2_tag { uint32_t type, size; };
enum { MB2_END, MB2_CMDLINE, MB2_LOADER, MB2_MODULE, MB2_MEM, MB2_MMAP = 6, MB2_RSDP1 = 14, MB2_RSDP2 = 15 };

static void __init add_e820(uint64_t addr, uint64_t size, uint32_t type)
{
	if (boot_info.nr_e820 < E820_MAX && size)
		boot_info.e820[boot_info.nr_e820++] = (struct e820entry){ addr, size, type };
}

/* What lies in `room` bytes at s, at most. */
static void __init copy_text(char *to, size_t size, const char *s, size_t room)
{
	size_t n = strnlen(s, MIN(room, size - 1));

	memcpy(to, s, n);
	to[n] = 0;
}

static void __init add_module(uint32_t start, uint32_t end, const char *string, size_t room)
{
	struct boot_module *m = &boot_info.module[boot_info.nr_modules];

	if (boot_info.nr_modules == ARRAY_SIZE(boot_info.module) || end < start)
		return;
	m->start = start;
	m->end = end;
	copy_text(m->cmdline, sizeof(m->cmdline), string, room);
	boot_info.nr_modules++;
}

/* Of the first protocol: up to the end of what is mapped. */
static const char *__init mb1_text(uint32_t at, size_t *room)
{
	*room = at ? BIT(32) - at : 0;
	return maddr_to_virt(at);
}

static void __init parse_mb1_modules(const struct mb1_info *i)
{
	uint32_t n = MIN(i->mods_count, (uint32_t)ARRAY_SIZE(boot_info.module));
	const struct mb1_module *m = maddr_to_virt(i->mods_addr);

	if (n * sizeof(*m) > BIT(32) - i->mods_addr)
		return;
	for (; n; n--, m++) {
		size_t room;
		const char *s = mb1_text(m->string, &room);

		add_module(m->start, m->end, s, room);
	}
}

static void __init parse_mb1_mmap(const struct mb1_info *i)
{
	uint64_t end = MIN((uint64_t)i->mmap_addr + i->mmap_length, BIT(32));

	for (uint64_t at = i->mmap_addr; at + sizeof(struct mb1_mmap) <= end;) {
		const struct mb1_mmap *e = maddr_to_virt(at);

		if (e->size < MB1_MMAP_MIN)
			return;
		add_e820(e->addr, e->len, e->type);
		at += (uint64_t)e->size + sizeof(e->size);
	}
}

static void __init parse_mb1(const struct mb1_info *i)
{
	size_t room;

	if (i->flags & MB1_CMDLINE) {
		const char *s = mb1_text(i->cmdline, &room), *space;

		copy_text(boot_info.cmdline, sizeof(boot_info.cmdline), s, room);
		/* the first word is the image's own name */
		space = strchr(boot_info.cmdline, ' ');
		s = space ? space + 1 : "";
		memmove(boot_info.cmdline, s, strlen(s) + 1);
	}
	if (i->flags & MB1_LOADER) {
		const char *s = mb1_text(i->loader_name, &room);

		copy_text(boot_info.loader, sizeof(boot_info.loader), s, room);
	}
	if (i->flags & MB1_MODS)
		parse_mb1_modules(i);
	if (i->flags & MB1_MMAP) {
		parse_mb1_mmap(i);
	} else if (i->flags & MB1_MEM) {
		add_e820(0, (uint64_t)i->mem_lower << 10, E820_RAM);
		add_e820(0x100000, (uint64_t)i->mem_upper << 10, E820_RAM);
	}
}

static void __init parse_mb2_mmap(const struct mb2_tag *t)
{
	const uint32_t *head = (const uint32_t *)(t + 1);	/* entry size, entry version */

	if (t->size < 16 || head[0] < sizeof(struct e820entry))
		return;
	for (uint64_t off = 16; off + head[0] <= t->size; off += head[0]) {
		const struct e820entry *e = (const void *)((const char *)t + off);

		add_e820(e->addr, e->size, e->type);
	}
}

static void __init parse_mb2_tag(const struct mb2_tag *t)
{
	const uint32_t *words = (const uint32_t *)(t + 1);
	size_t body = t->size - sizeof(*t);

	switch (t->type) {
	case MB2_CMDLINE:
		copy_text(boot_info.cmdline, sizeof(boot_info.cmdline), (const char *)words, body);
		break;
	case MB2_LOADER:
		copy_text(boot_info.loader, sizeof(boot_info.loader), (const char *)words, body);
		break;
	case MB2_MODULE:
		if (body >= 8)
			add_module(words[0], words[1], (const char *)(words + 2), body - 8);
		break;
	case MB2_MMAP:
		parse_mb2_mmap(t);
		break;
	case MB2_RSDP1:
	case MB2_RSDP2:
		boot_info.rsdp = virt_to_maddr(words);
		break;
	}
}

static void __init parse_mb2(uint32_t at)
{
	const char *info = maddr_to_virt(at);
	uint64_t total = MIN((uint64_t)*(const uint32_t *)info, BIT(32) - at);

	for (uint64_t off = 8; off + sizeof(struct mb2_tag) <= total;) {
		const struct mb2_tag *t = (const void *)(info + off);

		if (t->type == MB2_END || t->size < sizeof(*t) || t->size > total - off)
			return;
		parse_mb2_tag(t);
		off += ROUND_UP((uint64_t)t->size, 8UL);
	}
}

/* In: the loader's magic and the physical address of its structure. false: neither protocol. */
bool __init multiboot_parse(uint32_t magic, uint32_t info)
{
	if (magic == MB1_BOOTED)
		parse_mb1(maddr_to_virt(info));
	else if (magic == MB2_BOOTED)
		parse_mb2(info);
	else
		return false;
	return true;
}
