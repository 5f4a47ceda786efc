# SPDX-License-Identifier: MIT
#
# The kit's and the library OS's parsers and tables on the host, under sanitizers: the real sources over
# a fake system (fake.c).
GUEST_UNIT := $(B)/tests/unit/guest/guest-test
GUEST_UNIT_SRC := $(wildcard tests/unit/guest/*.c) \
	$(addprefix guest-pv/,kit/ring.c kit/xenbus.c kit/xenbus_node.c libos/rangemap.c libos/files.c libos/initrd.c) \
	dom0-tools/os/libos_evtchn.c
GUEST_UNIT_OBJ := $(GUEST_UNIT_SRC:%=$(B)/host/%.o)
GUEST_UNIT_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer -D__XEN_INTERFACE_VERSION__=0x00040e00 \
	-D__XEN_TOOLS__ -Iinclude/public -Iguest-pv -Idom0-tools -iquote guest-pv/libos -idirafter guest-pv/libos/include

$(GUEST_UNIT_OBJ): $(B)/host/%.c.o: %.c
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(GUEST_UNIT_CFLAGS) -MMD -MP -c -o $@ $<

$(GUEST_UNIT): $(GUEST_UNIT_OBJ)
	$(call say,HOSTLD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -fsanitize=address,undefined -o $@ $^ -lcmocka

UNIT_TESTS += $(GUEST_UNIT)
