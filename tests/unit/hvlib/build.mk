# SPDX-License-Identifier: MIT
#
# The hypervisor's library and its parsers of foreign data on the host, under sanitizers: the real sources, and
# the tests here. The sources bring their own memcpy, strtoull and so on; in their objects those names
# get the prefix hv_, so that the C library's stay what the tests and sanitizers mean.
HVLIB_TEST := $(B)/tests/unit/hvlib/hvlib-test
HVLIB_SRC := $(addprefix hypervisor/,lib/string.c lib/vsnprintf.c lib/console.c boot/cmdline.c boot/acpi.c domain/elf.c x86/spec_plan.c)
HVLIB_TEST_SRC := $(wildcard tests/unit/hvlib/*.c)
HVLIB_OBJ := $(HVLIB_SRC:%=$(B)/host-hvlib/%.o)
HVLIB_TEST_OBJ := $(HVLIB_TEST_SRC:%=$(B)/host-hvlib/%.o)
HVLIB_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -fno-builtin -D__XEN_TOOLS__ -Iinclude/public -iquote hypervisor/include
HVLIB_RENAME := $(foreach f,memcpy memmove memset memcmp strlen strnlen strcmp strncmp strchr strlcpy \
	strtoull vsnprintf snprintf,--redefine-sym $(f)=hv_$(f))

$(HVLIB_OBJ): $(B)/host-hvlib/%.c.o: %.c
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(HVLIB_CFLAGS) -MMD -MP -c -o $@ $< && $(OBJCOPY) $(HVLIB_RENAME) $@

$(HVLIB_TEST_OBJ): $(B)/host-hvlib/%.c.o: %.c
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(HVLIB_CFLAGS) -MMD -MP -c -o $@ $<

$(HVLIB_TEST): $(HVLIB_OBJ) $(HVLIB_TEST_OBJ)
	$(call say,HOSTLD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -fsanitize=address,undefined -o $@ $^ -lcmocka

UNIT_TESTS += $(HVLIB_TEST)

.PHONY: test-unit-hvlib
test-unit-hvlib: $(HVLIB_TEST)
	$(Q)$(HVLIB_TEST)
