# SPDX-License-Identifier: MIT
#
# The control domain: every source under dom0-tools, and the backends, on the library OS, with the
# unpacker of kernels, and the initrd that it finds its files in.

TOOLS_SRC := $(sort $(wildcard dom0-tools/*.c dom0-tools/*/*.c drivers/backend/*/*.c))
TOOLS_OBJ := $(TOOLS_SRC:%=$(B)/%.o)

# --- dom0.elf -------------------------------------------------------------------------------------
TOOLS_CFLAGS := -D__XEN_TOOLS__ -D_GNU_SOURCE -Idom0-tools -Idrivers/backend $(UNPACK_CFLAGS)

$(TOOLS_OBJ): $(B)/%.o: % | $(LIBOS_READY)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LIBOS_CFLAGS) $(TOOLS_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/dom0.elf: $(TOOLS_OBJ) $(UNPACK_OBJ) $(LIBOS_LIBS)
	$(call say,LINK,$@)
	$(Q)$(call libos_link,$@,$(filter %.o,$^))

# --- initrd.cpio: guests to create, and their configurations ---------------------------------------
GRUB_XEN := /usr/lib/grub-xen/grub-x86_64-xen.bin
INITRD_ETC := $(sort $(wildcard dom0-tools/etc/*))

$(B)/initrd.cpio: $(B)/hello.elf $(GRUB_XEN) $(INITRD_ETC) dom0-tools/build.mk
	$(call say,CPIO,$@)
	$(Q)rm -rf $(B)/initrd && mkdir -p $(B)/initrd/boot $(B)/initrd/etc/pvctl
	$(Q)$(OBJCOPY) --strip-debug $(B)/hello.elf $(B)/initrd/boot/hello.elf
	$(Q)gzip -9nc $(B)/initrd/boot/hello.elf >$(B)/initrd/boot/hello.elf.gz
	$(Q)cp $(GRUB_XEN) $(B)/initrd/boot/
	$(Q)cp $(INITRD_ETC) $(B)/initrd/etc/pvctl/
	$(Q)find $(B)/initrd -exec touch -hd @0 {} +
	$(Q)cd $(B)/initrd && find . -mindepth 1 | LC_ALL=C sort | \
		cpio --quiet --reproducible -R 0:0 -o -H newc >../initrd.cpio

ALL += $(B)/dom0.elf $(B)/initrd.cpio
