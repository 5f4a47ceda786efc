# SPDX-License-Identifier: MIT
#
# The switch, the firewall, and both network drivers on the host, under sanitizers: the real sources over a
# world of fake guests (world.c), with tests that play the other side of each ring.
NET_UNIT := $(B)/tests/unit/net/net-test
NET_UNIT_SRC := $(wildcard tests/unit/net/*.c) \
	$(addprefix dom0-tools/net/,fdb.c offload.c packet.c parse.c rules.c rules_port.c rules_text.c service.c switch.c) \
	$(addprefix drivers/backend/,bus/complain.c net/mcast.c net/ring.c net/rx.c net/rx_copy.c net/rx_map.c net/tx.c) \
	$(addprefix drivers/frontend/net/,connect.c netfront.c rx.c tx.c) guest-pv/kit/xenbus_node.c
NET_UNIT_OBJ := $(NET_UNIT_SRC:%=$(B)/host-net/%.o)
NET_UNIT_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -D__XEN_TOOLS__ -D_GNU_SOURCE -D__XEN_INTERFACE_VERSION__=0x00040e00 -Iinclude/public \
	-Iguest-pv -Idom0-tools -Idrivers -iquote drivers/backend/net -iquote drivers/frontend/net -iquote tests/unit/net

$(NET_UNIT_OBJ): $(B)/host-net/%.c.o: %.c
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(NET_UNIT_CFLAGS) -MMD -MP -c -o $@ $<

$(NET_UNIT): $(NET_UNIT_OBJ)
	$(call say,HOSTLD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -fsanitize=address,undefined -o $@ $^ -lcmocka

UNIT_TESTS += $(NET_UNIT)
