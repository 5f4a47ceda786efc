# SPDX-License-Identifier: MIT
#
# The control library, the domain builder and pvctl's parsers on the host, under sanitizers: one
# program of the tests here and the real sources, over a stand-in for the hypervisor (fake_*.c).
TOOLS_TEST := $(B)/tests/unit/tools/tools-test
TOOLS_TEST_SRC := $(wildcard tests/unit/tools/*.c) $(wildcard dom0-tools/builder/*.c) $(UNPACK_SRC) \
	$(wildcard dom0-tools/ctl/*.c) \
	$(addprefix dom0-tools/pvctl/,cfg.c cfg_lex.c disk_cfg.c domain_cfg.c format.c handshake.c lifecycle.c opts.c vif_cfg.c) \
	dom0-tools/net/rules_text.c
TOOLS_TEST_OBJ := $(TOOLS_TEST_SRC:%=$(B)/host/%.o)
# tests/unit/store has the rule for it.
TOOLS_TEST_STORE := $(B)/host/dom0-tools/xenstore/xs_update.c.o
# What the tests compress with; LZ4's expanding half has the other one in the same file.
TOOLS_TEST_ZLIB := $(addprefix $(B)/host/zlib/,deflate.c.o trees.c.o)
TOOLS_TEST_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer -D__XEN_TOOLS__ -D_GNU_SOURCE \
	-Iinclude/public -Idom0-tools $(UNPACK_CFLAGS) $(CODEC_CFLAGS)

$(TOOLS_TEST_OBJ): $(B)/host/%.c.o: %.c | $(CODEC_READY)
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(TOOLS_TEST_CFLAGS) -MMD -MP -c -o $@ $<

$(TOOLS_TEST_ZLIB): $(B)/host/zlib/%.o: $(B)/src/zlib/zlib.h
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D) && $(CC) -O2 -w -c -o $@ $(B)/src/zlib/$*

$(TOOLS_TEST): $(TOOLS_TEST_OBJ) $(TOOLS_TEST_STORE) $(TOOLS_TEST_ZLIB) $(CODEC_HOST_OBJ)
	$(call say,HOSTLD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -fsanitize=address,undefined -o $@ $^ -lcmocka

UNIT_TESTS += $(TOOLS_TEST)

.PHONY: test-unit-tools
test-unit-tools: $(TOOLS_TEST)
	$(Q)$(TOOLS_TEST)
