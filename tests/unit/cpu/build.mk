# SPDX-License-Identifier: MIT
#
# What drives a CPU's own devices, on the host: the sources are the real ones, the instructions are the test's.
CPU_TESTS := $(B)/tests/unit/cpu/apic-test $(B)/tests/unit/cpu/calibrate-test
CPU_TEST_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-builtin -D__XEN_TOOLS__ -Iinclude/public -iquote hypervisor/include -include tests/unit/cpu/host.h -MMD -MP

$(B)/host-cpu/%.c.o: %.c
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(CPU_TEST_CFLAGS) -c -o $@ $<

$(B)/tests/unit/cpu/apic-test: $(B)/host-cpu/tests/unit/cpu/test_apic.c.o $(B)/host-cpu/hypervisor/x86/apic.c.o
$(B)/tests/unit/cpu/calibrate-test: $(B)/host-cpu/tests/unit/cpu/test_calibrate.c.o \
	$(B)/host-cpu/hypervisor/sched/calibrate.c.o
$(CPU_TESTS):
	$(call say,HOSTLD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -fsanitize=address,undefined -o $@ $^ -lcmocka

UNIT_TESTS += $(CPU_TESTS)
