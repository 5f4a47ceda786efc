# SPDX-License-Identifier: MIT
#
# Guests that misbehave, for tests/system/test_hostile.py: $(B)/hostile/<name>.elf. A file here is one on the library
# OS, a folder one on the kit and the micro guests' lib/.
HOSTILE_SRC := $(wildcard tests/hostile/*.c)
HOSTILE_ELF := $(HOSTILE_SRC:tests/hostile/%.c=$(B)/hostile/%.elf)
HOSTILE_MICRO_SRC := $(wildcard tests/hostile/*/main.c)
HOSTILE_MICRO_ELF := $(HOSTILE_MICRO_SRC:tests/hostile/%/main.c=$(B)/hostile/%.elf)

$(HOSTILE_SRC:%=$(B)/%.o): $(B)/%.o: % | $(LIBOS_READY)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LIBOS_CFLAGS) -MMD -MP -c -o $@ $<

$(HOSTILE_ELF): $(B)/hostile/%.elf: $(B)/tests/hostile/%.c.o $(LIBOS_LIBS)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(call libos_link,$@,$<)

$(HOSTILE_MICRO_SRC:%=$(B)/%.o): $(B)/%.o: %
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(KIT_CFLAGS) -D__XEN_TOOLS__ -Itests/guest/lib -Itests/hostile -MMD -MP -c -o $@ $<

$(HOSTILE_MICRO_ELF): $(B)/hostile/%.elf: $(B)/tests/hostile/%/main.c.o $(GUEST_TEST_LIB) $(KIT_LIB) $(KIT_LDSCRIPT)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(LD) $(LIBOS_LDFLAGS) -o $@ $(filter %.o %.a,$^)

ALL += $(HOSTILE_ELF) $(HOSTILE_MICRO_ELF)
