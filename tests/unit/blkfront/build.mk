# SPDX-License-Identifier: MIT
#
# The block frontend on the host, under sanitizers: the real sources over a fake kit.
BLKFRONT_UNIT := $(B)/tests/unit/blkfront/blkfront-test
BLKFRONT_UNIT_SRC := $(wildcard tests/unit/blkfront/*.c) $(addprefix drivers/frontend/blk/,ring.c data.c transfer.c)
BLKFRONT_UNIT_OBJ := $(BLKFRONT_UNIT_SRC:%=$(B)/host/%.o)

$(BLKFRONT_UNIT_OBJ): $(B)/host/%.c.o: %.c
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(BLK_UNIT_CFLAGS) -Iguest-pv -Idrivers -iquote tests/unit/blkfront -MMD -MP -c -o $@ $<

$(BLKFRONT_UNIT): $(BLKFRONT_UNIT_OBJ)
	$(call say,HOSTLD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -fsanitize=address,undefined -o $@ $^ -lcmocka

UNIT_TESTS += $(BLKFRONT_UNIT)
