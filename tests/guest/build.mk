# SPDX-License-Identifier: MIT
#
# Micro guests: a folder with a main.c is one. Those named here are programs on the library OS; the
# others are on the kit and lib/ alone.
LIBOS_TESTS := libos

GUEST_TESTS := $(patsubst tests/guest/%/main.c,%,$(wildcard tests/guest/*/main.c))
GUEST_TEST_LIB := $(patsubst %,$(B)/%.o,$(wildcard tests/guest/lib/*.c))

$(B)/tests/guest/%.c.o: tests/guest/%.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(KIT_CFLAGS) -Itests/guest/lib -MMD -MP -c -o $@ $<

$(LIBOS_TESTS:%=$(B)/tests/guest/%/main.c.o): $(B)/%.c.o: %.c | $(LIBOS_READY)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LIBOS_CFLAGS) -MMD -MP -c -o $@ $<

$(patsubst %,$(B)/guest/%.elf,$(filter-out $(LIBOS_TESTS),$(GUEST_TESTS))): \
		$(B)/guest/%.elf: $(B)/tests/guest/%/main.c.o $(GUEST_TEST_LIB) $(KIT_LIB) $(KIT_LDSCRIPT)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(LD) $(LIBOS_LDFLAGS) -o $@ $(filter %.o %.a,$^)

$(patsubst %,$(B)/guest/%.elf,$(filter $(LIBOS_TESTS),$(GUEST_TESTS))): \
		$(B)/guest/%.elf: $(B)/tests/guest/%/main.c.o $(LIBOS_LIBS)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(call libos_link,$@,$(filter %.o,$^))

ALL += $(GUEST_TESTS:%=$(B)/guest/%.elf)

.PHONY: test-guest
test-guest: all
	$(Q)tests/guest/run --hv '$(HV)' --build $(B)
