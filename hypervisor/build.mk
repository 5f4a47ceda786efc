# SPDX-License-Identifier: MIT
#
# The hypervisor: build/parvus, the flat bootable image, and build/parvus.elf, the same with symbols.

HV_SRC := $(sort $(wildcard hypervisor/*/*.c))
HV_ASM := hypervisor/boot/head.asm hypervisor/boot/trampoline.asm hypervisor/x86/entry.asm hypervisor/x86/pti.asm \
	hypervisor/x86/spec.asm
HV_SRC := $(filter-out hypervisor/x86/asm_offsets.c,$(HV_SRC))
HV_SRC := $(filter-out hypervisor/debug/%,$(HV_SRC))
HV_OBJ := $(patsubst %,$(B)/%.o,$(HV_ASM) $(HV_SRC))
HV_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fno-common -fno-strict-aliasing -fno-stack-protector \
	-fpie -mcmodel=small -fvisibility=hidden -fno-plt -mno-red-zone -mgeneral-regs-only \
	-fno-asynchronous-unwind-tables -fcf-protection=none -fno-jump-tables \
	-Wall -Wextra -Werror -MMD -MP -D__XEN_TOOLS__ \
	-Iinclude/public -Ihypervisor/include -Iunpack

$(B)/hypervisor/%.c.o: hypervisor/%.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HV_CFLAGS) -include hypervisor/include/visibility.h -c -o $@ $<

# Structure offsets for the assembly come from the compiler's own output.
$(B)/hypervisor/asm_offsets.inc: hypervisor/x86/asm_offsets.c
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HV_CFLAGS) -MT $@ -MF $(@:.inc=.d) -S -o $(@:.inc=.s) $<
	$(Q)sed -n 's/^@@ \([A-Z0-9_]*\) \([0-9]*\).*/%define \1 \2/p' $(@:.inc=.s) >$@

$(B)/hypervisor/%.asm.o: hypervisor/%.asm $(B)/hypervisor/asm_offsets.inc
	$(call say,NASM,$@)
	@mkdir -p $(@D)
	$(Q)$(NASM) -f elf64 -g -F dwarf -I $(B)/hypervisor/ -I hypervisor/boot/ -I hypervisor/x86/ -MD $(@:.o=.d) -o $@ $<

$(B)/parvus.elf: $(HV_OBJ) hypervisor/boot/parvus.ld
	$(call say,LD,$@)
	$(Q)$(LD) -static -no-pie -nostdlib -z max-page-size=4096 -z noexecstack --no-warn-rwx-segments \
		-T hypervisor/boot/parvus.ld -o $@ $(filter %.o,$^)

$(B)/parvus: $(B)/parvus.elf
	$(call say,OBJCOPY,$@)
	$(Q)$(OBJCOPY) -O binary $< $@

# The same with the watch over locks and whatever else only a debug build has: build/parvus-debug.
HV_DEBUG_OBJ := $(patsubst %,$(B)/%.o,$(HV_ASM)) \
	$(patsubst %,$(B)/debug/%.o,$(filter-out unpack/%,$(HV_SRC)) $(wildcard hypervisor/debug/*.c))

$(B)/debug/hypervisor/%.c.o: hypervisor/%.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HV_CFLAGS) -DHV_DEBUG -include hypervisor/include/visibility.h -c -o $@ $<

$(B)/parvus-debug.elf: $(HV_DEBUG_OBJ) hypervisor/boot/parvus.ld
	$(call say,LD,$@)
	$(Q)$(LD) -static -no-pie -nostdlib -z max-page-size=4096 -z noexecstack --no-warn-rwx-segments \
		-T hypervisor/boot/parvus.ld -o $@ $(filter %.o,$^)

$(B)/parvus-debug: $(B)/parvus-debug.elf
	$(call say,OBJCOPY,$@)
	$(Q)$(OBJCOPY) -O binary $< $@

ALL += $(B)/parvus $(B)/parvus-debug
