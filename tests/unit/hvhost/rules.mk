# SPDX-License-Identifier: MIT
#
# Hypervisor sources on the host, under sanitizers: $(call hv_host_test,NAME,SOURCES) makes the program of
# tests/unit/NAME out of its tests, the stand-ins here and the real sources, and `make test-unit-NAME`.
HVHOST_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer -fno-builtin -D__XEN_TOOLS__ \
	-include tests/unit/hvhost/host.h -Iinclude/public -iquote tests/unit/hvhost -iquote hypervisor/include

$(B)/hvhost/%.c.o: %.c
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(HVHOST_CFLAGS) -MMD -MP -c -o $@ $<

define hv_host_test
$(B)/tests/unit/$1/$1-test: $$(patsubst %,$$(B)/hvhost/%.o,$$(wildcard tests/unit/$1/*.c) tests/unit/hvhost/fake.c $2)
	$$(call say,HOSTLD,$$@)
	$$(Q)mkdir -p $$(@D) && $$(CC) -fsanitize=address,undefined -o $$@ $$^ -lcmocka -lpthread

UNIT_TESTS += $$(B)/tests/unit/$1/$1-test

.PHONY: test-unit-$1
test-unit-$1: $$(B)/tests/unit/$1/$1-test
	$$(Q)$$<
endef
