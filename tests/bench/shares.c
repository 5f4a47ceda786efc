/* SPDX-License-Identifier: MIT */
/*
 * A plugin of QEMU's that counts executed instructions, those of the hypervisor's address range apart from all others. A program
 * marks the ends of what it measures with a no-op of its own, `nopl MARK(%rax)`; at each the two counts so far are
 * written to the file that the argument marks=PATH names, one line a mark.
 *
 * Counted are the instructions of each block of code when it is entered: one that faults in the middle of a block is off
 * by the rest of it. A repeated string instruction counts once an iteration, as under -icount.
 *
 * QEMU's package brings no header for plugins; what is used of its interface, version 1, is declared here.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define HYPERVISOR_BEGIN 0xffff800000000000ULL
#define HYPERVISOR_END 0xffff880000000000ULL

struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { INLINE_ADD_U64 = 0, NO_REGISTERS = 0 };
typedef void (*translate_fn)(uint64_t id, struct qemu_plugin_tb *tb);
typedef void (*execute_fn)(unsigned int cpu, void *arg);

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, translate_fn fn);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *counter, uint64_t n);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, execute_fn fn, int flags, void *arg);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

static const uint8_t mark[7] = { 0x0f, 0x1f, 0x80, 'R', 'I', 'N', 'G' };
static uint64_t inside, outside;
static FILE *out;

static void on_mark(unsigned int cpu, void *arg)
{
	(void)cpu;
	(void)arg;
	fprintf(out, "%llu %llu\n", (unsigned long long)inside, (unsigned long long)outside);
}

static void translate(uint64_t id, struct qemu_plugin_tb *tb)
{
	uint64_t va = qemu_plugin_tb_vaddr(tb);
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, va >= HYPERVISOR_BEGIN && va < HYPERVISOR_END ?
						 &inside : &outside, n);
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		if (qemu_plugin_insn_size(insn) == sizeof(mark) &&
		    !memcmp(qemu_plugin_insn_data(insn), mark, sizeof(mark)))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, NO_REGISTERS, NULL);
	}
}

__attribute__((visibility("default"))) int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "marks=", 6) || !(out = fopen(argv[0] + 6, "w"))) {
		fprintf(stderr, "shares: expected marks=PATH, a file that can be written\n");
		return -1;
	}
	setvbuf(out, NULL, _IOLBF, 0);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	return 0;
}
