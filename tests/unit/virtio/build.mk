# SPDX-License-Identifier: MIT
#
# The control domain's virtio queues and drivers on the host, under sanitizers: the real sources over a fake device
# (fake.c), which can lie.
VIRTIO_TEST := $(B)/tests/unit/virtio/virtio-test
VIRTIO_TEST_SRC := $(wildcard tests/unit/virtio/*.c) $(addprefix dom0-tools/virtio/,queue.c blk.c net.c net_rx.c net_tx.c)
VIRTIO_TEST_OBJ := $(VIRTIO_TEST_SRC:%=$(B)/host/%.o)
VIRTIO_TEST_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer -D__XEN_INTERFACE_VERSION__=0x00040e00 -D__XEN_TOOLS__ \
	-D_GNU_SOURCE -Iinclude/public -Iguest-pv -Idom0-tools

$(VIRTIO_TEST_OBJ): $(B)/host/%.c.o: %.c
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(VIRTIO_TEST_CFLAGS) -MMD -MP -c -o $@ $<

$(VIRTIO_TEST): $(VIRTIO_TEST_OBJ)
	$(call say,HOSTLD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -fsanitize=address,undefined -o $@ $^ -lcmocka

UNIT_TESTS += $(VIRTIO_TEST)

.PHONY: test-unit-virtio
test-unit-virtio: $(VIRTIO_TEST)
	$(Q)$(VIRTIO_TEST)
