# SPDX-License-Identifier: MIT
#
# The guest that the system tests command: $(B)/probe.elf.
$(B)/tests/system/probe/%.c.o: tests/system/probe/%.c | $(LIBOS_READY)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LIBOS_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/probe.elf: $(B)/tests/system/probe/probe.c.o $(LIBOS_LIBS)
	$(call say,LINK,$@)
	$(Q)$(call libos_link,$@,$<)

ALL += $(B)/probe.elf
