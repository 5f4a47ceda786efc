# SPDX-License-Identifier: MIT
#
# The block layer and the block backend on the host, under sanitizers: the real sources over a fake guest and a fake
# disk (fake.c).
BLK_UNIT_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -D_GNU_SOURCE -D__XEN_INTERFACE_VERSION__=0x00040e00 -Iinclude/public

BLK_UNIT := $(B)/tests/unit/blk/blk-test
BLK_SRC := $(addprefix dom0-tools/block/,queue.c line.c device.c partition.c ram.c file.c) \
	$(addprefix drivers/backend/blk/,ring.c grants.c worker.c transfer.c)
BLK_UNIT_SRC := $(wildcard tests/unit/blk/*.c) $(BLK_SRC)
BLK_UNIT_OBJ := $(BLK_UNIT_SRC:%=$(B)/host/%.o)

$(BLK_UNIT_OBJ): $(B)/host/%.c.o: %.c
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(BLK_UNIT_CFLAGS) -D__XEN_TOOLS__ -Idom0-tools -Idrivers/backend -MMD -MP -c -o $@ $<

$(BLK_UNIT): $(BLK_UNIT_OBJ)
	$(call say,HOSTLD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -fsanitize=address,undefined -Wl,--wrap=blk_ring_take -o $@ $^ -lcmocka

UNIT_TESTS += $(BLK_UNIT)
