# SPDX-License-Identifier: MIT
#
# The debug build's watch over the order of locks.
LOCK_TEST := $(B)/tests/unit/lock/lock-test
LOCK_TEST_OBJ := $(patsubst %,$(B)/lock/%.o,tests/unit/lock/test_lock.c hypervisor/debug/lock_check.c)

$(LOCK_TEST_OBJ): $(B)/lock/%.c.o: %.c
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined \
		-fno-sanitize-recover=all -iquote hypervisor/include -include tests/unit/lock/host.h -MMD -MP -c -o $@ $<

$(LOCK_TEST): $(LOCK_TEST_OBJ)
	$(call say,HOSTLD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -fsanitize=address,undefined -o $@ $^ -lcmocka

UNIT_TESTS += $(LOCK_TEST)
