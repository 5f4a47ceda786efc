# SPDX-License-Identifier: MIT
#
# The guest of the block devices' system tests: $(B)/blkguest.elf.
BLK_GUEST_OBJ := $(patsubst %,$(B)/%.o,$(wildcard tests/blk/*.c))

$(BLK_GUEST_OBJ): $(B)/%.o: % | $(LIBOS_READY)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LIBOS_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/blkguest.elf: $(BLK_GUEST_OBJ) $(LIBOS_LIBS)
	$(call say,LINK,$@)
	$(Q)$(call libos_link,$@,$(BLK_GUEST_OBJ))

ALL += $(B)/blkguest.elf
