# SPDX-License-Identifier: MIT
#
# The type system on the host, under sanitizers: the hypervisor's own frame_type.c, pt_validate.c and
# pt_update.c over a machine of a few frames.
MM_TEST := $(B)/tests/unit/mm/mm-test
MM_TEST_SRC := $(wildcard tests/unit/mm/*.c) $(addprefix hypervisor/mm/,frame_type.c l1tf.c pt_validate.c pt_update.c)
MM_TEST_OBJ := $(MM_TEST_SRC:%=$(B)/host/%.o)
MM_TEST_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer -D__XEN_TOOLS__ \
	-include tests/unit/mm/host_layout.h -iquote hypervisor/include -Iinclude/public

$(MM_TEST_OBJ): $(B)/host/%.c.o: %.c
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(MM_TEST_CFLAGS) -MMD -MP -c -o $@ $<

$(MM_TEST): $(MM_TEST_OBJ)
	$(call say,HOSTLD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -fsanitize=address,undefined -o $@ $^ -lcmocka -lpthread

UNIT_TESTS += $(MM_TEST)

.PHONY: test-unit-mm
test-unit-mm: $(MM_TEST)
	$(Q)$(MM_TEST)
