# SPDX-License-Identifier: MIT
#
# Fuzzers (libFuzzer, so clang): $(B)/fuzz/<name>, one for each tests/fuzz/<name>.c with the real sources that
# read what others wrote. tests/fuzz/run runs them all for a while; `make fuzz` for longer.
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FUZZ_CC := clang-14
FUZZ_CFLAGS := -std=gnu11 -O1 -g -w -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -D__XEN_TOOLS__ -D_GNU_SOURCE -Iinclude/public
FUZZ_TOOLS_CFLAGS = $(FUZZ_CFLAGS) -Idom0-tools -Itests/unit/store $(UNPACK_CFLAGS) $(CODEC_CFLAGS)
FUZZ_HV_CFLAGS := $(FUZZ_CFLAGS) -fno-builtin -include tests/unit/hvhost/host.h -iquote hypervisor/include

FUZZ_KIT_CFLAGS := $(FUZZ_CFLAGS) -Iguest-pv -Idom0-tools -D__XEN_INTERFACE_VERSION__=0x00040e00

fuzz_src_config := $(addprefix dom0-tools/,pvctl/cfg.c pvctl/cfg_lex.c pvctl/domain_cfg.c pvctl/disk_cfg.c pvctl/vif_cfg.c net/rules_text.c) \
	$(addprefix dom0-tools/ctl/,disk.c mac.c cpuset.c err.c domain_config.c)
fuzz_src_kernel := $(wildcard dom0-tools/builder/elf.c dom0-tools/builder/notes*.c) $(UNPACK_SRC) \
	$(addprefix dom0-tools/,builder/image.c ctl/err.c)
fuzz_src_dom0 := $(UNPACK_SRC) hypervisor/domain/elf.c
fuzz_src_store := $(wildcard dom0-tools/xenstore/*.c) tests/unit/store/fixture.c tests/unit/store/host_os.c
fuzz_src_hypercalls := tests/unit/model/machine.c $(wildcard hypervisor/grant/*.c) \
	$(addprefix hypervisor/mm/,audit.c audit_grants.c base_ptr.c domain_pages.c frame_type.c grant_map.c l1tf.c mmu_update.c \
	mmuext.c pt_update.c pt_validate.c)
fuzz_src_boot := $(addprefix hypervisor/boot/,acpi.c multiboot.c)
fuzz_src_console := dom0-tools/console/pvring.c guest-pv/kit/ring.c
fuzz_src_client := guest-pv/kit/ring.c
fuzz_flags_boot := $$(FUZZ_HV_CFLAGS)
fuzz_flags_console := $$(FUZZ_KIT_CFLAGS)
fuzz_flags_client := $$(FUZZ_KIT_CFLAGS)
fuzz_src_blkring := tests/unit/blk/fake.c $(addprefix dom0-tools/block/,queue.c line.c device.c partition.c ram.c file.c) \
	$(addprefix drivers/backend/blk/,ring.c grants.c worker.c transfer.c)
fuzz_src_partitions := $(fuzz_src_blkring)
fuzz_src_packet := tests/unit/net/world.c \
	$(addprefix dom0-tools/net/,fdb.c offload.c packet.c parse.c rules.c rules_port.c rules_text.c switch.c)
fuzz_src_netback := $(fuzz_src_packet) $(addprefix drivers/backend/,bus/complain.c net/mcast.c net/ring.c net/rx.c net/rx_copy.c net/rx_map.c net/tx.c)
fuzz_src_netfront := tests/unit/net/world.c tests/unit/net/store.c guest-pv/kit/xenbus_node.c \
	$(addprefix drivers/frontend/net/,connect.c netfront.c rx.c tx.c)
fuzz_src_blkfront := tests/unit/blkfront/kit.c $(addprefix drivers/frontend/blk/,ring.c data.c transfer.c)
fuzz_flags_config := $$(FUZZ_TOOLS_CFLAGS)
fuzz_flags_kernel := $$(FUZZ_TOOLS_CFLAGS)
fuzz_flags_dom0 := $$(FUZZ_TOOLS_CFLAGS) -iquote hypervisor/include
fuzz_flags_store := $$(FUZZ_TOOLS_CFLAGS)
fuzz_flags_hypercalls := $$(FUZZ_HV_CFLAGS) -iquote tests/unit/model
fuzz_flags_blkring := $$(FUZZ_CFLAGS) -D__XEN_INTERFACE_VERSION__=0x00040e00 -Idom0-tools -Idrivers/backend -Itests/unit/blk
fuzz_flags_partitions := $(fuzz_flags_blkring)
fuzz_flags_packet := $$(FUZZ_KIT_CFLAGS) -Idrivers $(addprefix -iquote ,tests/unit/net drivers/backend/net drivers/frontend/net)
fuzz_flags_netback := $(fuzz_flags_packet)
fuzz_flags_netfront := $(fuzz_flags_packet)
fuzz_flags_blkfront := $$(FUZZ_KIT_CFLAGS) -Idrivers -iquote tests/unit/blkfront

# $(call fuzzer,NAME)
define fuzzer
$(B)/fuzz/$1.o/%.c.o: %.c | $$(CODEC_READY)
	$$(call say,FUZZCC,$$@)
	$$(Q)mkdir -p $$(@D) && $$(FUZZ_CC) $(fuzz_flags_$1) -MMD -MP -c -o $$@ $$<

$(B)/fuzz/$1: $(patsubst %,$(B)/fuzz/$1.o/%.o,tests/fuzz/$1.c $(fuzz_src_$1)) \
		$(if $(filter kernel dom0,$1),$$(CODEC_HOST_OBJ))
	$$(call say,LINK,$$@)
	$$(Q)$$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $$@ $$^ $(if $(filter store packet net% blkfront,$1),-lcmocka -lpthread)
endef
$(foreach f,$(FUZZERS),$(eval $(call fuzzer,$f)))

.PHONY: fuzzers fuzz mutate
fuzzers: $(FUZZERS:%=$(B)/fuzz/%)
TEST_NEEDS += fuzzers

fuzz: all fuzzers
	$(Q)tests/fuzz/run --seconds 600

# Plants defects, one at a time, and says which of them no test notices.
mutate: all
	$(Q)tests/mutate/run
