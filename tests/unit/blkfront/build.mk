# SPDX-License-Identifier: MIT
#
# The block frontend on the host, under sanitizers: the real sources over a fake kit.
BLKFRONT_UNIT := $(B)/tests/unit/blkfront/blkfront-test
BLKFRONT_UNIT_SRC := $(wildcard tests/unit/blkfront/*.c) tests/unit/net/store.c \
	$(addprefix drivers/frontend/blk/,connect.c ring.c data.c transfer.c) guest-pv/kit/xenbus_node.c
BLKFRONT_UNIT_OBJ := $(BLKFRONT_UNIT_SRC:%=$(B)/host-blkfront/%.o)

$(BLKFRONT_UNIT_OBJ): $(B)/host-blkfront/%.c.o: %.c
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(BLK_UNIT_CFLAGS) -Iguest-pv -Idrivers -iquote tests/unit/blkfront -iquote tests/unit/net -MMD -MP -c -o $@ $<

$(BLKFRONT_UNIT): $(BLKFRONT_UNIT_OBJ)
	$(call say,HOSTLD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -fsanitize=address,undefined -o $@ $^ -lcmocka

UNIT_TESTS += $(BLKFRONT_UNIT)
