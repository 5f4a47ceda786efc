/* SPDX-License-Identifier: MIT */
/*
 * What the boot loader left in memory, copied into boot_info before anything may overwrite it. Formats:
 * Multiboot Specification 0.6.96 and Multiboot2 Specification 2.0. The boot page tables map 0-4 GB.
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
};
enum { MB1_MEM = 1, MB1_CMDLINE = 4, MB1_MODS = 8, MB1_MMAP = 64, MB1_LOADER = 512 };
struct mb1_module { uint32_t start, end, string, reserved; };
struct mb1_mmap { uint32_t size; uint64_t addr, len; uint32_t type; } __packed;

struct mb2_tag { uint32_t type, size; };
enum { MB2_END, MB2_CMDLINE, MB2_LOADER, MB2_MODULE, MB2_MEM, MB2_MMAP = 6, MB2_RSDP1 = 14, MB2_RSDP2 = 15 };

static void __init add_e820(uint64_t addr, uint64_t size, uint32_t type)
{
	if (boot_info.nr_e820 < E820_MAX && size)
		boot_info.e820[boot_info.nr_e820++] = (struct e820entry){ addr, size, type };
}

static void __init add_module(uint32_t start, uint32_t end, const char *string)
{
	struct boot_module *m = &boot_info.module[boot_info.nr_modules];

	if (boot_info.nr_modules == ARRAY_SIZE(boot_info.module) || end < start)
		return;
	m->start = start;
	m->end = end;
	strlcpy(m->cmdline, string, sizeof(m->cmdline));
	boot_info.nr_modules++;
}

static void __init parse_mb1(const struct mb1_info *i)
{
	if (i->flags & MB1_CMDLINE) {
		/* the first word is the image's own name */
		const char *s = maddr_to_virt(i->cmdline), *space = strchr(s, ' ');

		strlcpy(boot_info.cmdline, space ? space + 1 : "", sizeof(boot_info.cmdline));
	}
	if (i->flags & MB1_LOADER)
		strlcpy(boot_info.loader, maddr_to_virt(i->loader_name), sizeof(boot_info.loader));
	if (i->flags & MB1_MODS) {
		const struct mb1_module *m = maddr_to_virt(i->mods_addr);

		for (unsigned n = 0; n < i->mods_count; n++)
			add_module(m[n].start, m[n].end, m[n].string ? maddr_to_virt(m[n].string) : "");
	}
	if (i->flags & MB1_MMAP) {
		for (uint32_t off = 0; off < i->mmap_length;) {
			const struct mb1_mmap *e = maddr_to_virt(i->mmap_addr + off);

			add_e820(e->addr, e->len, e->type);
			off += e->size + 4;
		}
	} else if (i->flags & MB1_MEM) {
		add_e820(0, (uint64_t)i->mem_lower << 10, E820_RAM);
		add_e820(0x100000, (uint64_t)i->mem_upper << 10, E820_RAM);
	}
}

static void __init parse_mb2_mmap(const struct mb2_tag *t)
{
	const uint32_t *head = (const uint32_t *)(t + 1);	/* entry size, entry version */

	for (uint32_t off = 16; head[0] >= 20 && off + head[0] <= t->size; off += head[0]) {
		const struct e820entry *e = (const void *)((const char *)t + off);

		add_e820(e->addr, e->size, e->type);
	}
}

static void __init parse_mb2(const char *info)
{
	uint32_t total = *(const uint32_t *)info;

	for (uint32_t off = 8; off + sizeof(struct mb2_tag) <= total;) {
		const struct mb2_tag *t = (const void *)(info + off);
		const uint32_t *words = (const uint32_t *)(t + 1);

		switch (t->type) {
		case MB2_END:
			return;
		case MB2_CMDLINE:
			strlcpy(boot_info.cmdline, (const char *)words, sizeof(boot_info.cmdline));
			break;
		case MB2_LOADER:
			strlcpy(boot_info.loader, (const char *)words, sizeof(boot_info.loader));
			break;
		case MB2_MODULE:
			add_module(words[0], words[1], (const char *)(words + 2));
			break;
		case MB2_MMAP:
			parse_mb2_mmap(t);
			break;
		case MB2_RSDP1:
		case MB2_RSDP2:
			boot_info.rsdp = virt_to_maddr(words);
			break;
		}
		off += ROUND_UP(t->size, 8U);
	}
}

/* In: the loader's magic and the physical address of its structure. false: neither protocol. */
bool __init multiboot_parse(uint32_t magic, uint32_t info)
{
	if (magic == MB1_BOOTED)
		parse_mb1(maddr_to_virt(info));
	else if (magic == MB2_BOOTED)
		parse_mb2(maddr_to_virt(info));
	else
		return false;
	return true;
}
