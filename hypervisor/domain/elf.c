/* SPDX-License-Identifier: MIT */
/*
 * Parser of PV kernels: ELF64 headers and Xen notes. The file is taken as hostile: every structure is copied
 * out after its place was checked against the length, and all sums are checked for overflow.
 * Pure, so that the host's tests run the same source. No lock.
 */
#include <xen/elfnote.h>
#include <xen/features.h>
#include "elf.h"
#include "errno.h"
#include "layout.h"
#include "lib.h"
#include "page.h"

#define PT_LOAD 1
#define PT_NOTE 4
#define SHT_NOTE 7
#define EM_X86_64 62
#define MAX_HEADERS 128

struct ehdr {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct phdr { uint32_t type, flags; uint64_t offset, vaddr, paddr, filesz, memsz, align; };
struct shdr {
	uint32_t name, type;
	uint64_t flags, addr, offset, size;
	uint32_t link, info;
	uint64_t addralign, entsize;
};

struct file { const uint8_t *p; uint64_t len; };

struct notes {
	uint64_t virt_base, paddr_offset, entry, hypercall_page, init_p2m, mod_start_pfn, supported;
	bool wrong_version, wrong_loader, wrong_features, any;
};

static int bad(struct elf_kernel *k, const char *why)
{
	k->error = why;
	return -EINVAL;
}

static bool inside(const struct file *f, uint64_t off, uint64_t n)
{
	return off <= f->len && n <= f->len - off;
}

static bool read_at(const struct file *f, uint64_t off, void *to, uint64_t n)
{
	if (!inside(f, off, n))
		return false;
	memcpy(to, f->p + off, n);
	return true;
}

/* Is `word`, required ("!word"), in the list "a|!b|c" of n bytes? */
static bool requires(const char *list, uint64_t n, const char *word)
{
	size_t w = strlen(word);

	for (uint64_t i = 0; i < n;) {
		uint64_t end = i;

		while (end < n && list[end] && list[end] != '|')
			end++;
		if (end - i == w + 1 && list[i] == '!' && !memcmp(list + i + 1, word, w))
			return true;
		i = end + 1;
	}
	return false;
}

static bool text_is(const char *desc, uint64_t n, const char *want)
{
	size_t w = strlen(want);

	return n >= w && !memcmp(desc, want, w) && (n == w || desc[w] == 0);
}

static void note(struct notes *t, uint32_t type, const uint8_t *desc, uint64_t n)
{
	const char *text = (const char *)desc;
	uint64_t v = 0;

	memcpy(&v, desc, MIN(n, sizeof(v)));
	t->any = true;
	switch (type) {
	case XEN_ELFNOTE_ENTRY: t->entry = v; break;
	case XEN_ELFNOTE_HYPERCALL_PAGE: t->hypercall_page = v; break;
	case XEN_ELFNOTE_VIRT_BASE: t->virt_base = v; break;
	case XEN_ELFNOTE_PADDR_OFFSET: t->paddr_offset = v; break;
	case XEN_ELFNOTE_INIT_P2M: t->init_p2m = v; break;
	case XEN_ELFNOTE_MOD_START_PFN: t->mod_start_pfn = v; break;
	case XEN_ELFNOTE_SUPPORTED_FEATURES: t->supported = v; break;
	case XEN_ELFNOTE_XEN_VERSION: t->wrong_version = !text_is(text, n, "xen-3.0"); break;
	case XEN_ELFNOTE_LOADER: t->wrong_loader = !text_is(text, n, "generic"); break;
	case XEN_ELFNOTE_FEATURES:
		t->wrong_features = requires(text, n, "supervisor_mode_kernel") ||
				    requires(text, n, "auto_translated_physmap");
	}
}

/* One block of notes: three words, owner, contents, each padded to 4 bytes. */
static bool note_block(const struct file *f, uint64_t off, uint64_t size, struct notes *t)
{
	if (!inside(f, off, size))
		return false;
	while (size >= 12) {
		uint32_t h[3];
		uint64_t used;

		memcpy(h, f->p + off, sizeof(h));
		used = 12 + ROUND_UP((uint64_t)h[0], 4) + ROUND_UP((uint64_t)h[1], 4);
		if (used > size)
			return false;
		if (h[0] == 4 && !memcmp(f->p + off + 12, "Xen", 4))
			note(t, h[2], f->p + off + 16, h[1]);
		off += used;
		size -= used;
	}
	return true;
}

/* Notes of the program headers, or of the sections if those have none of Xen's. */
static int find_notes(const struct file *f, const struct ehdr *e, struct notes *t, struct elf_kernel *k)
{
	struct phdr p;
	struct shdr s;

	for (unsigned i = 0; i < e->phnum; i++) {
		read_at(f, e->phoff + i * sizeof(p), &p, sizeof(p));
		if (p.type == PT_NOTE && !note_block(f, p.offset, p.filesz, t))
			return bad(k, "a note is cut off or lies outside the file");
	}
	if (t->any || e->shentsize != sizeof(s))
		return 0;
	for (unsigned i = 0; i < MIN(e->shnum, (uint16_t)MAX_HEADERS); i++) {
		if (!inside(f, e->shoff, (i + 1) * sizeof(s)))
			break;
		read_at(f, e->shoff + i * sizeof(s), &s, sizeof(s));
		if (s.type == SHT_NOTE && !note_block(f, s.offset, s.size, t))
			return bad(k, "a note is cut off or lies outside the file");
	}
	return 0;
}

/* Segments at paddr - PADDR_OFFSET + VIRT_BASE, as the notes define the image's place. */
static int find_segments(const struct file *f, const struct ehdr *e, uint64_t shift, struct elf_kernel *k)
{
	k->virt_start = ELF_UNSET;
	for (unsigned i = 0; i < e->phnum; i++) {
		struct phdr p;
		uint64_t va, end;

		read_at(f, e->phoff + i * sizeof(p), &p, sizeof(p));
		if (p.type != PT_LOAD || !p.memsz)
			continue;
		if (k->nr_segments == ELF_MAX_SEGMENTS)
			return bad(k, "too many loadable segments");
		if (!inside(f, p.offset, p.filesz) || p.filesz > p.memsz)
			return bad(k, "a loadable segment lies outside the file");
		va = p.paddr + shift;
		if (va < k->virt_base || __builtin_add_overflow(va, p.memsz, &end))
			return bad(k, "a loadable segment lies below VIRT_BASE or wraps around");
		k->segment[k->nr_segments].va = va;
		k->segment[k->nr_segments].file_off = p.offset;
		k->segment[k->nr_segments].file_size = p.filesz;
		k->segment[k->nr_segments++].mem_size = p.memsz;
		k->virt_start = MIN(k->virt_start, va);
		k->virt_end = MAX(k->virt_end, end);
	}
	return k->nr_segments ? 0 : bad(k, "no loadable segment");
}

static int check_notes(const struct notes *t, struct elf_kernel *k)
{
	if (!t->any)
		return bad(k, "no Xen notes: not a PV kernel");
	if (t->wrong_version)
		return bad(k, "note XEN_VERSION is not xen-3.0");
	if (t->wrong_loader)
		return bad(k, "note LOADER is not generic");
	if (t->wrong_features)
		return bad(k, "note FEATURES requires what no PV guest gets");
	if (t->supported != ELF_UNSET && !(t->supported & BIT(XENFEAT_dom0)))
		return bad(k, "note SUPPORTED_FEATURES: not able to run as control domain");
	if (t->paddr_offset != ELF_UNSET && t->virt_base == ELF_UNSET)
		return bad(k, "note PADDR_OFFSET without VIRT_BASE");
	return 0;
}

static int check_place(struct elf_kernel *k)
{
	if (!is_canonical(k->virt_base) || !is_canonical(k->virt_end - 1) ||
	    (int64_t)(k->virt_base ^ (k->virt_end - 1)) < 0)
		return bad(k, "the image's addresses are not canonical");
	if (k->virt_base < HV_VIRT_END && k->virt_end > HV_VIRT_START)
		return bad(k, "the image overlaps the hypervisor");
	if (k->virt_base & ~PAGE_MASK)
		return bad(k, "note VIRT_BASE is not page-aligned");
	if (k->virt_entry < k->virt_start || k->virt_entry >= k->virt_end)
		return bad(k, "the entry point lies outside the image");
	if (k->hypercall_page != ELF_UNSET &&
	    (k->hypercall_page & ~PAGE_MASK || k->hypercall_page < k->virt_start ||
	     k->hypercall_page >= k->virt_end))
		return bad(k, "the hypercall page lies outside the image");
	if (k->init_p2m != ELF_UNSET && (k->init_p2m & ~PAGE_MASK || !is_canonical(k->init_p2m)))
		return bad(k, "note INIT_P2M is not a page's address");
	return 0;
}

int elf_parse(const void *image, uint64_t len, struct elf_kernel *k)
{
	struct file f = { image, len };
	struct notes t;
	struct ehdr e;
	uint64_t offset;
	int rc;

	memset(k, 0, sizeof(*k));
	memset(&t, 0xff, sizeof(t));
	t.wrong_version = t.wrong_loader = t.wrong_features = t.any = false;
	if (!read_at(&f, 0, &e, sizeof(e)) || memcmp(e.ident, "\x7f" "ELF", 4))
		return bad(k, "not an ELF file");
	if (e.ident[4] != 2 || e.ident[5] != 1 || e.machine != EM_X86_64)
		return bad(k, "not a 64-bit x86 ELF file");
	if (e.phentsize != sizeof(struct phdr) || !e.phnum || e.phnum > MAX_HEADERS ||
	    !inside(&f, e.phoff, e.phnum * sizeof(struct phdr)))
		return bad(k, "the program headers are damaged");
	rc = find_notes(&f, &e, &t, k);
	if (!rc)
		rc = check_notes(&t, k);
	if (rc)
		return rc;
	k->virt_base = t.virt_base == ELF_UNSET ? 0 : t.virt_base;
	offset = t.paddr_offset == ELF_UNSET ? 0 : t.paddr_offset;
	k->virt_entry = t.entry == ELF_UNSET ? e.entry : t.entry;
	k->hypercall_page = t.hypercall_page;
	k->init_p2m = t.init_p2m;
	k->mod_start_pfn = t.mod_start_pfn != ELF_UNSET && t.mod_start_pfn;
	rc = find_segments(&f, &e, k->virt_base - offset, k);
	return rc ? rc : check_place(k);
}
