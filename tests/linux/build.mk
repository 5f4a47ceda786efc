# SPDX-License-Identifier: MIT
#
# The Linux guest of the system tests: Debian's kernel as its package ships it, and a ramdisk of busybox and
# the programs here. Only the tests need it: none of it is part of ALL.
LINUX_CFLAGS := -std=gnu11 -O2 -Wall -Wextra -Werror
LINUX_STRESS_OBJ := $(patsubst %,$(B)/%.o,$(wildcard tests/linux/*.c))

$(B)/vmlinuz: scripts/fetch-linux
	$(call say,FETCH,$@)
	$(Q)scripts/fetch-linux $@

$(LINUX_STRESS_OBJ): $(B)/%.o: %
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LINUX_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/linux/stress: $(LINUX_STRESS_OBJ)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) -static -pthread -s -o $@ $^

$(B)/linux/compat: tests/linux/compat.asm
	$(call say,NASM,$@)
	$(Q)mkdir -p $(@D) && $(NASM) -f elf32 -o $@.o $< && $(LD) -m elf_i386 -s -o $@ $@.o

# The kernel's own drivers for the devices that our backends serve, for the tests to insert.
LINUX_MODULES := xen-blkfront.ko xen-netfront.ko

$(B)/linux.cpio.gz: $(B)/linux/stress $(B)/linux/compat tests/linux/init /bin/busybox $(B)/vmlinuz
	$(call say,CPIO,$@)
	$(Q)rm -rf $(B)/linux/root && mkdir -p $(B)/linux/root/bin $(B)/linux/root/lib/modules
	$(Q)cp $(filter-out tests/linux/init $(B)/vmlinuz,$^) $(B)/linux/root/bin/ && cp tests/linux/init $(B)/linux/root/
	$(Q)cp $$(find $(B)/vmlinuz.package/lib/modules -false $(LINUX_MODULES:%=-o -name %)) $(B)/linux/root/lib/modules/
	$(Q)cd $(B)/linux/root && find . | LC_ALL=C sort | cpio --quiet -R 0:0 -o -H newc | gzip -n >../../linux.cpio.gz

TEST_NEEDS += $(B)/vmlinuz $(B)/linux.cpio.gz
