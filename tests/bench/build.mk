# SPDX-License-Identifier: MIT
#
# What only the measurements need; no part of ALL. First a plugin of QEMU's.
$(B)/shares.so: tests/bench/shares.c
	$(call say,HOSTLD,$@)
	$(Q)$(CC) -std=gnu11 -O2 -Wall -Wextra -Werror -fPIC -shared -fvisibility=hidden -o $@ $<

# The bare machine's image (native/): a loader takes 32-bit images only. It measures with pvbench's own code.
native_dir := $(B)/tests/bench/native
native_objs := $(patsubst %,$(B)/%.o,tests/bench/native/head.asm $(wildcard tests/bench/native/*.c) \
	$(addprefix guest-pv/apps/pvbench/,measure.c sample.asm loops.asm))

$(native_dir)/%.asm.o: tests/bench/native/%.asm
	$(call say,NASM,$@)
	$(Q)mkdir -p $(@D) && $(NASM) -f elf64 -w+all -MD $(@:.o=.d) -MP -o $@ $<

$(native_dir)/%.c.o: tests/bench/native/%.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(KIT_CFLAGS) -Iguest-pv/apps/pvbench -MMD -MP -c -o $@ $<

$(B)/native.elf: $(native_objs)
	$(call say,LINK,$@)
	$(Q)$(LD) -m elf_x86_64 -nostdlib -static -z noexecstack --build-id=none \
		-N --no-warn-rwx-segments -e start -Ttext=0x100000 -o $(native_dir)/native.elf $^
	$(Q)$(OBJCOPY) -O elf32-i386 -S $(native_dir)/native.elf $@
TEST_NEEDS += $(B)/native.elf
