# SPDX-License-Identifier: MIT
#
# Guests that misbehave, for tests/system/test_hostile.py: $(B)/hostile/<name>.elf, a file each.
HOSTILE_SRC := $(wildcard tests/hostile/*.c)
HOSTILE_ELF := $(HOSTILE_SRC:tests/hostile/%.c=$(B)/hostile/%.elf)

$(HOSTILE_SRC:%=$(B)/%.o): $(B)/%.o: % | $(LIBOS_READY)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LIBOS_CFLAGS) -MMD -MP -c -o $@ $<

$(HOSTILE_ELF): $(B)/hostile/%.elf: $(B)/tests/hostile/%.c.o $(LIBOS_LIBS)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(call libos_link,$@,$<)

ALL += $(HOSTILE_ELF)
