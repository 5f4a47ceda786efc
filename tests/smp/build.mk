# SPDX-License-Identifier: MIT
#
# Micro guests with several vcpus: as tests/guest, and lib/ here.
SMP_TESTS := $(patsubst tests/smp/%/main.c,%,$(wildcard tests/smp/*/main.c))
SMP_LIB := $(patsubst %,$(B)/%.o,$(wildcard tests/smp/lib/*.c))

$(B)/tests/smp/%.c.o: tests/smp/%.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(KIT_CFLAGS) -Itests/guest/lib -Itests/smp/lib -MMD -MP -c -o $@ $<

define smp_test
$(B)/smp/$1.elf: $(patsubst %,$(B)/%.o,$(wildcard tests/smp/$1/*.c)) $(SMP_LIB) $(GUEST_TEST_LIB) \
		$(KIT_LIB) $(KIT_LDSCRIPT)
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D) && $(LD) $(LIBOS_LDFLAGS) -o $$@ $$(filter %.o %.a,$$^)
endef

$(foreach t,$(SMP_TESTS),$(eval $(call smp_test,$t)))

ALL += $(SMP_TESTS:%=$(B)/smp/%.elf)
