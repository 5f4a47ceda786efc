# SPDX-License-Identifier: MIT
#
# The control domain's store, console, shell and power-off on the host, under sanitizers: one
# program of the tests here and the real sources, over a small stand-in for os.h; and the two sides of a split device.
STORE_TEST := $(B)/tests/unit/store/store-test
STORE_TEST_SRC := $(wildcard tests/unit/store/*.c) $(wildcard dom0-tools/xenstore/*.c) \
	$(wildcard dom0-tools/console/*.c) $(wildcard dom0-tools/shell/*.c) dom0-tools/power/acpi.c $(wildcard drivers/backend/bus/*.c)
STORE_TEST_OBJ := $(STORE_TEST_SRC:%=$(B)/host/%.o)
# tests/unit/tools has the rule for these.
STORE_TEST_CTL := $(addprefix $(B)/host/dom0-tools/ctl/,device.c.o err.c.o)
STORE_TEST_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer -D__XEN_TOOLS__ \
	-D_GNU_SOURCE -Iinclude/public -Idom0-tools -Idrivers/backend

$(STORE_TEST_OBJ): $(B)/host/%.c.o: %.c
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(STORE_TEST_CFLAGS) -MMD -MP -c -o $@ $<

$(STORE_TEST): $(STORE_TEST_OBJ) $(STORE_TEST_CTL)
	$(call say,HOSTLD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -fsanitize=address,undefined -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc \
		-Wl,--wrap=xs_read_watch,--wrap=xs_call -o $@ $^ -lcmocka -lpthread

UNIT_TESTS += $(STORE_TEST)

.PHONY: test-unit-store
test-unit-store: $(STORE_TEST)
	$(Q)$(STORE_TEST)
