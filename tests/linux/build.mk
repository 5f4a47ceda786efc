# SPDX-License-Identifier: MIT
#
# The Linux guest of the system tests: Debian's kernel as its package ships it, and a ramdisk of busybox and
# the programs here. Only the tests need it: none of it is part of ALL.
LINUX_CFLAGS := -std=gnu11 -O2 -Wall -Wextra -Werror
LINUX_STRESS_OBJ := $(patsubst %,$(B)/%.o,$(wildcard tests/linux/*.c))

$(B)/vmlinuz: scripts/fetch-linux
	$(call say,FETCH,$@)
	$(Q)scripts/fetch-linux linux-image-cloud-amd64 $@

# The one that can be the control domain.
$(B)/vmlinuz-dom0: scripts/fetch-linux
	$(call say,FETCH,$@)
	$(Q)scripts/fetch-linux linux-image-amd64 $@

$(LINUX_STRESS_OBJ): $(B)/%.o: %
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LINUX_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/linux/stress: $(LINUX_STRESS_OBJ)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) -static -pthread -s -o $@ $^

$(B)/linux/stream: tests/linux/stream/stream.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LINUX_CFLAGS) -static -s -o $@ $<

$(B)/linux/compat: tests/linux/compat.asm
	$(call say,NASM,$@)
	$(Q)mkdir -p $(@D) && $(NASM) -f elf32 -o $@.o $< && $(LD) -m elf_i386 -s -o $@ $@.o

# The kernel's own drivers for the devices that our backends serve, for the tests to insert.
LINUX_MODULES := xen-blkfront.ko xen-netfront.ko xen-blkback.ko brd.ko

$(B)/linux.cpio.gz: $(B)/linux/stress $(B)/linux/stream $(B)/linux/compat tests/linux/init /bin/busybox $(B)/vmlinuz
	$(call say,CPIO,$@)
	$(Q)rm -rf $(B)/linux/root && mkdir -p $(B)/linux/root/bin $(B)/linux/root/lib/modules
	$(Q)cp $(filter-out tests/linux/init $(B)/vmlinuz,$^) $(B)/linux/root/bin/ && cp tests/linux/init $(B)/linux/root/
	$(Q)cp $$(find $(B)/vmlinuz.package/lib/modules -false $(LINUX_MODULES:%=-o -name %)) $(B)/linux/root/lib/modules/
	$(Q)cd $(B)/linux/root && find . | LC_ALL=C sort | cpio --quiet -R 0:0 -o -H newc | gzip -n >../../linux.cpio.gz

# Linux as control domain needs its drivers for the machine's devices.
DOM0_MODULES := virtio.ko virtio_ring.ko virtio_pci.ko virtio_pci_modern_dev.ko virtio_pci_legacy_dev.ko virtio_blk.ko \
	virtio_net.ko net_failover.ko failover.ko

$(B)/linux-dom0.cpio.gz: tests/linux/dom0-init /bin/busybox $(B)/vmlinuz-dom0
	$(call say,CPIO,$@)
	$(Q)rm -rf $(B)/linux/dom0 && mkdir -p $(B)/linux/dom0/bin $(B)/linux/dom0/lib/modules
	$(Q)cp /bin/busybox $(B)/linux/dom0/bin/ && cp tests/linux/dom0-init $(B)/linux/dom0/init
	$(Q)cp $$(find $(B)/vmlinuz-dom0.package/lib/modules -false $(DOM0_MODULES:%=-o -name %)) \
		$(B)/linux/dom0/lib/modules/
	$(Q)cd $(B)/linux/dom0 && find . | LC_ALL=C sort | cpio --quiet -R 0:0 -o -H newc | gzip -n >../../linux-dom0.cpio.gz

TEST_NEEDS += $(B)/vmlinuz $(B)/linux.cpio.gz $(B)/vmlinuz-dom0 $(B)/linux-dom0.cpio.gz
