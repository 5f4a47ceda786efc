# SPDX-License-Identifier: MIT
#
# What is done about speculative execution: the decision and its application, on CPUs that are made up.
SPEC_TEST := $(B)/tests/unit/spec/spec-test
SPEC_TEST_OBJ := $(patsubst %,$(B)/spec/%.o,tests/unit/spec/test_spec.c hypervisor/x86/spec_plan.c \
	hypervisor/x86/spec_ctrl.c hypervisor/x86/patch.c)

$(SPEC_TEST_OBJ): $(B)/spec/%.c.o: %.c
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined \
		-fno-sanitize-recover=all -D__XEN_TOOLS__ -Iinclude/public -iquote hypervisor/include \
		-include tests/unit/spec/host.h -MMD -MP -c -o $@ $<

$(SPEC_TEST): $(SPEC_TEST_OBJ)
	$(call say,HOSTLD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -fsanitize=address,undefined -o $@ $^ -lcmocka

UNIT_TESTS += $(SPEC_TEST)

.PHONY: test-unit-spec
test-unit-spec: $(SPEC_TEST)
	$(Q)$(SPEC_TEST)
