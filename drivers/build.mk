# SPDX-License-Identifier: MIT
#
# The split drivers. Frontends use the kit and its os.h alone: FRONT_LIB goes to whatever links the kit.
# Backends are part of the control domain's tools and are compiled with them (dom0-tools/build.mk).
FRONT_SRC := $(wildcard drivers/frontend/*/*.c)
FRONT_OBJ := $(FRONT_SRC:%=$(B)/%.o)

$(FRONT_OBJ): $(B)/%.o: %
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(KIT_CFLAGS) -Idrivers -MMD -MP -c -o $@ $<

$(FRONT_LIB): $(FRONT_OBJ)
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D) && rm -f $@ && $(AR) rcsD $@ $^
