# SPDX-License-Identifier: MIT
#
# Micro guests: a folder with a main.c is one. Most stand on the kit and lib/; those named here are
# programs on the library OS, or bring all they need besides the kit themselves.
LIBOS_TESTS := libos
BARE_TESTS := port

GUEST_TESTS := $(patsubst tests/guest/%/main.c,%,$(wildcard tests/guest/*/main.c))
GUEST_TEST_LIB := $(patsubst %,$(B)/%.o,$(wildcard tests/guest/lib/*.c))

# $(call guest_test_objects,NAME)
guest_test_objects = $(patsubst %,$(B)/%.o,$(wildcard tests/guest/$1/*.c))

$(B)/tests/guest/%.c.o: tests/guest/%.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(KIT_CFLAGS) -Itests/guest/lib -MMD -MP -c -o $@ $<

$(foreach t,$(LIBOS_TESTS),$(call guest_test_objects,$t)): $(B)/%.c.o: %.c | $(LIBOS_READY)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LIBOS_CFLAGS) -MMD -MP -c -o $@ $<

# What a test is linked with besides its own objects.
guest_test_base = $(if $(filter $1,$(LIBOS_TESTS)),$(LIBOS_LIBS),$(if $(filter $1,$(BARE_TESTS)),,\
	$(GUEST_TEST_LIB)) $(KIT_LIB) $(KIT_LDSCRIPT))

define guest_test
$(B)/guest/$1.elf: $(call guest_test_objects,$1) $(call guest_test_base,$1)
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D) && $(LD) $(LIBOS_LDFLAGS) -o $$@ $$(filter %.o,$$^) \
		--start-group $$(filter %.a,$$^) --end-group
endef
$(foreach t,$(GUEST_TESTS),$(eval $(call guest_test,$t)))

ALL += $(GUEST_TESTS:%=$(B)/guest/%.elf)

.PHONY: test-guest
test-guest: all
	$(Q)tests/guest/run --hv '$(HV)' --build $(B)
