# SPDX-License-Identifier: MIT
#
# Micro guests: a folder with a main.c is one. Most stand on the kit and lib/; those named here are
# programs on the library OS, or bring all they need besides the kit themselves.
LIBOS_TESTS := libos
BARE_TESTS := port

GUEST_TESTS := $(patsubst tests/guest/%/main.c,%,$(wildcard tests/guest/*/main.c))
GUEST_TEST_LIB := $(patsubst %,$(B)/%.o,$(wildcard tests/guest/lib/*.c))
# The control domain's drivers, as far as the kit is all they need, for the guests that try them.
DRIVER_TESTS := msistorm pci
GUEST_TEST_DRIVERS := $(patsubst %,$(B)/tests/guest/%.o,\
	dom0-tools/pci/config.c dom0-tools/pci/irq.c dom0-tools/virtio/queue.c dom0-tools/virtio/transport.c)

# $(call guest_test_objects,NAME)
guest_test_objects = $(patsubst %,$(B)/%.o,$(wildcard tests/guest/$1/*.c))

$(B)/tests/guest/%.c.o: tests/guest/%.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(KIT_CFLAGS) -Itests/guest/lib -Idom0-tools -MMD -MP -c -o $@ $<

$(GUEST_TEST_DRIVERS): $(B)/tests/guest/%.o: %
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(KIT_CFLAGS) -Idom0-tools -MMD -MP -c -o $@ $<

$(foreach t,$(LIBOS_TESTS),$(call guest_test_objects,$t)): $(B)/%.c.o: %.c | $(LIBOS_READY)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LIBOS_CFLAGS) -MMD -MP -c -o $@ $<

define guest_test
$(B)/guest/$1.elf: $(call guest_test_objects,$1) $(if $(filter $1,$(BARE_TESTS)),,$(GUEST_TEST_LIB)) \
		$(if $(filter $1,$(DRIVER_TESTS)),$(GUEST_TEST_DRIVERS)) $(KIT_LIB) $(KIT_LDSCRIPT)
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D) && $(LD) $(LIBOS_LDFLAGS) -o $$@ $$(filter %.o %.a,$$^)
endef

define libos_test
$(B)/guest/$1.elf: $(call guest_test_objects,$1) $(LIBOS_LIBS)
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D) && $$(call libos_link,$$@,$$(filter %.o,$$^))
endef

$(foreach t,$(filter-out $(LIBOS_TESTS),$(GUEST_TESTS)),$(eval $(call guest_test,$t)))
$(foreach t,$(LIBOS_TESTS),$(eval $(call libos_test,$t)))

ALL += $(GUEST_TESTS:%=$(B)/guest/%.elf)

.PHONY: test-guest
test-guest: all
	$(Q)tests/guest/run --hv '$(HV)' --build $(B)
