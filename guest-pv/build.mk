# SPDX-License-Identifier: MIT
#
# The kit, the library OS, the C library they carry, and the programs under apps/.
#
# For others who build programs for the library OS:
#   LIBOS_CFLAGS   to compile them          LIBOS_READY  order-only prerequisite of such an object
#   LIBOS_LDFLAGS  to link with $(LD)       LIBOS_LIBS   prerequisites and inputs of the link
#   KIT_CFLAGS, KIT_LIB                     the kit alone: no C library, no library OS
#   FRONT_LIB                               the frontends (drivers/build.mk), which need the kit alone
# A program:  $(B)/x.elf: $(objects) $(LIBOS_LIBS)
#                     $(call say,LINK,$@)
#                     $(Q)$(call libos_link,$@,$(objects))

GUEST_WARN := -Wall -Wextra -Werror
GUEST_CODE := -std=gnu11 -O2 -g -m64 -mno-red-zone -fno-pic -fno-pie -fno-stack-protector \
	-fcf-protection=none -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections
GUEST_INCLUDE := -nostdinc -isystem $(shell $(CC) -print-file-name=include) \
	-Iinclude/public -Iguest-pv -D__XEN_INTERFACE_VERSION__=0x00040e00

KIT_CFLAGS := $(GUEST_CODE) $(GUEST_WARN) $(GUEST_INCLUDE) -ffreestanding -mgeneral-regs-only
KIT_SRC := $(wildcard guest-pv/kit/*.c)
KIT_ASM := $(wildcard guest-pv/kit/*.asm)
KIT_LIB := $(B)/guest-pv/libkit.a
KIT_LDSCRIPT := guest-pv/kit/guest.lds
FRONT_LIB := $(B)/drivers/libfront.a

# --- The C library -------------------------------------------------------------------------------
# __DYNAMIC_REENT__ makes the library ask for the thread's own state, so it must be seen alike by the
# library and by all that include its headers. Only libc and libm are built, quietly.
NEWLIB := $(B)/newlib
NEWLIB_TARBALL := $(wildcard /usr/src/newlib/newlib-*.tar.*)
LIBOS_READY = $(NEWLIB)/stamp $(LWIP_HEADER)
NEWLIB_CODE := -O2 -g0 -w -mno-red-zone -fno-pic -fno-pie -fno-stack-protector -fcf-protection=none \
	-fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections -D__DYNAMIC_REENT__ \
	-DREENTRANT_SYSCALLS_PROVIDED

$(NEWLIB)/stamp: guest-pv/libos/build-newlib
	$(call say,NEWLIB,$@)
	$(Q)CC='$(CC)' AR='$(AR)' CFLAGS='$(NEWLIB_CODE)' \
		guest-pv/libos/build-newlib '$(NEWLIB_TARBALL)' $(NEWLIB)
	$(Q)touch $@

$(NEWLIB)/lib/libc.a $(NEWLIB)/lib/libm.a: $(NEWLIB)/stamp ;

include guest-pv/inet/inet.mk

# --- The library OS ------------------------------------------------------------------------------
LIBOS_CFLAGS := $(GUEST_CODE) $(GUEST_WARN) $(GUEST_INCLUDE) -Iguest-pv/libos/include -Idrivers \
	-isystem $(NEWLIB)/include -D__DYNAMIC_REENT__ -D_POSIX_TIMERS=1 -D_POSIX_MONOTONIC_CLOCK=1 \
	$(NET_CFLAGS)
LIBOS_SRC := $(wildcard guest-pv/libos/*.c)
LIBOS_ASM := $(wildcard guest-pv/libos/*.asm)
LIBOS_LIB := $(B)/guest-pv/libos.a
LIBOS_LDFLAGS := -m elf_x86_64 -nostdlib -static -z max-page-size=4096 -z noexecstack \
	--gc-sections --build-id=none -T $(KIT_LDSCRIPT)
LIBOS_LIBS := $(LIBOS_LIB) $(NET_LIB) $(FRONT_LIB) $(KIT_LIB) $(NEWLIB)/lib/libc.a $(NEWLIB)/lib/libm.a \
	$(shell $(CC) -print-libgcc-file-name) $(KIT_LDSCRIPT)
# The whole library OS goes first: the C library has defaults of its own for some of its functions (locks
# that lock nothing), and the linker takes whichever it meets first.
libos_link = $(LD) $(LIBOS_LDFLAGS) -o $1 $2 --whole-archive $(LIBOS_LIB) --no-whole-archive \
	--start-group $(filter-out $(LIBOS_LIB),$(filter %.a,$(LIBOS_LIBS))) --end-group

kit_objs := $(KIT_SRC:%=$(B)/%.o) $(KIT_ASM:%=$(B)/%.o)
libos_objs := $(LIBOS_SRC:%=$(B)/%.o) $(LIBOS_ASM:%=$(B)/%.o)

$(B)/guest-pv/kit/%.c.o: guest-pv/kit/%.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(KIT_CFLAGS) -MMD -MP -c -o $@ $<

# Code that may run inside an event must not touch vector registers it has not saved: the library
# OS itself is built without them; only the glue to the C library, which passes doubles, is not.
$(B)/guest-pv/libos/%.c.o: guest-pv/libos/%.c | $(LIBOS_READY)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LIBOS_CFLAGS) -mgeneral-regs-only -MMD -MP -c -o $@ $<

$(B)/guest-pv/%.asm.o: guest-pv/%.asm
	$(call say,NASM,$@)
	$(Q)mkdir -p $(@D) && $(NASM) -f elf64 -g -F dwarf -w+all -MD $(@:.o=.d) -MP -o $@ $<

$(B)/guest-pv/apps/%.c.o: guest-pv/apps/%.c | $(LIBOS_READY)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LIBOS_CFLAGS) -MMD -MP -c -o $@ $<

$(KIT_LIB): $(kit_objs)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcsD $@ $^

$(LIBOS_LIB): $(libos_objs)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcsD $@ $^

# --- Programs: one folder under apps/ is one guest -----------------------------------------------
GUEST_APPS := $(notdir $(wildcard guest-pv/apps/*))

define guest_app
$(B)/$1.elf: $(patsubst %,$(B)/%.o,$(wildcard guest-pv/apps/$1/*.c guest-pv/apps/$1/*.asm)) $(LIBOS_LIBS)
	$$(call say,LINK,$$@)
	$$(Q)$$(call libos_link,$$@,$$(filter %.o,$$^))
ALL += $(B)/$1.elf
endef
$(foreach app,$(GUEST_APPS),$(eval $(call guest_app,$(app))))
